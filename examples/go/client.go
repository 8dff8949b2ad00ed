// Package provenlog records what an agent does in a tamper-evident ledger, queries it and verifies it.
//
// A Client is opened on a ledger file and used by any number of goroutines. An event that Log has accepted survives the
// death of the process; storing it happens in the background. The package needs libprovenlog, which it finds by
// pkg-config.
package provenlog

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// Durability tells what a recorded event survives.
type Durability int32

const (
	DurabilityDefault Durability = 0 // what configuration says, else DurabilityProcess
	DurabilityProcess Durability = 1 // the death of the process
	DurabilityPower   Durability = 2 // the loss of power: each call waits for an fsync
)

// OnFull tells what happens when the journal has reached its limit.
type OnFull int32

const (
	OnFullDefault OnFull = 0 // what configuration says, else OnFullBlock
	OnFullBlock   OnFull = 1 // wait up to BlockTimeout for space, then as OnFullDrop
	OnFullDrop    OnFull = 2 // ErrFull at once; the loss is counted and becomes a gap event in the ledger
	OnFullRaise   OnFull = 3 // ErrFull at once; the caller keeps the event, so nothing is counted as lost
)

// Options of a client. The zero value of each field means "not given".
type Options struct {
	DBPath            string                    // default: PROVENLOG_DB_PATH, configuration, ~/.provenlog/events.db
	AgentID           string                    // of events that name none
	SessionID         string                    // of events that name none
	Labels            map[string]string         // merged into every event, whose own labels win
	Metadata          map[string]any            // merged likewise
	Context           map[string]map[string]any // by label: what SetContext does for the client's own labels
	Source            string                    // default: "sdk"
	CaptureMethod     string                    // default: "embedded"
	BatchSize         uint32                    // events, 1..4096; default: configuration, else 100
	FlushInterval     time.Duration             // in steps of 1 ms; default: configuration, else 1 s
	BlockTimeout      time.Duration             // for OnFullBlock; default: configuration, else 5 s
	Durability        Durability
	OnFull            OnFull
	NoSalt            bool   // events get no salt: the same event has the same octets each time
	MaxEventBytes     uint64 // canonical octets of one event; default: configuration, else 1 MiB
	JournalLimitBytes uint64 // journal of this process that is not yet committed; default: 256 MiB
	BaseURL           string // server mode: ErrUnsupported until it exists
}

type nativeOptions struct {
	baseURL, dbPath, agentID, sessionID, source, captureMethod, labels, metadata, context string
	durability, onFull                                                                    int32
	noSalt                                                                                bool
	batchSize, flushIntervalMS, blockTimeoutMS                                            uint32
	maxEventBytes, journalLimitBytes                                                      uint64
}

func (o Options) native() (*nativeOptions, error) {
	n := &nativeOptions{
		baseURL: o.BaseURL, dbPath: o.DBPath, agentID: o.AgentID, sessionID: o.SessionID, source: o.Source,
		captureMethod: o.CaptureMethod, durability: int32(o.Durability), onFull: int32(o.OnFull), noSalt: o.NoSalt,
		batchSize: o.BatchSize, maxEventBytes: o.MaxEventBytes, journalLimitBytes: o.JournalLimitBytes,
	}
	for _, object := range []struct {
		field *string
		name  string
		value any
		given bool
	}{
		{&n.labels, "Labels", o.Labels, o.Labels != nil}, {&n.metadata, "Metadata", o.Metadata, o.Metadata != nil},
		{&n.context, "Context", o.Context, o.Context != nil},
	} {
		if !object.given {
			continue
		}
		text, err := json.Marshal(object.value)
		if err != nil {
			return nil, failure(ErrInvalid, "%s: %v", object.name, err)
		}
		*object.field = string(text)
	}
	for _, duration := range []struct {
		field *uint32
		name  string
		value time.Duration
	}{{&n.flushIntervalMS, "FlushInterval", o.FlushInterval}, {&n.blockTimeoutMS, "BlockTimeout", o.BlockTimeout}} {
		ms := milliseconds(duration.value)
		if ms < 0 || ms > math.MaxUint32 {
			return nil, failure(ErrInvalid, "%s is out of range: %v", duration.name, duration.value)
		}
		*duration.field = uint32(ms)
	}
	return n, nil
}

