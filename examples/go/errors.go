package provenlog

import "fmt"

// Code is the kind of a failure. The numbers are those of plog_status and never change. A Code is itself an error, so
// that errors.Is(err, provenlog.ErrFull) works.
type Code int32

const (
	ErrInvalid     Code = 1  // an argument, event or filter is invalid; the message names it
	ErrConfig      Code = 2  // a configuration file, redaction rule or environment variable is invalid
	ErrNotFound    Code = 3  // there is no such event, file or agent
	ErrIO          Code = 4  // an operating system call failed
	ErrFull        Code = 5  // the journal reached its limit, or the disk is full: the event was NOT recorded
	ErrTimeout     Code = 6  // the deadline passed; accepted events are safe in the journal
	ErrClosed      Code = 7  // the client or redactor is closed
	ErrBusy        Code = 8  // another process held the ledger's lock for too long
	ErrCorrupt     Code = 9  // the file is not a ledger, or it is damaged
	ErrUnsupported Code = 10 // a newer format, a network file system, or server mode
	ErrCancelled   Code = 11 // the context ended
	ErrNoMemory    Code = 12 // out of memory
	ErrInternal    Code = 13 // a defect of the library; please report it
)

// Error returns the stable name, such as "PLOG_E_FULL".
func (c Code) Error() string { return statusName(c) }

// Error is the error type of this package. A call may also return ctx.Err() if its context has ended.
type Error struct {
	Code    Code
	Message string // one line, without the code
}

func (e *Error) Error() string { return fmt.Sprintf("provenlog: %s (%s)", e.Message, e.Code.Error()) }

// Unwrap returns the Code, for errors.Is(err, ErrClosed) and the like.
func (e *Error) Unwrap() error { return e.Code }

func failure(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
