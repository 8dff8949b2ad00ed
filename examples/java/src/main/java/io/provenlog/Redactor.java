package io.provenlog;

import java.util.List;
import java.util.Map;

/** Redacts text without a ledger. Any thread may use it at any time. */
public final class Redactor implements AutoCloseable {
  /**
   * A redaction rule in addition to the built-in detectors.
   *
   * @param name the name of the rule
   * @param pattern the pattern, in RE2 syntax
   * @param replace the text that replaces a match
   */
  public record Rule(String name, String pattern, String replace) {}

  /**
   * A redacted text.
   *
   * @param text the text with every match replaced by its marker
   * @param count the number of matches
   */
  public record Redacted(String text, long count) {}

  private final Handle handle;

  /** Creates a redactor with the built-in detectors and these rules. Throws CONFIG if a rule is invalid. */
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

  /** Replaces every match by its marker. */
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

  /** Frees the redactor. It may be called more than once. */
  @Override
  public void close() {
    if (handle.disown()) {
      handle.release();
    }
  }
}
