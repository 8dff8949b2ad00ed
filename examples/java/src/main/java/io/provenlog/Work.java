package io.provenlog;

import java.lang.ref.Reference;

/** A long call of the library that returns text. It reports its progress and can be stopped. */
final class Work {
  /** A call of a function of the C API. */
  @FunctionalInterface
  interface Call {
    int run(long client, long[] out, long[] err);
  }

  private final Progress progress; // or null
  private RuntimeException thrown;

  Work(Progress progress) {
    this.progress = progress;
  }

  /** Returns the callback for the options struct, or null if there is no {@code progress}. */
  Plog.Progress watcher() {
    return progress == null ? null : (userData, done, total) -> update(done, total);
  }

  /** An exception must not unwind through the library: it is stored, stops the work, and {@link #run} throws it. */
  private int update(long done, long total) {
    try {
      return progress.update(done, total) ? 0 : 1;
    } catch (RuntimeException error) {
      thrown = error;
      return 1;
    }
  }

  /** Runs the call and returns its text. Throws the exception of {@code progress}, or the error of the call. */
  String run(Handle client, Plog.Struct options, Call call) {
    long[] out = new long[1];
    long[] err = new long[1];
    long address = client == null ? 0 : client.acquire();
    int status;
    try {
      status = call.run(address, out, err);
    } finally {
      if (client != null) {
        client.release();
      }
      Reference.reachabilityFence(options);
    }
    if (thrown != null) {
      Plog.takeError(err[0]);
      throw thrown;
    }
    Plog.check(status, err);
    return Plog.takeText(out[0]);
  }
}
