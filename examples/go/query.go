package provenlog

import (
	"context"
	"encoding/json"
	"runtime"
	"time"
)

// Filter selects events that meet all the conditions that are set. The zero value selects all events except system
// events.
type Filter struct {
	AgentID, SessionID, ActionType, ActionName, ActionStatus, Source             string
	ProvenanceID, ParentEventID, ToolCallID, ArtifactID, AuditID, InterventionID string

	Since, Until  time.Time // Since <= timestamp < Until
	Labels        map[string]string
	Descending    bool   // newest commit first
	Limit         int64  // maximum number of events; 0: no limit
	Offset        int64  // number of events to skip
	After         *int64 // a position from Rows.Position: only events after it, in the chosen order
	IncludeSystem bool   // include events of the reserved agent "provenlog"
}

func (f Filter) json() (string, error) {
	object := map[string]any{}
	for name, value := range map[string]string{
		"agent_id": f.AgentID, "session_id": f.SessionID, "action_type": f.ActionType, "action_name": f.ActionName,
		"action_status": f.ActionStatus, "source": f.Source, "provenance_id": f.ProvenanceID,
		"parent_event_id": f.ParentEventID, "tool_call_id": f.ToolCallID, "artifact_id": f.ArtifactID,
		"audit_id": f.AuditID, "intervention_id": f.InterventionID,
	} {
		if value != "" {
			object[name] = value
		}
	}
	for name, value := range map[string]time.Time{"since": f.Since, "until": f.Until} {
		if !value.IsZero() {
			object[name] = value.UTC().Format(time.RFC3339Nano)
		}
	}
	if f.Labels != nil {
		object["labels"] = f.Labels
	}
	if f.Descending {
		object["order"] = "desc"
	}
	if f.Limit != 0 {
		object["limit"] = f.Limit
	}
	if f.Offset != 0 {
		object["offset"] = f.Offset
	}
	if f.After != nil {
		object["after"] = *f.After
	}
	if f.IncludeSystem {
		object["include_system"] = true
	}
	text, err := json.Marshal(object)
	return string(text), err
}

// Rows are the result of a query. They are read page by page, so that memory does not grow with the number of events.
// Use them like the Rows of database/sql, from one goroutine at a time.
type Rows struct {
	ctx    context.Context
	client nativeClient
	cursor nativeCursor
	event  *Event
	err    error
	open   bool
}

// Query starts a query. It sees all events that this client recorded before the call. The rows end early if ctx ends.
// Call Rows.Close unless Next has returned false.
func (c *Client) Query(ctx context.Context, filter Filter) (*Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := filter.json()
	if err != nil {
		return nil, err
	}
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	cursor, err := c.native.query(text)
	if err != nil {
		c.native.release()
		return nil, err
	}
	rows := &Rows{ctx: ctx, client: c.native, cursor: cursor, open: true}
	runtime.SetFinalizer(rows, func(r *Rows) { r.Close() }) // for programs that forget Close
	return rows, nil
}

// Next moves to the next event. It returns false after the last event, on an error (see Err), and after Close.
func (r *Rows) Next() bool {
	if !r.open {
		return false
	}
	r.event = nil
	if r.err = r.ctx.Err(); r.err == nil {
		var text []byte
		if text, r.err = r.cursor.next(); r.err == nil && text != nil {
			r.event, r.err = parseEvent(text)
		}
	}
	if r.event == nil {
		_ = r.Close()
	}
	return r.event != nil
}

// Event returns the current event, or nil if there is none.
func (r *Rows) Event() *Event { return r.event }

// Position returns the position of the current event, for Filter.After. It is -1 before the first event and after Close.
func (r *Rows) Position() int64 {
	if !r.open {
		return -1
	}
	return r.cursor.position()
}

// Err returns the error that made Next return false, or nil if the rows ended normally.
func (r *Rows) Err() error { return r.err }

// Close frees the rows. It may be called more than once and always returns nil.
func (r *Rows) Close() error {
	if r.open {
		r.open = false
		runtime.SetFinalizer(r, nil)
		r.cursor.destroy()
		r.client.release()
	}
	return nil
}

// Events returns a query as an iterator function. It calls yield for each event until yield returns false. An error ends
// the iteration; it is passed to the last call of yield. With Go 1.23 or newer:
//
//	for event, err := range client.Events(ctx, filter) { ... }
func (c *Client) Events(ctx context.Context, filter Filter) func(yield func(*Event, error) bool) {
	return func(yield func(*Event, error) bool) {
		rows, err := c.Query(ctx, filter)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			if !yield(rows.Event(), nil) {
				return
			}
		}
		if rows.Err() != nil {
			yield(nil, rows.Err())
		}
	}
}

// Get returns the event with this id, which may be any text that was given as an event's id. If agentID is "", Get
// returns the first event committed with the id, of any agent. It returns ErrNotFound if there is no such event.
func (c *Client) Get(id, agentID string) (*Event, error) {
	if err := c.native.acquire(); err != nil {
		return nil, err
	}
	defer c.native.release()
	text, err := c.native.getEvent(id, agentID)
	if err != nil {
		return nil, err
	}
	return parseEvent(text)
}
