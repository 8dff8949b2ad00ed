package io.provenlog;

import io.provenlog.ProvenLogException.Code;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.Stream;

/**
 * Records events into one ledger. Any thread may use it at any time. An event that {@code log} has accepted survives the
 * death of the process; storing it happens in the background.
 *
 * <pre>{@code
 * try (var client = new ProvenLogClient(new ClientOptions().dbPath("events.db").agentId("researcher"))) {
 *   String call = client.log(Event.of("TOOL_CALL").name("add").input(Map.of("a", 1, "b", 2)));
 *   client.log(Event.of("TOOL_RESULT").name("add").parent(call).output(3));
 * }
 * }</pre>
 */
public final class ProvenLogClient implements AutoCloseable {
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final Handle handle;

  /**
   * Opens a ledger, creating it when absent, and records what dead processes left in their journals. Configuration and
   * environment are read here, once.
   */
  public ProvenLogClient(ClientOptions options) {
    Plog.Struct struct = options.struct();
    long[] out = new long[1];
    long[] err = new long[1];
    try {
      Plog.check(Plog.plog_client_new(struct.pointer(), out, err), err);
    } finally {
      Reference.reachabilityFence(struct);
    }
    handle = new Handle("client", out[0], Plog::plog_client_destroy);
    handle.disownWith(this);
  }

  private <T> T call(LongFunction<T> call) {
    long client = handle.acquire();
    try {
      return call.apply(client);
    } finally {
      handle.release();
    }
  }

  /** Records an event and returns its id. The only event refused (INVALID) is one without an agent. */
  public String log(Event event) {
    return log(event.fields());
  }

  /** Records an event given by its fields, under their names in the schema. */
  public String log(Map<String, ?> event) {
    return logJson(Json.write(event));
  }

  /** Records an event given as a JSON object. */
  public String logJson(String event) {
    byte[] json = Plog.utf8(event);
    return call(
        client -> {
          byte[] id = new byte[Plog.ID_SIZE];
          long[] err = new long[1];
          Plog.check(Plog.plog_log_event(client, json, json.length, id, err), err);
          return new String(id, 0, Plog.ID_SIZE - 1, StandardCharsets.US_ASCII);
        });
  }

  /** Attaches an object to one value of a label, in place of an earlier one. It is recorded as a system event. */
  public void setContext(String key, String value, Map<String, ?> context) {
    setContext(key, Plog.utf8(value + "\0"), Plog.utf8(value).length, context);
  }

  /** {@code setContext} for the client's own value of a label; INVALID if it has none. */
  public void setContext(String key, Map<String, ?> context) {
    setContext(key, null, 0, context);
  }

  private void setContext(String key, byte[] value, int valueSize, Map<String, ?> context) {
    byte[] keyText = Plog.utf8(key);
    byte[] text = Plog.utf8(Json.write(context));
    call(
        client -> {
          long[] err = new long[1];
          int status =
              Plog.plog_client_set_context(client, keyText, keyText.length, value, valueSize, text, text.length, err);
          Plog.check(status, err);
          return null;
        });
  }

  /** The object attached to a value of a label, if one was. */
  public Optional<Map<String, Object>> context(String key, String value) {
    byte[] keyText = Plog.utf8(key);
    byte[] valueText = Plog.utf8(value);
    return call(
        client -> {
          long[] out = new long[1];
          long[] err = new long[1];
          int status =
              Plog.plog_client_get_context(client, keyText, keyText.length, valueText, valueText.length, out, err);
          return found(status, out, err).map(JsonParser::parseObject);
        });
  }

  /** The first event committed with an id (any text that was given as one), if there is one. */
  public Optional<StoredEvent> get(String id) {
    return get(id, null);
  }

  /** The event of an agent with an id, if there is one. */
  public Optional<StoredEvent> get(String id, String agentId) {
    byte[] idText = Plog.utf8(id);
    byte[] agent = agentId == null ? null : Plog.utf8(agentId);
    return call(
        client -> {
          long[] out = new long[1];
          long[] err = new long[1];
          int agentSize = agent == null ? 0 : agent.length;
          int status = Plog.plog_client_get_event(client, idText, idText.length, agent, agentSize, out, err);
          return found(status, out, err).map(StoredEvent::new);
        });
  }

