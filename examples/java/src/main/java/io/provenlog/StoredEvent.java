package io.provenlog;

import java.util.Collections;
import java.util.Map;

/** An event of the ledger. */
public final class StoredEvent {
  private final String json;
  private final Map<String, Object> fields;

  StoredEvent(String json) {
    this.json = json;
    this.fields = Collections.unmodifiableMap(JsonParser.parseObject(json));
  }

  /** The event as the ledger returned it: the stored octets, with the ledger's own fields appended. */
  public String json() {
    return json;
  }

  /** The fields by their names in the schema. Numbers are Long or Double, arrays List, objects Map. */
  public Map<String, Object> fields() {
    return fields;
  }

  /** A field, or null. */
  public Object get(String field) {
    return fields.get(field);
  }

  /** A field that is text, or null. */
  public String text(String field) {
    return get(field) instanceof String text ? text : null;
  }

  /** The id. */
  public String id() {
    return text("id");
  }

  /** 1, 2, 3... for each agent. */
  public long sequence() {
    return get("sequence") instanceof Long sequence ? sequence : 0;
  }

  @Override
  public String toString() {
    return json;
  }
}
