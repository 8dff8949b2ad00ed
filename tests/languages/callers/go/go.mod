module caller

go 1.19

require provenlog.io/provenlog v0.0.0

replace provenlog.io/provenlog => ../../../../examples/go
