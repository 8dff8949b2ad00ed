package io.provenlog;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Selects events; what is set must all be true. With nothing set: all events but system events. */
public final class Filter {
  private final Map<String, Object> members = new LinkedHashMap<>();
  private final Map<String, String> labels = new LinkedHashMap<>();

  private Filter() {}

  /** Every event but system events. */
  public static Filter all() {
    return new Filter();
  }

  /** A member by its name: agent_id, action_status, parent_event_id, tool_call_id, ... */
  public Filter field(String name, Object value) {
    members.put(name, value);
    return this;
  }

  /** Events of an agent. */
  public Filter agent(String agentId) {
    return field("agent_id", agentId);
  }

  /** Events of a session. */
  public Filter session(String sessionId) {
    return field("session_id", sessionId);
  }

  /** Events of a type. */
  public Filter type(String actionType) {
    return field("action_type", actionType);
  }

  /** Events of a name. */
  public Filter name(String actionName) {
    return field("action_name", actionName);
  }

  /** Events with a label. */
  public Filter label(String key, String value) {
    labels.put(key, value);
    return field("labels", labels);
  }

  /** Events at this time or later. */
  public Filter since(Instant time) {
    return field("since", time);
  }

  /** Events before this time. */
  public Filter until(Instant time) {
    return field("until", time);
  }

  /** The newest commit first. */
  public Filter descending() {
    return field("order", "desc");
  }

  /** So many events at most. */
  public Filter limit(long events) {
    return field("limit", events);
  }

  /** Leaves out the first ones. */
  public Filter offset(long events) {
    return field("offset", events);
  }

  /** Events beyond a position of {@link EventCursor#position}, in the chosen order. */
  public Filter after(long position) {
    return field("after", position);
  }

  /** Also events of the reserved agent "provenlog". */
  public Filter includeSystem() {
    return field("include_system", true);
  }

  String json() {
    return Json.write(members);
  }
}
