package io.provenlog;

import io.provenlog.ProvenLogException.Code;
import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.Date;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Writes Java values as JSON text. A value that JSON cannot represent is written as text; none throws. */
final class Json {
  // The core replaces deeper containers by a marker.
  private static final int MAX_DEPTH = 128;
  private static final String DEPTH = "{\"reason\":\"depth\",\"truncated\":true}";
  private static final String CYCLE = "{\"reason\":\"cycle\",\"truncated\":true}";
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS");
  private static final DateTimeFormatter DATE_TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS");

  private final StringBuilder out = new StringBuilder();
  private final Deque<Object> containers = new ArrayDeque<>(); // the containers around the value being written

  private Json() {}

  static String write(Object value) {
    Json json = new Json();
    json.value(value);
    return json.out.toString();
  }

  private void value(Object value) {
    int start = out.length();
    int depth = containers.size();
    try {
      typed(value);
    } catch (RuntimeException | StackOverflowError error) { // thrown by a method of the caller's class
      out.setLength(start);
      while (containers.size() > depth) {
        containers.pop();
      }
      quote("<unrepresentable " + value.getClass().getName() + ": " + error.getClass().getName() + ">");
    }
  }

  private void typed(Object value) {
    if (value == null || value instanceof Boolean) {
      out.append(value);
    } else if (value instanceof CharSequence || value instanceof Character) {
      quote(value.toString());
    } else if (value instanceof Number number) {
      number(number);
    } else if (value instanceof Optional<?> optional) {
      value(optional.orElse(null));
    } else if (value instanceof Enum<?> constant) {
      quote(constant.name());
    } else if (value instanceof byte[] octets) {
      quote(Base64.getEncoder().encodeToString(octets));
    } else if (value instanceof ByteBuffer buffer) {
      byte[] octets = new byte[buffer.remaining()];
      buffer.duplicate().get(octets);
      quote(Base64.getEncoder().encodeToString(octets));
    } else if (value instanceof Class<?> type) {
      quote(type.getName());
    } else if (value instanceof Throwable error) {
      inside(error, () -> error(error));
    } else if (value instanceof Map<?, ?> map) {
      inside(map, () -> object(map));
    } else if (value instanceof Set<?> set) {
      inside(set, () -> set(set));
    } else if (value instanceof Collection<?> collection) {
      inside(collection, () -> array(new ArrayList<>(collection)));
    } else if (value.getClass().isArray()) {
      inside(value, () -> array(elements(value)));
    } else if (value instanceof Record record) {
      inside(record, () -> record(record));
    } else {
      quote(timeOrText(value));
    }
  }

  private void number(Number number) {
    if (number instanceof Double || number instanceof Float) {
      if (Double.isFinite(number.doubleValue())) {
        out.append(number); // not as a double: a float would get more digits than it has
      } else {
        quote(number.toString());
      }
    } else if (number instanceof BigDecimal) {
      quote(number.toString());
    } else if (number instanceof BigInteger || number.toString().matches("-?[0-9]+")) {
      out.append(number);
    } else {
      quote(number.toString());
    }
  }

  private static String timeOrText(Object value) {
    if (value instanceof Instant instant) {
      return utc(instant);
    } else if (value instanceof Date date) {
      return utc(Instant.ofEpochMilli(date.getTime()));
    } else if (value instanceof OffsetDateTime time) {
      return utc(time.toInstant());
    } else if (value instanceof ZonedDateTime time) {
      return utc(time.toInstant());
    } else if (value instanceof LocalDateTime time) {
      return DATE_TIME.format(time);
    } else if (value instanceof LocalTime time) {
      return TIME.format(time);
    } else if (value instanceof Duration duration) {
      return iso(duration);
    }
    String text = value.toString();
    String plain = value.getClass().getName() + "@" + Integer.toHexString(System.identityHashCode(value));
    return text == null || text.equals(plain) ? "<" + value.getClass().getName() + " object>" : text;
  }

  static String utc(Instant instant) {
    return DATE_TIME.format(instant.atOffset(ZoneOffset.UTC)) + "Z";
  }

