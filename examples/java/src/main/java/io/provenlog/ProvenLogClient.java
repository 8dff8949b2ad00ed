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
 * Records events into one ledger. Any thread may use it at any time. Once {@code log} has returned, the event survives
 * the death of the process; a background thread commits it to the ledger.
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
   * Opens a ledger, creates it if it does not exist, and commits the events that dead processes left in their journals.
   * It reads the configuration and the environment; later changes to them have no effect on this client.
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

  /**
   * Records an event and returns its id. Throws INVALID only if neither the event nor the client has an agent id, and
   * FULL if there is no space in the journal or on the disk.
   */
  public String log(Event event) {
    return log(event.fields());
  }

  /** Records an event given as a map from the schema's field names to values. */
  public String log(Map<String, ?> event) {
    return logJson(Json.write(event));
  }

  /** Records an event given as a JSON object, and returns its id. Throws INVALID for malformed JSON too. */
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

  /**
   * Attaches an object to one value of a label and replaces an earlier object. The change is recorded as a system
   * event.
   */
  public void setContext(String key, String value, Map<String, ?> context) {
    setContext(key, Plog.utf8(value + "\0"), Plog.utf8(value).length, context);
  }

  /**
   * {@code setContext} for the value that {@link ClientOptions#label} gives to the label. Throws INVALID if the options
   * do not contain the label.
   */
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

  /** Returns the object attached to a value of a label, or empty if there is no such object. */
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

  /**
   * Returns the first event committed with this id, of any agent, or empty if there is no such event. The id may be any
   * text that was given as an event's id.
   */
  public Optional<StoredEvent> get(String id) {
    return get(id, null);
  }

  /** Returns the event of an agent with this id, or empty if there is no such event. */
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

  /**
   * Returns the events that a filter selects. The query sees all events that this client recorded before the call.
   * Close the cursor after use.
   */
  public EventCursor query(Filter filter) {
    return new EventCursor(handle, Plog.utf8(filter.json()));
  }

  /** {@code query} as a stream. Close the stream after use. */
  public Stream<StoredEvent> stream(Filter filter) {
    return query(filter).stream();
  }

  /** Flushes the client and verifies the whole ledger. */
  public Report verify() {
    return new Verification(this).run();
  }

  /** Returns an export of this client's ledger, whose options can be set before it is written. */
  public Export export() {
    return new Export(this);
  }

  /**
   * Returns the first event committed with this id together with its proof, as the text of a {@code .plog} file. Throws
   * NOT_FOUND if there is no such event.
   */
  public String prove(String id) {
    return prove(id, null);
  }

  /** {@code prove} for the event of one agent. */
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

  /** Returns a verification of this client's ledger, with options: level, key, heads, agent and progress. */
  public Verification verification() {
    return new Verification(this);
  }

  /** Returns an operation on this client's ledger, which is called by its {@code run}. */
  public Operation operation(String name) {
    return new Operation(handle, name);
  }

  /**
   * Calls an operation by its name, with its parameters as the text of a JSON object ("" for none), and returns its
   * result as JSON text. {@link Operation} takes and returns maps, and reports progress.
   */
  public String call(String name, String parametersJson) {
    return operation(name).run(parametersJson);
  }

  Handle handle() {
    return handle;
  }

  /** Waits until all events accepted before the call are committed. */
  public void flush() {
    flush(-1);
  }

  /** Waits until all events accepted before the call are committed. Throws TIMEOUT if that takes longer. */
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

  /** Returns the real path of the ledger file. */
  public Path dbPath() {
    return call(client -> Path.of(Plog.text(Plog.plog_client_db_path(client))));
  }

  /** Returns the counters. */
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
   * Waits for the next asynchronous error and returns it. Such an error occurs after {@code log} has returned: a commit
   * failed (it is tried again), an event was dropped, or a retry has different content. Returns empty after {@code
   * timeout} without an error. Throws CLOSED if the client is closed. The library keeps at most 64 errors.
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
   * Commits all events and rejects further ones. It waits up to 5 s. If it throws TIMEOUT, the client is closed too,
   * and its events stay in the journal until another process opens the ledger. Later calls do nothing.
   */
  @Override
  public void close() {
    close(CLOSE_TIMEOUT);
  }

  /** {@code close} with another time limit. */
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
