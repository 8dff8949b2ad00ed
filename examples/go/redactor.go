package provenlog

import (
	"encoding/json"
	"runtime"
	"sync/atomic"
)

// Rule is a redaction rule besides the built-in ones. Patterns are RE2.
type Rule struct {
	Name    string `json:"name"`
	Pattern string `json:"pattern"`
	Replace string `json:"replace"`
}

// Redactor is the redaction engine by itself. Any goroutine may use it at any time.
type Redactor struct {
	native nativeRedactor
	closed atomic.Bool
}

// NewRedactor makes a redactor of the built-in patterns and these rules.
func NewRedactor(rules ...Rule) (*Redactor, error) {
	text := ""
	if len(rules) > 0 {
		marshalled, err := json.Marshal(rules)
		if err != nil {
			return nil, err
		}
		text = string(marshalled)
	}
	native, err := openRedactor(text)
	if err != nil {
		return nil, err
	}
	r := &Redactor{native: native}
	runtime.SetFinalizer(r, func(r *Redactor) { r.Close() }) // only for programs that forget Close
	return r, nil
}

// Redact replaces every hit by its marker, and counts them.
func (r *Redactor) Redact(text string) (redacted string, count int, err error) {
	if err := r.native.acquire(); err != nil {
		return "", 0, err
	}
	defer r.native.release()
	return r.native.redact(text)
}

// Close frees the redactor. Closing twice is no error.
func (r *Redactor) Close() error {
	if r.closed.CompareAndSwap(false, true) {
		runtime.SetFinalizer(r, nil)
		r.native.release()
	}
	return nil
}