  /** Formats a duration in ISO 8601, with days of 24 hours: P1DT2H3.5S. */
  private static String iso(Duration duration) {
    if (duration.isNegative()) {
      return "-" + iso(duration.negated());
    }
    String days = duration.toDays() > 0 ? duration.toDays() + "D" : "";
    Duration rest = duration.minusDays(duration.toDays());
    return "P" + days + (days.isEmpty() || !rest.isZero() ? rest.toString().substring(1) : "");
  }

  private void inside(Object container, Runnable write) {
    for (Object outer : containers) {
      if (outer == container) {
        out.append(CYCLE);
        return;
      }
    }
    if (containers.size() > MAX_DEPTH) {
      out.append(DEPTH);
      return;
    }
    containers.push(container);
    write.run();
    containers.pop();
  }

  private static List<Object> elements(Object array) {
    List<Object> elements = new ArrayList<>();
    for (int i = 0; i < Array.getLength(array); ++i) {
      elements.add(Array.get(array, i));
    }
    return elements;
  }

  private void array(List<?> elements) {
    out.append('[');
    String separator = "";
    for (Object element : elements) {
      out.append(separator);
      value(element);
      separator = ",";
    }
    out.append(']');
  }

  /** Writes a set as an array. A set has no order, so its elements are sorted by the bytes of their JSON text. */
  private void set(Set<?> set) {
    List<String> texts = new ArrayList<>();
    for (Object element : set) {
      int start = out.length();
      value(element);
      texts.add(out.substring(start));
      out.setLength(start);
    }
    texts.sort((a, b) -> Arrays.compareUnsigned(Plog.utf8(a), Plog.utf8(b)));
    out.append('[').append(String.join(",", texts)).append(']');
  }

  private void object(Map<?, ?> map) {
    out.append('{');
    String separator = "";
    Set<String> names = Collections.emptySet();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(separator);
      if (entry.getKey() instanceof String key) {
        quote(key);
      } else {
        if (names.isEmpty()) {
          names = stringKeys(map);
        }
        quote(unused(keyText(entry.getKey()), names));
      }
      out.append(':');
      value(entry.getValue());
      separator = ",";
    }
    out.append('}');
  }

  private static Set<String> stringKeys(Map<?, ?> map) {
    Set<String> names = new java.util.HashSet<>();
    for (Object key : map.keySet()) {
      if (key instanceof String name) {
        names.add(name);
      }
    }
    return names;
  }

  /** Returns the text for a key that is not a string: the string it becomes in JSON, else its JSON text. */
  private static String keyText(Object key) {
    String json = write(key);
    return json.startsWith("\"") ? (String) JsonParser.parse(json) : json;
  }

  private static String unused(String name, Set<String> names) {
    String free = name;
    for (int number = 2; !names.add(free); ++number) {
      free = name + "~" + number;
    }
    return free;
  }

  private void member(String separator, String name, Supplier<Object> read) {
    out.append(separator);
    quote(name);
    out.append(':');
    Object value;
    try {
      value = read.get();
    } catch (RuntimeException error) {
      quote("<unrepresentable: " + error.getClass().getName() + ">");
      return;
    }
    value(value);
  }

  private void error(Throwable error) {
    out.append('{');
    member("", "message", error::getMessage);
    member(",", "type", error.getClass()::getSimpleName);
    if (error.getCause() != null) {
      member(",", "cause", error::getCause);
    }
    out.append('}');
  }

  private void record(Record record) {
    out.append('{');
    String separator = "";
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      member(separator, component.getName(), () -> read(component, record));
      separator = ",";
    }
    out.append('}');
  }

  private static Object read(RecordComponent component, Record record) {
    try {
      component.getAccessor().setAccessible(true); // the record itself may not be public
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException error) {
      throw new ProvenLogException(Code.INVALID, error.toString());
    }
  }

  private void quote(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); ++i) {
      char c = text.charAt(i);
      boolean pair = Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1));
      if (pair) {
        out.append(c).append(text.charAt(++i));
      } else if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20 || Character.isSurrogate(c)) {
        // UTF-8 has no lone surrogates. The core repairs such an escape and adds a warning.
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
