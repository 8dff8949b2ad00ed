package io.provenlog;

import java.lang.ref.Reference;
import java.util.Map;

/**
 * A call of an operation by its name. docs/operations.md describes all operations with their parameters, and the
 * operation {@code operations} returns the table.
 *
 * <pre>{@code
 * Map<String, Object> result = new Operation("redact").run(Map.of("text", "to ada@example.com"));
 * System.out.println(result.get("text")); // to [REDACTED:email]
 * }</pre>
 */
public final class Operation {
  private final Handle client;
  private final String name;
  private Progress progress;

  /** An operation that needs no client. */
  public Operation(String name) {
    this(null, name);
  }

  Operation(Handle client, String name) {
    this.client = client;
    this.name = name;
  }

  /**
   * Calls {@code watcher} on the thread of {@link #run}, if the operation reports progress. If it returns false or throws
   * a RuntimeException, the operation stops. {@code run} throws that exception again.
   */
  public Operation progress(Progress watcher) {
    progress = watcher;
    return this;
  }

  /**
   * Calls the operation and returns its result. A parameter that is null counts as not given. An operation with many
   * results returns a page and {@code next}; pass that as {@code after} ({@code sessions}: {@code offset}) to continue.
   * Throws INVALID for an unknown operation and wrong parameters.
   */
  public Map<String, Object> run(Map<String, ?> parameters) {
    return JsonParser.parseObject(run(Json.write(parameters)));
  }

  /** {@code run} with the parameters and the result as the text of a JSON object; "" means no parameters. */
  public String run(String parametersJson) {
    byte[] operation = Plog.terminated("the name of the operation", name);
    byte[] text = Plog.utf8(parametersJson);
    Work work = new Work(progress);
    Plog.Progress watcher = work.watcher();
    try {
      return work.run(
          client,
          null,
          (address, out, err) -> Plog.plog_call(address, operation, text, text.length, watcher, null, out, err));
    } finally {
      Reference.reachabilityFence(watcher);
    }
  }
}
