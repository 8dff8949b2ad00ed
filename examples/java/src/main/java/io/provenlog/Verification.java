package io.provenlog;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A verification: set its options, then call {@link #run}. */
public final class Verification {
  private final Handle client; // or null
  private final String path;
  private String agentId;
  private boolean readOnly;
  private String level;
  private String key;
  private final List<String> heads = new ArrayList<>();
  private boolean incremental;
  private int threads;
  private Progress progress;

  Verification(ProvenLogClient client) {
    this.client = client.handle();
    this.path = null;
  }

  private Verification(String path) {
    this.client = null;
    this.path = path;
  }

  /** Returns a verification of a ledger file. */
  public static Verification of(Path path) {
    return new Verification(path.toString());
  }

  /** Verifies only one agent. An unknown agent is not valid. */
  public Verification agent(String agent) {
    agentId = agent;
    return this;
  }

  /** Does not adopt orphaned journals. Their records are counted as pending. */
  public Verification readOnly() {
    readOnly = true;
    return this;
  }

  /** Sets the level: "chain", "tree" or "full" (the default). */
  public Verification level(String name) {
    level = name;
    return this;
  }

  /** Sets a trusted public key, or the path of a file that contains one. */
  public Verification key(String trusted) {
    key = trusted;
    return this;
  }

  /** Adds a file with a trusted head. It may be called more than once. */
  public Verification head(Path file) {
    heads.add(file.toString());
    return this;
  }

  /** Verifies only the events after the newest trusted head, if the ledger extends that head. */
  public Verification incremental() {
    incremental = true;
    return this;
  }

  /** Sets the number of threads that read and hash, up to 64. 0 means 2. */
  public Verification threads(int count) {
    threads = count;
    return this;
  }

  /**
   * Calls {@code watcher} on the thread of {@link #run}. If it returns false or throws a RuntimeException, the
   * verification stops. {@code run} throws that exception again.
   */
  public Verification progress(Progress watcher) {
    progress = watcher;
    return this;
  }

  /** Runs the verification. It throws only for an invalid argument or if the watcher stopped it. */
  public Report run() {
    Work work = new Work(progress);
    Plog.Struct options =
        new Plog.Struct(80) // plog_verify_options
            .int32(readOnly ? 1 : 0)
            .text("path", path)
            .text("agent", agentId)
            .callback(work.watcher())
            .int64(0) // user_data
            .text("level", level)
            .text("key", key)
            .texts("head", heads)
            .int32(heads.size())
            .int32(incremental ? 1 : 0)
            .int32(threads)
            .int32(0); // reserved
    return Report.parse(
        work.run(client, options, (address, out, err) -> Plog.plog_verify(address, options.pointer(), out, err)));
  }
}
