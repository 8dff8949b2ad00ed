package provenlog

import (
	"encoding/json"
	"time"
)

// Event is one entry of the ledger. To log one, set the fields that you know. Only the agent id is required, and the
// client can supply it. Empty fields are not recorded. The ledger sets Sequence, Hash, PrevHash and ValidationWarnings;
// Log ignores them.
type Event struct {
	ID             string            `json:"id"` // default: a new UUIDv7. Logging an agent's id again records nothing
	SchemaVersion  string            `json:"schema_version"`
	AgentID        string            `json:"agent_id"`
	SessionID      string            `json:"session_id"`
	Source         string            `json:"source"`
	CaptureMethod  string            `json:"capture_method"`
	ActionType     string            `json:"action_type"` // TOOL_CALL, TOOL_RESULT, LLM_CALL, LLM_RESPONSE, CUSTOM, ...
	ActionName     string            `json:"action_name"`
	ActionInput    any               `json:"action_input"`
	ActionOutput   any               `json:"action_output"`
	ActionStatus   string            `json:"action_status"` // success, error, timeout
	ErrorMessage   string            `json:"error_message"`
	Timestamp      time.Time         `json:"timestamp"` // default: now
	DurationMS     *int64            `json:"duration_ms"`
	Labels         map[string]string `json:"labels"`   // indexed
	Metadata       map[string]any    `json:"metadata"` // not indexed
	ProvenanceID   string            `json:"provenance_id"`
	ParentEventID  string            `json:"parent_event_id"`
	Parents        []string          `json:"parents"`
	ToolCallID     string            `json:"tool_call_id"`
	ArtifactID     string            `json:"artifact_id"`
	AuditID        string            `json:"audit_id"`
	InterventionID string            `json:"intervention_id"`
	Salt           string            `json:"salt"`
	Extra          map[string]any    `json:"-"` // top-level fields that are not in the schema

	Sequence           uint64    `json:"sequence"` // 1, 2, 3... for each agent
	Hash               string    `json:"hash"`
	PrevHash           string    `json:"prev_hash"`
	ValidationWarnings []Warning `json:"validation_warnings"`

	raw string
}

// Warning describes a repair that was made when the event was recorded.
type Warning struct {
	Field  string `json:"field"` // an RFC 6901 pointer
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// JSON returns the event as the ledger returned it: the stored bytes with the ledger's fields appended. It is "" for an
// event that was not read from a ledger.
func (e *Event) JSON() string { return e.raw }

// Milliseconds returns a value for DurationMS: provenlog.Milliseconds(time.Since(start)).
func Milliseconds(d time.Duration) *int64 {
	ms := d.Milliseconds()
	return &ms
}

// knownFields are the top-level fields that UnmarshalJSON does not put into Extra.
var knownFields = map[string]bool{
	"id": true, "schema_version": true, "agent_id": true, "session_id": true, "source": true, "capture_method": true,
	"action_type": true, "action_name": true, "action_input": true, "action_output": true, "action_status": true,
	"error_message": true, "timestamp": true, "duration_ms": true, "labels": true, "metadata": true,
	"provenance_id": true, "parent_event_id": true, "parents": true, "tool_call_id": true, "artifact_id": true,
	"audit_id": true, "intervention_id": true, "salt": true, "sequence": true, "hash": true, "prev_hash": true,
	"validation_warnings": true,
}

// UnmarshalJSON reads an event as the ledger returns it.
func (e *Event) UnmarshalJSON(text []byte) error {
	type plain Event
	read := plain{raw: string(text)}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	for name, value := range all {
		if !knownFields[name] {
			if read.Extra == nil {
				read.Extra = map[string]any{}
			}
			read.Extra[name] = value
		}
	}
	*e = Event(read)
	return nil
}

func parseEvent(text []byte) (*Event, error) {
	event := new(Event)
	if err := json.Unmarshal(text, event); err != nil {
		return nil, err
	}
	return event, nil
}

// event writes the fields that are set.
func (w *writer) event(e Event) {
	for _, field := range []struct{ name, value string }{
		{"id", e.ID}, {"schema_version", e.SchemaVersion}, {"agent_id", e.AgentID}, {"session_id", e.SessionID},
		{"source", e.Source}, {"capture_method", e.CaptureMethod}, {"action_type", e.ActionType},
		{"action_name", e.ActionName}, {"action_status", e.ActionStatus}, {"error_message", e.ErrorMessage},
		{"provenance_id", e.ProvenanceID}, {"parent_event_id", e.ParentEventID}, {"tool_call_id", e.ToolCallID},
		{"artifact_id", e.ArtifactID}, {"audit_id", e.AuditID}, {"intervention_id", e.InterventionID}, {"salt", e.Salt},
	} {
		if field.value != "" {
			w.out.key(field.name)
			w.out.text(field.value)
		}
	}
	if !e.Timestamp.IsZero() {
		w.field("timestamp", e.Timestamp)
	}
	if e.DurationMS != nil {
		w.field("duration_ms", *e.DurationMS)
	}
	if e.ActionInput != nil {
		w.field("action_input", e.ActionInput)
	}
	if e.ActionOutput != nil {
		w.field("action_output", e.ActionOutput)
	}
	if e.Labels != nil {
		w.field("labels", e.Labels)
	}
	if e.Metadata != nil {
		w.field("metadata", e.Metadata)
	}
	if e.Parents != nil {
		w.field("parents", e.Parents)
	}
	w.fields(e.Extra)
}

// fields writes top-level fields. If a name is reserved for the ledger, the core moves the field to metadata._invalid.
func (w *writer) fields(fields map[string]any) {
	for name, value := range fields {
		w.field(name, value)
	}
}
