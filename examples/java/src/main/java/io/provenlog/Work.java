package io.provenlog;

import java.lang.ref.Reference;

/** A call that takes long and gives a text: it tells how far it is, and may be stopped. */
final class Work {
  /** A function of the C API with its struct of options. */
  @FunctionalInterface
  interface Call {
    int run(long client, long[] out, long[] err);
  }

  private final Progress progress; // or null
  private RuntimeException thrown;

  Work(Progress progress) {
    this.progress = progress;
  }

  /** What goes into the struct; null where nobody wants to be told. */
  Plog.Progress watcher() {
    return progress == null ? null : (userData, done, total) -> update(done, total);
  }

  /** An exception must not cross the library: it is kept, and stops the work. */
  private int update(long done, long total) {
    try {
      return progress.update(done, total) ? 0 : 1;
    } catch (RuntimeException error) {
      thrown = error;
      return 1;
    }
  }

  /** The text; throws what {@code progress} threw, or what the call failed with. */
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
