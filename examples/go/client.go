// Package provenlog records what an agent does in a tamper-evident ledger, queries it and verifies it.
//
// Open returns a Client for a ledger file. Any number of goroutines may use it. Once Log has returned, the event survives
// the death of the process; a background thread commits it to the ledger. The package needs libprovenlog, which it finds
// with pkg-config.
package provenlog

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"sync/atomic"
	"time"
)

// Client records events into one ledger. Any goroutine may call any method at any time. After Close, methods that return
// an error return ErrClosed.
type Client struct {
	native nativeClient
	closed atomic.Bool
}

// closeTimeout limits Close, which has no context.
const closeTimeout = 5 * time.Second

// Open opens a ledger, creates it if it does not exist, and commits the events that dead processes left in their
// journals. It reads the configuration and the environment; later changes to them have no effect on this client.
func Open(options Options) (*Client, error) {
	o, err := options.native()
	if err != nil {
		return nil, err
	}
	native, err := openClient(o)
	if err != nil {
		return nil, err
	}
	c := &Client{native: native}
	// For programs that forget Close. It runs on a goroutine of its own, because Close may wait for the disk.
	runtime.SetFinalizer(c, func(c *Client) { go c.Close() })
	return c, nil
}

// Close commits all events and rejects further ones. It waits up to 5 s. If it returns ErrTimeout, the client is closed
// too, and its events stay in the journal until another process opens the ledger. Later calls do nothing and return nil.
func (c *Client) Close() error {
	if !c.closed.CompareAndSwap(false, true) {
		return nil
	}
	runtime.SetFinalizer(c, nil)
	defer c.native.release()
	return c.native.close(closeTimeout.Milliseconds())
}

// Flush waits until all events accepted before the call are committed. If ctx ends first, Flush returns ctx.Err(), and
// the events are still safe in the journal.
func (c *Client) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.native.acquire(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		defer c.native.release()
		done <- c.native.flush(-1)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Log records an event and returns its id. Fields that ctx carries (WithAgent, WithSession, WithParent, WithLabels) fill
// the fields that the event leaves empty. No value is rejected: a value that JSON cannot represent is recorded as text,
// with an entry in the event's ValidationWarnings. Log returns ErrInvalid only if the event has no agent id, and ErrFull
// if there is no space in the journal or on the disk.
func (c *Client) Log(ctx context.Context, event Event) (string, error) {
	return c.write(func(w *writer) { w.event(event.in(ctx)) })
}

// LogMap is like Log, for an event given as a map from the schema's field names to values.
func (c *Client) LogMap(ctx context.Context, event map[string]any) (string, error) {
	return c.write(func(w *writer) { w.fields(scopeOf(ctx).fill(event)) })
}

// LogJSON records an event given as a JSON object, and returns its id.
func (c *Client) LogJSON(event string) (string, error) {
	if err := c.native.acquire(); err != nil {
		return "", err
	}
	defer c.native.release()
	return c.native.logJSON(event)
}

func (c *Client) write(fill func(*writer)) (id string, err error) {
	if err := c.native.acquire(); err != nil {
		return "", err
	}
	defer c.native.release()
	event, err := c.native.beginEvent()
	if err != nil {
		return "", err
	}
	committed := false
	defer func() {
		if !committed { // fill panicked
			event.cancel()
		}
	}()
	fill(&writer{out: event})
	committed = true
	return event.commit()
}

// SetContext attaches an object to one value of a label and replaces an earlier object. The change is recorded as a
// system event.
func (c *Client) SetContext(key, value string, context map[string]any) error {
	return c.setContext(key, &value, context)
}

// SetDefaultContext is SetContext for the value that Options.Labels gives to the label. It returns ErrInvalid if
// Options.Labels does not contain the label.
func (c *Client) SetDefaultContext(key string, context map[string]any) error {
	return c.setContext(key, nil, context)
}

func (c *Client) setContext(key string, value *string, context map[string]any) error {
	if context == nil {
		context = map[string]any{}
	}
	text, err := json.Marshal(context)
	if err != nil {
		return failure(ErrInvalid, "cannot write the context as JSON: %v", err)
	}
	if err := c.native.acquire(); err != nil {
		return err
	}
	defer c.native.release()
	return c.native.setContext(key, value, string(text))
}

// Context returns the object attached to a value of a label, or ErrNotFound if there is no such object.
func (c *Client) Context(key, value string) (map[string]any, error) {
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	defer c.native.release()
	text, err := c.native.getContext(key, value)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	return object, json.Unmarshal(text, &object)
}

// DBPath returns the real path of the ledger file, or "" if the client is closed.
func (c *Client) DBPath() string {
	if c.native.acquire() != nil {
		return ""
	}
	defer c.native.release()
	return c.native.dbPath()
}

// Stats are counters since this process opened the ledger.
type Stats struct {
	Accepted     uint64 // events written to the journal
	Stored       uint64 // accepted events that are committed
	Recovered    uint64 // events of dead processes that this process committed
	Duplicates   uint64 // retries with an id that the agent has used before; such an event is stored once
	Conflicts    uint64 // duplicates with different content; the first content stays
	Dropped      uint64 // events lost because the journal was full
	Gaps         uint64 // gap events recorded, for dropped events and for gaps in adopted journals
	QueuedEvents uint64 // events in the journal that are not yet committed
	QueuedBytes  uint64 // their size in the journal
	Truncated    uint64 // events cut to MaxEventBytes
	Redactions   uint64 // markers written
	Errors       uint64 // asynchronous errors
	LastError    error  // the newest asynchronous error, or nil
}

// Stats returns the counters.
func (c *Client) Stats() (Stats, error) {
	if err := c.native.acquire(); err != nil {
		return Stats{}, err
	}
	defer c.native.release()
	return c.native.stats()
}

// NextError waits for the next asynchronous error and returns it as the first result. Such an error occurs after Log has
// returned: a commit failed (it is tried again), an event was dropped, or a retry has different content. The second
// result is set if there is no such error: ctx.Err() if ctx ended, or ErrClosed if the client is closed and all errors
// have been returned. The library keeps at most 64 errors.
func (c *Client) NextError(ctx context.Context) (*Error, error) {
	const slice = 50 // milliseconds between two checks of ctx
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	defer c.native.release()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		found, err := c.native.nextError(slice)
		var e *Error
		if errors.As(found, &e) || err != nil {
			return e, err
		}
	}
}
