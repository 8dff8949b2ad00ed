package io.provenlog;

import io.provenlog.ProvenLogException.Code;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses the JSON text that the library returns. Objects become maps in the order of the text, arrays become lists, and
 * numbers become Long or Double.
 */
final class JsonParser {
  private static final int MAX_DEPTH = 1000;

  private final String text;
  private int at;

  private JsonParser(String text) {
    this.text = text;
  }

  static Object parse(String text) {
    JsonParser parser = new JsonParser(text);
    Object value = parser.value(0);
    parser.space();
    if (parser.at < text.length()) {
      throw parser.unexpected();
    }
    return value;
  }

  @SuppressWarnings("unchecked") // the keys of objects are strings
  static Map<String, Object> parseObject(String text) {
    if (parse(text) instanceof Map<?, ?> object) {
      return (Map<String, Object>) object;
    }
    throw new ProvenLogException(Code.INVALID, "the JSON text is not an object");
  }

  private ProvenLogException unexpected() {
    return new ProvenLogException(Code.INVALID, "malformed JSON at offset " + at);
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(peek()) >= 0) {
      ++at;
    }
  }

  private boolean accept(String token) {
    boolean found = text.startsWith(token, at);
    at += found ? token.length() : 0;
    return found;
  }

  private void expect(String token) {
    space();
    if (!accept(token)) {
      throw unexpected();
    }
  }

  private Object value(int depth) {
    space();
    if (depth > MAX_DEPTH) {
      throw unexpected();
    }
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        expect("true");
        return true;
      case 'f':
        expect("false");
        return false;
      case 'n':
        expect("null");
        return null;
      default:
        return number();
    }
  }

  private Map<String, Object> object(int depth) {
    Map<String, Object> members = new LinkedHashMap<>();
    expect("{");
    space();
    if (accept("}")) {
      return members;
    }
    do {
      space();
      String key = string();
      expect(":");
      members.put(key, value(depth + 1));
      space();
    } while (accept(","));
    expect("}");
    return members;
  }

  private List<Object> array(int depth) {
    List<Object> elements = new ArrayList<>();
    expect("[");
    space();
    if (accept("]")) {
      return elements;
    }
    do {
      elements.add(value(depth + 1));
      space();
    } while (accept(","));
    expect("]");
    return elements;
  }

  private Number number() {
    int start = at;
    while ("0123456789+-.eE".indexOf(peek()) >= 0) {
      ++at;
    }
    String digits = text.substring(start, at);
    if (!digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      throw unexpected();
    }
    try {
      return Long.valueOf(digits);
    } catch (NumberFormatException fractionOrTooLong) {
      return Double.valueOf(digits);
    }
  }

  private String string() {
    expect("\"");
    StringBuilder result = new StringBuilder();
    while (!accept("\"")) {
      char c = peek();
      if (c < 0x20) {
        throw unexpected();
      }
      ++at;
      result.append(c == '\\' ? escaped() : c);
    }
    return result.toString();
  }

  private char escaped() {
    char c = peek();
    ++at;
    int simple = "\"\\/bfnrt".indexOf(c);
    if (simple >= 0) {
      return "\"\\/\b\f\n\r\t".charAt(simple);
    }
    if (c != 'u' || at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}")) {
      throw unexpected();
    }
    at += 4;
    return (char) Integer.parseInt(text.substring(at - 4, at), 16);
  }
}
