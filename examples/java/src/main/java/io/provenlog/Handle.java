package io.provenlog;

import io.provenlog.ProvenLogException.Code;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/**
 * Owns an object of the library. It counts references, because one thread may close it while others are inside a call:
 * the last {@link #release} destroys the object. The cleaner is for owners that the program forgets to close.
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

  /** Releases this handle when {@code owner} is garbage collected without having been closed. */
  void disownWith(Object owner) {
    CLEANER.register(
        owner,
        () -> {
          if (disown()) {
            release();
          }
        });
  }

  /** Returns true for the first call. The caller must then call {@link #release}. */
  boolean disown() {
    return disowned.compareAndSet(false, true);
  }

  /** Returns the address, which is valid until {@link #release}. Throws CLOSED if the object is destroyed. */
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
