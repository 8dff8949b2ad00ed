module provenlog.io/provenlog

go 1.19
