package io.provenlog;

import java.util.List;
import java.util.Map;

/** The redaction engine by itself. Any thread may use it at any time. */
public final class Redactor implements AutoCloseable {
  /**
   * A redaction rule besides the built-in ones.
   *
   * @param name its name
   * @param pattern what it finds, in RE2 syntax
   * @param replace what is put in place of it
   */
  public record Rule(String name, String pattern, String replace) {}

  /**
   * What redaction made of a text.
   *
   * @param text the text with every hit replaced by its marker
   * @param count the number of hits
   */
  public record Redacted(String text, long count) {}

  private final Handle handle;

  /** A redactor of the built-in patterns and these rules. */
  public Redactor(Rule... rules) {
    List<Map<String, String>> list =
        List.of(rules).stream()
            .map(rule -> Map.of("name", rule.name(), "pattern", rule.pattern(), "replace", rule.replace()))
            .toList();
    byte[] text = Plog.utf8(Json.write(list));
    long[] out = new long[1];
    long[] err = new long[1];
    Plog.check(Plog.plog_redactor_new(text, text.length, out, err), err);
    handle = new Handle("redactor", out[0], Plog::plog_redactor_destroy);
    handle.disownWith(this);
  }

  /** Replaces every hit by its marker. */
  public Redacted redact(String text) {
    byte[] octets = Plog.utf8(text);
    long[] out = new long[1];
    long[] count = new long[1];
    long[] err = new long[1];
    long redactor = handle.acquire();
    try {
      Plog.check(Plog.plog_redactor_redact(redactor, octets, octets.length, out, count, err), err);
    } finally {
      handle.release();
    }
    return new Redacted(Plog.takeText(out[0]), count[0]);
  }

  /** Frees the redactor. Closing twice is no error. */
  @Override
  public void close() {
    if (handle.disown()) {
      handle.release();
    }
  }
}
