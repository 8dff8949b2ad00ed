package io.provenlog;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An event to be logged. Only an agent is required, and the client can supply it. Values may be of any type: what JSON
 * cannot represent becomes text.
 */
public final class Event {
  private final Map<String, Object> fields = new LinkedHashMap<>();

  private Event() {}

  /** An event of a type: TOOL_CALL, TOOL_RESULT, LLM_CALL, LLM_RESPONSE, CUSTOM, ... */
  public static Event of(String actionType) {
    return new Event().field("action_type", actionType);
  }

  /** A top-level field by its name in the schema. What the schema does not know is kept too. */
  public Event field(String name, Object value) {
    fields.put(name, value);
    return this;
  }

  /** The id; by default a new UUIDv7. Logging the same id of an agent again records nothing. */
  public Event id(String id) {
    return field("id", id);
  }

  /** The agent, in place of the client's. */
  public Event agent(String agentId) {
    return field("agent_id", agentId);
  }

  /** The session, in place of the client's. */
  public Event session(String sessionId) {
    return field("session_id", sessionId);
  }

  /** What the action is called. */
  public Event name(String actionName) {
    return field("action_name", actionName);
  }

  /** What went into the action. */
  public Event input(Object value) {
    return field("action_input", value);
  }

  /** What came out of it. */
  public Event output(Object value) {
    return field("action_output", value);
  }

  /** How it ended: success, error, timeout. */
  public Event status(String actionStatus) {
    return field("action_status", actionStatus);
  }

  /** What went wrong. */
  public Event errorMessage(String message) {
    return field("error_message", message);
  }

  /** When it happened; by default when it is logged. */
  public Event at(Instant time) {
    return field("timestamp", time);
  }

  /** How long it took, in whole milliseconds. */
  public Event took(Duration duration) {
    return field("duration_ms", duration.toMillis());
  }

  /** The event that this one follows from. */
  public Event parent(String eventId) {
    return field("parent_event_id", eventId);
  }

  /** Several parents. */
  public Event parents(List<String> eventIds) {
    return field("parents", List.copyOf(eventIds));
  }

  /** The call of a tool that this event belongs to. */
  public Event toolCall(String toolCallId) {
    return field("tool_call_id", toolCallId);
  }

  /** A label: indexed, for filters. */
  public Event label(String key, String value) {
    return member("labels", key, value);
  }

  /** An entry of the metadata, which is not indexed. */
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

  /** The fields by their names in the schema. */
  public Map<String, Object> fields() {
    return Collections.unmodifiableMap(fields);
  }
}
