package io.provenlog;

import io.provenlog.ProvenLogException.Code;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** How to open a client. What is not set comes from the configuration, or is the library's default. */
public final class ClientOptions {
  /** What a recorded event survives. */
  public enum Durability {
    /** What configuration says, else PROCESS. */
    DEFAULT,
    /** The death of the process. */
    PROCESS,
    /** The loss of power: each call waits for an fsync. */
    POWER
  }

  /** What happens when the journal has reached its limit. */
  public enum OnFull {
    /** What configuration says, else BLOCK. */
    DEFAULT,
    /** Wait up to the block timeout for space, then as DROP. */
    BLOCK,
    /** FULL at once; the loss is counted and becomes a gap event in the ledger. */
    DROP,
    /** FULL at once; the caller keeps the event, so nothing is counted as lost. */
    RAISE
  }

  private final Map<String, String> labels = new LinkedHashMap<>();
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final Map<String, Map<String, ?>> context = new LinkedHashMap<>();
  private String baseUrl;
  private String dbPath;
  private String agentId;
  private String sessionId;
  private String source;
  private String captureMethod;
  private Durability durability = Durability.DEFAULT;
  private OnFull onFull = OnFull.DEFAULT;
  private boolean salt = true;
  private long batchSize;
  private Duration flushInterval = Duration.ZERO;
  private Duration blockTimeout = Duration.ZERO;
  private long maxEventBytes;
  private long journalLimitBytes;

  /** The ledger file. Without: PROVENLOG_DB_PATH, configuration, then ~/.provenlog/events.db. */
  public ClientOptions dbPath(Path path) {
    return dbPath(path.toString());
  }

  /** The ledger file. */
  public ClientOptions dbPath(String path) {
    dbPath = path;
    return this;
  }

  /** A server in place of a file: UNSUPPORTED until server mode exists. */
  public ClientOptions baseUrl(String url) {
    baseUrl = url;
    return this;
  }

  /** The agent of events that name none. */
  public ClientOptions agentId(String agent) {
    agentId = agent;
    return this;
  }

  /** The session of events that name none. */
  public ClientOptions sessionId(String session) {
    sessionId = session;
    return this;
  }

  /** Where events come from; "sdk" by default. */
  public ClientOptions source(String value) {
    source = value;
    return this;
  }

  /** How events are captured; "embedded" by default. */
  public ClientOptions captureMethod(String value) {
    captureMethod = value;
    return this;
  }

  /** A label of every event, unless the event has one of that key itself. */
  public ClientOptions label(String key, String value) {
    labels.put(key, value);
    return this;
  }

  /** An entry of every event's metadata, unless the event has one of that key itself. */
  public ClientOptions metadata(String key, Object value) {
    metadata.put(key, value);
    return this;
  }

  /** Attaches an object to the client's own value of a label, as {@link ProvenLogClient#setContext(String, Map)}. */
  public ClientOptions context(String key, Map<String, ?> object) {
    context.put(key, object);
    return this;
  }

  /** What a recorded event survives. */
  public ClientOptions durability(Durability value) {
    durability = value;
    return this;
  }

  /** What happens when the journal is full. */
  public ClientOptions onFull(OnFull value) {
    onFull = value;
    return this;
  }

  /** Without salt the same event has the same octets each time. */
  public ClientOptions salt(boolean value) {
    salt = value;
    return this;
  }

  /** Events in one commit, 1 to 4096. */
  public ClientOptions batchSize(int events) {
    batchSize = events;
    return this;
  }

  /** The longest time until a commit, in steps of 1 ms. */
  public ClientOptions flushInterval(Duration interval) {
    flushInterval = interval;
    return this;
  }

  /** How long {@link OnFull#BLOCK} waits. */
  public ClientOptions blockTimeout(Duration timeout) {
    blockTimeout = timeout;
    return this;
  }

  /** The most canonical octets of one event; what is longer is cut. */
  public ClientOptions maxEventBytes(long octets) {
    maxEventBytes = octets;
    return this;
  }

  /** The most that the journal of this process may hold uncommitted. */
  public ClientOptions journalLimitBytes(long octets) {
    journalLimitBytes = octets;
    return this;
  }

  /** plog_client_options. */
  Plog.Struct struct() {
    return new Plog.Struct(120)
        .int32(durability.ordinal())
        .int32(onFull.ordinal())
        .int32(salt ? 0 : 1)
        .text("baseUrl", baseUrl)
        .text("dbPath", dbPath)
        .text("agentId", agentId)
        .text("sessionId", sessionId)
        .text("labels", json(labels))
        .text("metadata", json(metadata))
        .text("context", json(context))
        .text("source", source)
        .text("captureMethod", captureMethod)
        .int32(unsigned("batchSize", batchSize))
        .int32(unsigned("flushInterval", milliseconds(flushInterval)))
        .int32(unsigned("blockTimeout", milliseconds(blockTimeout)))
        .int32(0)
        .int64(maxEventBytes)
        .int64(journalLimitBytes);
  }

  private static String json(Map<String, ?> object) {
    return object.isEmpty() ? null : Json.write(object);
  }

  private static int unsigned(String name, long value) {
    if (value < 0 || value > 0xffffffffL) {
      throw new ProvenLogException(Code.INVALID, name + " is out of range: " + value);
    }
    return (int) value;
  }

  /** Rounded up, so that a short time never becomes none. */
  static long milliseconds(Duration duration) {
    return duration.plusNanos(999_999).toMillis();
  }
}
