package io.provenlog;

import io.provenlog.ProvenLogException.Code;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/**
 * Owns something of the library. It is counted, because one thread may close it while others are inside a call: whoever
 * leaves last destroys it. The cleaner is only for owners that are forgotten without having been closed.
 */
final class Handle {
  private static final Cleaner CLEANER = Cleaner.create();

  private final String what;
  private final long address;
  private final LongConsumer destroy;
  private final AtomicInteger users = new AtomicInteger(1);
  private final AtomicBoolean disowned = new AtomicBoolean();

  Handle(String what, long address, LongConsumer destroy) {
    this.what = what;
    this.address = address;
    this.destroy = destroy;
  }

  /** Lets go of this handle when {@code owner} is collected without having been closed. */
  void disownWith(Object owner) {
    CLEANER.register(
        owner,
        () -> {
          if (disown()) {
            release();
          }
        });
  }

  /** True for the first call, after which the owner must call {@link #release}. */
  boolean disown() {
    return disowned.compareAndSet(false, true);
  }

  /** The address, which is good until {@link #release}. */
  long acquire() {
    int count = users.getAndUpdate(users -> users == 0 ? 0 : users + 1);
    if (count == 0) {
      throw new ProvenLogException(Code.CLOSED, "the " + what + " is closed");
    }
    return address;
  }

  void release() {
    if (users.decrementAndGet() == 0) {
      destroy.accept(address);
    }
  }
}
