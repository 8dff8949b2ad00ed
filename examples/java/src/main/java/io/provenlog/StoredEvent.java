package io.provenlog;

import java.util.Collections;
import java.util.Map;

/** An event read from the ledger. It is immutable. */
public final class StoredEvent {
  private final String json;
  private final Map<String, Object> fields;

  StoredEvent(String json) {
    this.json = json;
    this.fields = Collections.unmodifiableMap(JsonParser.parseObject(json));
  }

  /** Returns the event as the ledger returned it: the stored bytes with the ledger's own fields appended. */
  public String json() {
    return json;
  }

  /** Returns the fields by their names in the schema. Numbers are Long or Double, arrays List, objects Map. */
  public Map<String, Object> fields() {
    return fields;
  }

  /** Returns a field, or null. */
  public Object get(String field) {
    return fields.get(field);
  }

  /** Returns a field that is a string, or null. */
  public String text(String field) {
    return get(field) instanceof String text ? text : null;
  }

  /** Returns the id. */
  public String id() {
    return text("id");
  }

  /** Returns the event's position in the chain of its agent, from 1. */
  public long sequence() {
    return get("sequence") instanceof Long sequence ? sequence : 0;
  }

  @Override
  public String toString() {
    return json;
  }
}
