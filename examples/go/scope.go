package provenlog

import "context"

// scope holds the values that a context carries for the events logged with it.
type scope struct {
	agentID, sessionID, parentEventID string
	labels                            map[string]string
}

type scopeKey struct{}

func scopeOf(ctx context.Context) scope {
	s, _ := ctx.Value(scopeKey{}).(scope)
	return s
}

func with(ctx context.Context, change func(*scope)) context.Context {
	s := scopeOf(ctx)
	change(&s)
	return context.WithValue(ctx, scopeKey{}, s)
}

// WithAgent returns a context that sets the agent id of events that have none.
func WithAgent(ctx context.Context, agentID string) context.Context {
	return with(ctx, func(s *scope) { s.agentID = agentID })
}

// WithSession returns a context that sets the session id of events that have none.
func WithSession(ctx context.Context, sessionID string) context.Context {
	return with(ctx, func(s *scope) { s.sessionID = sessionID })
}

// WithParent returns a context that sets the parent event of events that have none.
func WithParent(ctx context.Context, eventID string) context.Context {
	return with(ctx, func(s *scope) { s.parentEventID = eventID })
}

// WithLabels returns a context that adds these labels to events. They replace labels of ctx with the same key; an event's
// own labels win.
func WithLabels(ctx context.Context, labels map[string]string) context.Context {
	return with(ctx, func(s *scope) { s.labels = merged(s.labels, labels) })
}

// merged returns a new map with the entries of both; those of over win.
func merged(under, over map[string]string) map[string]string {
	all := make(map[string]string, len(under)+len(over))
	for _, labels := range []map[string]string{under, over} {
		for key, value := range labels {
			all[key] = value
		}
	}
	return all
}

// in returns the event with its empty fields filled from ctx.
func (e Event) in(ctx context.Context) Event {
	s := scopeOf(ctx)
	for _, field := range []struct {
		own   *string
		scope string
	}{{&e.AgentID, s.agentID}, {&e.SessionID, s.sessionID}, {&e.ParentEventID, s.parentEventID}} {
		if *field.own == "" {
			*field.own = field.scope
		}
	}
	if s.labels != nil {
		e.Labels = merged(s.labels, e.Labels)
	}
	return e
}

// fill does for a map what Event.in does for an Event. It does not change the given map.
func (s scope) fill(event map[string]any) map[string]any {
	filled := make(map[string]any, len(event)+4)
	for name, value := range map[string]string{
		"agent_id": s.agentID, "session_id": s.sessionID, "parent_event_id": s.parentEventID,
	} {
		if value != "" {
			filled[name] = value
		}
	}
	for name, value := range event {
		filled[name] = value
	}
	if s.labels != nil {
		labels := make(map[string]any, len(s.labels))
		for key, value := range s.labels {
			labels[key] = value
		}
		switch own := event["labels"].(type) {
		case nil:
		case map[string]string:
			for key, value := range own {
				labels[key] = value
			}
		case map[string]any:
			for key, value := range own {
				labels[key] = value
			}
		default: // not an object of labels: the core keeps the value and adds a warning
			return filled
		}
		filled["labels"] = labels
	}
	return filled
}