// milliseconds rounds away from zero, so that a short time never becomes none.
func milliseconds(d time.Duration) int64 {
	switch rest := d % time.Millisecond; {
	case rest > 0:
		return d.Milliseconds() + 1
	case rest < 0:
		return d.Milliseconds() - 1
	}
	return d.Milliseconds()
}

// Client records events into one ledger. Every method may be called by any goroutine at any time; after Close they
// return ErrClosed.
type Client struct {
	native nativeClient
	closed atomic.Bool
}

// closeTimeout bounds Close, which has no context.
const closeTimeout = 5 * time.Second

// Open opens a ledger, creating it when absent, and records what dead processes left in their journals. Configuration
// and environment are read here, once.
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
	// Only for programs that forget Close; not on the finalizers' goroutine, since it may wait for the disk.
	runtime.SetFinalizer(c, func(c *Client) { go c.Close() })
	return c, nil
}

// Close commits everything and refuses further events. It waits up to 5 s; on ErrTimeout the client is closed too, and
// its events stay in the journal for the next process that opens the ledger. Closing twice is no error.
func (c *Client) Close() error {
	if !c.closed.CompareAndSwap(false, true) {
		return nil
	}
	runtime.SetFinalizer(c, nil)
	defer c.native.release()
	return c.native.close(closeTimeout.Milliseconds())
}

// Flush commits everything accepted before the call. When ctx ends first, the events are still safe in the journal.
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

// Log records an event and returns its id. Fields that ctx carries (WithAgent, WithSession, WithParent, WithLabels) are
// set where the event has none. Values are never refused: what JSON cannot represent is recorded as text, with an entry
// in the event's ValidationWarnings. ErrInvalid only without an agent id.
func (c *Client) Log(ctx context.Context, event Event) (string, error) {
	return c.write(func(w *writer) { w.event(event.in(ctx)) })
}

// LogMap is Log for an event whose fields are in a map, under their names in the schema.
func (c *Client) LogMap(ctx context.Context, event map[string]any) (string, error) {
	return c.write(func(w *writer) { w.fields(scopeOf(ctx).fill(event)) })
}

// LogJSON records an event given as a JSON object; ctx has no part in it.
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
		if !committed { // a panic is on its way through
			event.cancel()
		}
	}()
	fill(&writer{out: event})
	committed = true
	return event.commit()
}

// SetContext attaches an object to one value of a label, in place of an earlier one. It is recorded as a system event.
func (c *Client) SetContext(key, value string, context map[string]any) error {
	return c.setContext(key, &value, context)
}

// SetDefaultContext is SetContext for the client's own value of a label; ErrInvalid if it has none.
func (c *Client) SetDefaultContext(key string, context map[string]any) error {
	return c.setContext(key, nil, context)
}

func (c *Client) setContext(key string, value *string, context map[string]any) error {
	if context == nil {
		context = map[string]any{}
	}
	text, err := json.Marshal(context)
	if err != nil {
		return failure(ErrInvalid, "context: %v", err)
	}
	if err := c.native.acquire(); err != nil {
		return err
	}
	defer c.native.release()
	return c.native.setContext(key, value, string(text))
}

// Context returns the object attached to a value of a label; ErrNotFound if there is none.
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

// DBPath is the real path of the ledger file, "" once the client is closed.
func (c *Client) DBPath() string {
	if c.native.acquire() != nil {
		return ""
	}
	defer c.native.release()
	return c.native.dbPath()
}

// Stats counts what happened since this process opened the ledger.
type Stats struct {
	Accepted, Stored, Recovered, Duplicates, Conflicts, Dropped, Gaps uint64
	QueuedEvents, QueuedBytes, Truncated, Redactions, Errors          uint64
	LastError                                                         error // the newest asynchronous one, or nil
}

func (c *Client) Stats() (Stats, error) {
	if err := c.native.acquire(); err != nil {
		return Stats{}, err
	}
	defer c.native.release()
	return c.native.stats()
}

// NextError waits for something that went wrong after Log had returned: a commit that failed (and is tried again), an
// event dropped, a retry whose content differs. The second result is why there is none: ctx ended, or ErrClosed when no
// more will come.
func (c *Client) NextError(ctx context.Context) (*Error, error) {
	const slice = 50 // milliseconds between two looks at ctx
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
