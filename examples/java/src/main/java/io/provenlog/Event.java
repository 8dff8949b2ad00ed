package io.provenlog;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An event to be logged. Only the agent is required, and the client can supply it. Values may be of any type; a value
 * that JSON cannot represent is recorded as text.
 */
public final class Event {
  private final Map<String, Object> fields = new LinkedHashMap<>();

  private Event() {}

  /** Returns an event of a type: TOOL_CALL, TOOL_RESULT, LLM_CALL, LLM_RESPONSE, CUSTOM, ... */
  public static Event of(String actionType) {
    return new Event().field("action_type", actionType);
  }

  /** Sets a top-level field by its name in the schema. Fields that are not in the schema are recorded too. */
  public Event field(String name, Object value) {
    fields.put(name, value);
    return this;
  }

  /** Sets the id; the default is a new UUIDv7. Logging an agent's id again records nothing. */
  public Event id(String id) {
    return field("id", id);
  }

  /** Sets the agent; the default is the client's. */
  public Event agent(String agentId) {
    return field("agent_id", agentId);
  }

  /** Sets the session; the default is the client's. */
  public Event session(String sessionId) {
    return field("session_id", sessionId);
  }

  /** Sets the name of the action. */
  public Event name(String actionName) {
    return field("action_name", actionName);
  }

  /** Sets the input of the action. */
  public Event input(Object value) {
    return field("action_input", value);
  }

  /** Sets the output of the action. */
  public Event output(Object value) {
    return field("action_output", value);
  }

  /** Sets the outcome of the action: success, error, timeout. */
  public Event status(String actionStatus) {
    return field("action_status", actionStatus);
  }

  /** Sets the error message of an action that failed. */
  public Event errorMessage(String message) {
    return field("error_message", message);
  }

  /** Sets the time of the action; the default is the time of the call to {@code log}. */
  public Event at(Instant time) {
    return field("timestamp", time);
  }

  /** Sets the duration of the action, rounded down to whole milliseconds. */
  public Event took(Duration duration) {
    return field("duration_ms", duration.toMillis());
  }

  /** Sets the id of the event that caused this one. */
  public Event parent(String eventId) {
    return field("parent_event_id", eventId);
  }

  /** Sets the ids of several parent events. */
  public Event parents(List<String> eventIds) {
    return field("parents", List.copyOf(eventIds));
  }

  /** Sets the id of the tool call to which this event belongs. */
  public Event toolCall(String toolCallId) {
    return field("tool_call_id", toolCallId);
  }

  /** Adds a label. Labels are indexed; filters can select them. */
  public Event label(String key, String value) {
    return member("labels", key, value);
  }

  /** Adds an entry to the metadata, which is not indexed. */
  public Event metadata(String key, Object value) {
    return member("metadata", key, value);
  }

  private Event member(String field, String key, Object value) {
    Map<Object, Object> members = new LinkedHashMap<>();
    if (fields.get(field) instanceof Map<?, ?> before) {
      members.putAll(before);
    }
    members.put(key, value);
    return field(field, members);
  }

  /** Returns the fields by their names in the schema. */
  public Map<String, Object> fields() {
    return Collections.unmodifiableMap(fields);
  }
}
