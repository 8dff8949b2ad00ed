package io.provenlog;

import com.sun.jna.Pointer;
import io.provenlog.ProvenLogException.Code;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The result of a query. It is read page by page, so that memory does not grow with the number of events. Use it from
 * one thread at a time, and close it after use.
 */
public final class EventCursor implements Iterator<StoredEvent>, Iterable<StoredEvent>, AutoCloseable {
  private final Handle handle;
  private StoredEvent ahead; // read by hasNext, not yet returned
  private long position = -1;
  private boolean ended;

  EventCursor(Handle client, byte[] filter) {
    long[] out = new long[1];
    long[] err = new long[1];
    long address = client.acquire(); // until the cursor is destroyed
    try {
      Plog.check(Plog.plog_client_query(address, filter, filter.length, out, err), err);
    } catch (RuntimeException error) {
      client.release();
      throw error;
    }
    handle =
        new Handle(
            "cursor",
            out[0],
            cursor -> {
              Plog.plog_cursor_destroy(cursor);
              client.release();
            });
    handle.disownWith(this);
  }

  @Override
  public boolean hasNext() {
    if (ahead == null && !ended) {
      ahead = read();
    }
    return ahead != null;
  }

  @Override
  public StoredEvent next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    StoredEvent event = ahead;
    ahead = null;
    position = call(Plog::plog_cursor_position);
    return event;
  }

  private interface Call<T> {
    T on(long cursor);
  }

  private <T> T call(Call<T> call) {
    long cursor = handle.acquire();
    try {
      return call.on(cursor);
    } finally {
      handle.release();
    }
  }

  private StoredEvent read() {
    return call(
        cursor -> {
          long[] json = new long[1];
          long[] size = new long[1];
          long[] err = new long[1];
          Plog.check(Plog.plog_cursor_next(cursor, json, size, err), err);
          ended = json[0] == 0;
          // The text is valid until the next call on the cursor.
          return ended ? null : new StoredEvent(Plog.text(new Pointer(json[0]), size[0]));
        });
  }

  /** Returns the position of the event last returned, for {@link Filter#after}, or -1 before the first event. */
  public long position() {
    return position;
  }

  /** Returns this cursor, for use in a for loop. It can be iterated only once. */
  @Override
  public Iterator<StoredEvent> iterator() {
    return this;
  }

  /** Returns the remaining events. Closing the stream closes the cursor. */
  public Stream<StoredEvent> stream() {
    int traits = Spliterator.ORDERED | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, traits), false).onClose(this::close);
  }

  /** Frees the cursor. {@code hasNext} then throws {@link Code#CLOSED}. It may be called more than once. */
  @Override
  public void close() {
    ahead = null;
    ended = false;
    if (handle.disown()) {
      handle.release();
    }
  }
}
