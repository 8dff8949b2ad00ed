package io.provenlog;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A verification to be run. */
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

  /** Of a ledger file. */
  public static Verification of(Path path) {
    return new Verification(path.toString());
  }

  /** Of one agent. An unknown one is never valid. */
  public Verification agent(String agent) {
    agentId = agent;
    return this;
  }

  /** Never drains the journals of dead processes first; their records are counted as pending. */
  public Verification readOnly() {
    readOnly = true;
    return this;
  }

  /** How much is looked at: "chain", "tree" or "full", the default. */
  public Verification level(String name) {
    level = name;
    return this;
  }

  /** A trusted public key, or the path of a file with one. */
  public Verification key(String trusted) {
    key = trusted;
    return this;
  }

  /** A file with a trusted head; may be called several times. */
  public Verification head(Path file) {
    heads.add(file.toString());
    return this;
  }

  /** Only the events behind the newest trusted head, which vouches for those before it. */
  public Verification incremental() {
    incremental = true;
    return this;
  }

  /** So many threads read and hash; 0 is two. */
  public Verification threads(int count) {
    threads = count;
    return this;
  }

  /** Calls {@code watcher} on this thread. What it throws stops the verification and is thrown by {@code run}. */
  public Verification progress(Progress watcher) {
    progress = watcher;
    return this;
  }

  /** Runs it. It throws only for a bad argument or a cancel. */
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
