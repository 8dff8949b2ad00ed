package provenlog

import "fmt"

// Code tells what kind of failure an error is. The numbers are those of plog_status and never change. A Code is an
// error itself, so that errors.Is(err, provenlog.ErrFull) works.
type Code int32

const (
	ErrInvalid     Code = 1  // an argument, an event or a filter is not acceptable; the message names it
	ErrConfig      Code = 2  // a configuration file or environment variable is broken
	ErrNotFound    Code = 3  // no such event, file or agent
	ErrIO          Code = 4  // the operating system refused
	ErrFull        Code = 5  // the journal reached its limit, or the disk is full: the event was NOT recorded
	ErrTimeout     Code = 6  // the deadline passed; what was accepted is safe in the journal
	ErrClosed      Code = 7  // the client (or rows, or redactor) was closed
	ErrBusy        Code = 8  // another process holds the ledger's lock for too long
	ErrCorrupt     Code = 9  // the file is no ledger, or is damaged
	ErrUnsupported Code = 10 // newer format, network file system, server mode
	ErrCancelled   Code = 11 // a context ended the work
	ErrNoMemory    Code = 12
	ErrInternal    Code = 13 // a defect of the library; please report it
)

// Error returns the stable name, such as "PLOG_E_FULL".
func (c Code) Error() string { return statusName(c) }

// Error is what every failing call of this package returns, unless a context ended it.
type Error struct {
	Code    Code
	Message string // one line, without the code
}

func (e *Error) Error() string { return fmt.Sprintf("provenlog: %s (%s)", e.Message, e.Code.Error()) }

// Unwrap makes errors.Is(err, ErrClosed) and the like true.
func (e *Error) Unwrap() error { return e.Code }

func failure(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
