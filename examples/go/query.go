package provenlog

import (
	"context"
	"encoding/json"
	"runtime"
	"time"
)

// Filter selects events; what is set must all be true. The zero value selects every event but system events.
type Filter struct {
	AgentID, SessionID, ActionType, ActionName, ActionStatus, Source             string
	ProvenanceID, ParentEventID, ToolCallID, ArtifactID, AuditID, InterventionID string

	Since, Until  time.Time // Since <= timestamp < Until
	Labels        map[string]string
	Descending    bool   // newest commit first
	Limit, Offset int64  // a Limit of 0 is none
	After         *int64 // a position from Rows.Position; rows beyond it in the chosen order
	IncludeSystem bool   // also events of the reserved agent "provenlog"
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

// Rows are the result of a query, read page by page: a million events need no more memory than one page. They are used
// like those of database/sql, by one goroutine at a time.
type Rows struct {
	ctx    context.Context
	client nativeClient
	cursor nativeCursor
	event  *Event
	err    error
	open   bool
}

// Query starts a query. It sees every event that this client recorded before the call. The rows end early when ctx
// ends. Call Close unless Next returned false.
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
	runtime.SetFinalizer(rows, func(r *Rows) { r.Close() }) // only for programs that forget Close
	return rows, nil
}

// Next goes to the next event, and returns false after the last one, on failure, and once closed.
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

// Event is the one that Next went to.
func (r *Rows) Event() *Event { return r.event }

// Position of the event that Next went to, for Filter.After; -1 before the first one and once closed.
func (r *Rows) Position() int64 {
	if !r.open {
		return -1
	}
	return r.cursor.position()
}

// Err is why Next returned false; nil at the end of the rows.
func (r *Rows) Err() error { return r.err }

// Close frees the rows. Closing twice is no error.
func (r *Rows) Close() error {
	if r.open {
		r.open = false
		runtime.SetFinalizer(r, nil)
		r.cursor.destroy()
		r.client.release()
	}
	return nil
}

// Events is a query as a function that calls yield for each event until yield returns false; an error comes last. From
// Go 1.23 on: for event, err := range client.Events(ctx, filter).
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

// Get returns the event with an id (any text that was given as one). Without an agent id: the first one committed with
// that id. ErrNotFound if there is none.
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
