package io.provenlog;

import java.lang.ref.Reference;
import java.nio.file.Path;

/** A verification to be run. */
public final class Verification {
  /** Told now and then how far a verification is. */
  @FunctionalInterface
  public interface Progress {
    /** Returns false to stop the verification, which then throws CANCELLED. Must not use the client. */
    boolean update(long done, long total);
  }

  private final Handle client; // or null
  private final String path;
  private String agentId;
  private boolean readOnly;
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

  /** Calls {@code watcher} on this thread. What it throws stops the verification and is thrown by {@code run}. */
  public Verification progress(Progress watcher) {
    progress = watcher;
    return this;
  }

  /** Runs it. It throws only for a bad argument or a cancel. */
  public Report run() {
    RuntimeException[] thrown = new RuntimeException[1];
    Plog.Progress watcher = progress == null ? null : (userData, done, total) -> update(done, total, thrown);
    Plog.Struct options =
        new Plog.Struct(40) // plog_verify_options
            .int32(readOnly ? 1 : 0)
            .text("path", path)
            .text("agent", agentId)
            .callback(watcher)
            .int64(0); // user_data
    long[] out = new long[1];
    long[] err = new long[1];
    long address = client == null ? 0 : client.acquire();
    int status;
    try {
      status = Plog.plog_verify(address, options.pointer(), out, err);
    } finally {
      if (client != null) {
        client.release();
      }
      Reference.reachabilityFence(options);
    }
    ProvenLogException failed = Plog.takeError(err[0]);
    if (thrown[0] != null) {
      throw thrown[0];
    }
    if (failed != null) {
      throw failed;
    }
    Plog.check(status, new long[1]);
    return Report.parse(Plog.takeText(out[0]));
  }

  /** An exception must not cross the library: it is kept, and stops the verification. */
  private int update(long done, long total, RuntimeException[] thrown) {
    try {
      return progress.update(done, total) ? 0 : 1;
    } catch (RuntimeException error) {
      thrown[0] = error;
      return 1;
    }
  }
}
