package io.provenlog;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Selects events that meet all the conditions that are set. Without conditions, it selects all events except system
 * events.
 */
public final class Filter {
  private final Map<String, Object> members = new LinkedHashMap<>();
  private final Map<String, String> labels = new LinkedHashMap<>();

  private Filter() {}

  /** Returns a filter without conditions. */
  public static Filter all() {
    return new Filter();
  }

  /** Sets a member by its name: agent_id, action_status, parent_event_id, tool_call_id, ... */
  public Filter field(String name, Object value) {
    members.put(name, value);
    return this;
  }

  /** Selects events of an agent. */
  public Filter agent(String agentId) {
    return field("agent_id", agentId);
  }

  /** Selects events of a session. */
  public Filter session(String sessionId) {
    return field("session_id", sessionId);
  }

  /** Selects events of an action type. */
  public Filter type(String actionType) {
    return field("action_type", actionType);
  }

  /** Selects events with an action name. */
  public Filter name(String actionName) {
    return field("action_name", actionName);
  }

  /** Selects events with a label. If it is called more than once, events must have all the labels. */
  public Filter label(String key, String value) {
    labels.put(key, value);
    return field("labels", labels);
  }

  /** Selects events at this time or later. */
  public Filter since(Instant time) {
    return field("since", time);
  }

  /** Selects events before this time. */
  public Filter until(Instant time) {
    return field("until", time);
  }

  /** Returns the newest commit first. */
  public Filter descending() {
    return field("order", "desc");
  }

  /** Limits the number of events. */
  public Filter limit(long events) {
    return field("limit", events);
  }

  /** Skips the first events. */
  public Filter offset(long events) {
    return field("offset", events);
  }

  /** Continues after a position that {@link EventCursor#position} returned, in the chosen order. */
  public Filter after(long position) {
    return field("after", position);
  }

  /** Includes events of the reserved agent "provenlog". */
  public Filter includeSystem() {
    return field("include_system", true);
  }

  String json() {
    return Json.write(members);
  }
}