  private static Optional<String> found(int status, long[] out, long[] err) {
    try {
      Plog.check(status, err);
    } catch (ProvenLogException error) {
      if (error.code() == Code.NOT_FOUND) {
        return Optional.empty();
      }
      throw error;
    }
    return Optional.of(Plog.takeText(out[0]));
  }

  /** The events that a filter selects, also those that this client recorded a moment ago. Close the cursor. */
  public EventCursor query(Filter filter) {
    return new EventCursor(handle, Plog.utf8(filter.json()));
  }

  /** {@code query} as a stream, to be closed like every stream that holds something. */
  public Stream<StoredEvent> stream(Filter filter) {
    return query(filter).stream();
  }

  /** Flushes, and verifies the whole ledger. */
  public Report verify() {
    return new Verification(this).run();
  }

  /** An export of this client's ledger. */
  public Export export() {
    return new Export(this);
  }

  /** One event with all that proves it, as the text of a {@code .plog} file. NOT_FOUND if there is no such event. */
  public String prove(String id) {
    return prove(id, null);
  }

  /** {@code prove} for the event of an agent. */
  public String prove(String id, String agentId) {
    byte[] text = Plog.utf8(id);
    byte[] agent = agentId == null ? null : Plog.utf8(agentId);
    return call(
        client -> {
          long[] out = new long[1];
          long[] err = new long[1];
          int size = agent == null ? 0 : agent.length;
          Plog.check(Plog.plog_client_prove(client, text, text.length, agent, size, out, err), err);
          return Plog.takeText(out[0]);
        });
  }

  /** A verification of this client's ledger: by level, key and heads, of one agent, or with progress. */
  public Verification verification() {
    return new Verification(this);
  }

  Handle handle() {
    return handle;
  }

  /** Commits everything accepted before the call, however long it takes. */
  public void flush() {
    flush(-1);
  }

  /** Commits everything accepted before the call; TIMEOUT when that takes too long. */
  public void flush(Duration timeout) {
    flush(ClientOptions.milliseconds(timeout));
  }

  private void flush(long milliseconds) {
    call(
        client -> {
          long[] err = new long[1];
          Plog.check(Plog.plog_client_flush(client, milliseconds, err), err);
          return null;
        });
  }

  /** The real path of the ledger file. */
  public Path dbPath() {
    return call(client -> Path.of(Plog.text(Plog.plog_client_db_path(client))));
  }

  /** Counters. */
  public Stats stats() {
    return call(
        client -> {
          Plog.Struct stats = new Plog.Struct(104); // plog_client_stats_t
          long[] lastError = new long[1];
          long[] err = new long[1];
          Plog.check(Plog.plog_client_stats(client, stats.pointer(), lastError, err), err);
          return new Stats(
              stats.int64At(8),
              stats.int64At(16),
              stats.int64At(24),
              stats.int64At(32),
              stats.int64At(40),
              stats.int64At(48),
              stats.int64At(56),
              stats.int64At(64),
              stats.int64At(72),
              stats.int64At(80),
              stats.int64At(88),
              stats.int64At(96),
              Plog.takeError(lastError[0]));
        });
  }

  /**
   * Waits for something that went wrong after {@code log} had returned: a commit that failed (and is tried again), an
   * event dropped, a retry whose content differs. Empty when the time passed; CLOSED is thrown when no more will come.
   */
  public Optional<ProvenLogException> nextError(Duration timeout) {
    return call(
        client -> {
          long[] out = new long[1];
          long[] err = new long[1];
          Plog.check(Plog.plog_client_next_error(client, ClientOptions.milliseconds(timeout), out, err), err);
          return Optional.ofNullable(Plog.takeError(out[0]));
        });
  }

  /**
   * Commits everything and refuses further events. It waits up to 5 s; on TIMEOUT the client is closed too, and its events
   * stay in the journal for the next process that opens the ledger. Closing twice is no error.
   */
  @Override
  public void close() {
    close(CLOSE_TIMEOUT);
  }

  /** {@code close} with another deadline. */
  public void close(Duration timeout) {
    if (!handle.disown()) {
      return;
    }
    try {
      call(
          client -> {
            long[] err = new long[1];
            Plog.check(Plog.plog_client_close(client, ClientOptions.milliseconds(timeout), err), err);
            return null;
          });
    } finally {
      handle.release();
    }
  }
}
