package provenlog

import (
	"encoding/json"
	"runtime"
	"sync/atomic"
)

// Rule is a redaction rule in addition to the built-in detectors. The pattern uses RE2 syntax.
type Rule struct {
	Name    string `json:"name"`
	Pattern string `json:"pattern"`
	Replace string `json:"replace"`
}

// Redactor redacts text without a ledger. Any goroutine may use it at any time.
type Redactor struct {
	native nativeRedactor
	closed atomic.Bool
}

// NewRedactor returns a redactor with the built-in detectors and these rules. It returns ErrConfig if a rule is invalid.
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
	runtime.SetFinalizer(r, func(r *Redactor) { r.Close() }) // for programs that forget Close
	return r, nil
}

// Redact replaces every match by its marker and returns the text and the number of matches.
func (r *Redactor) Redact(text string) (redacted string, count int, err error) {
	if err := r.native.acquire(); err != nil {
		return "", 0, err
	}
	defer r.native.release()
	return r.native.redact(text)
}

// Close frees the redactor. It may be called more than once and always returns nil.
func (r *Redactor) Close() error {
	if r.closed.CompareAndSwap(false, true) {
		runtime.SetFinalizer(r, nil)
		r.native.release()
	}
	return nil
}
