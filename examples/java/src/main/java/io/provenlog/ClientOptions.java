package io.provenlog;

import io.provenlog.ProvenLogException.Code;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Options of a client. The value of an option that is not set comes from the configuration, else from the library's
 * default. Durations are rounded up to whole milliseconds.
 */
public final class ClientOptions {
  /** What a recorded event survives. */
  public enum Durability {
    /** The configured value, else PROCESS. */
    DEFAULT,
    /** It survives the death of the process. */
    PROCESS,
    /** It survives a loss of power: each call waits for an fsync. */
    POWER
  }

  /** What {@code log} does when the journal has reached its limit. */
  public enum OnFull {
    /** The configured value, else BLOCK. */
    DEFAULT,
    /** Wait up to the block timeout for space, then act as DROP. */
    BLOCK,
    /** Throw FULL at once. The loss is counted and recorded as a gap event in the ledger. */
    DROP,
    /** Throw FULL at once. The caller keeps the event, so it is not counted as lost. */
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

  /** Sets the ledger file. Default: PROVENLOG_DB_PATH, then the configuration, then ~/.provenlog/events.db. */
  public ClientOptions dbPath(Path path) {
    return dbPath(path.toString());
  }

  /** Sets the ledger file. */
  public ClientOptions dbPath(String path) {
    dbPath = path;
    return this;
  }

  /** Sets the URL of a server, for server mode. It does not exist yet: opening the client throws UNSUPPORTED. */
  public ClientOptions baseUrl(String url) {
    baseUrl = url;
    return this;
  }

  /** Sets the agent of events that have none. */
  public ClientOptions agentId(String agent) {
    agentId = agent;
    return this;
  }

  /** Sets the session of events that have none. */
  public ClientOptions sessionId(String session) {
    sessionId = session;
    return this;
  }

  /** Sets the source of events. Default: "sdk". */
  public ClientOptions source(String value) {
    source = value;
    return this;
  }

  /** Sets how events are captured. Default: "embedded". */
  public ClientOptions captureMethod(String value) {
    captureMethod = value;
    return this;
  }

  /** Adds a label to every event that has no label with this key. */
  public ClientOptions label(String key, String value) {
    labels.put(key, value);
    return this;
  }

  /** Adds an entry to the metadata of every event that has no entry with this key. */
  public ClientOptions metadata(String key, Object value) {
    metadata.put(key, value);
    return this;
  }

  /**
   * Attaches an object to the value that {@link #label} gives to a label, as {@link ProvenLogClient#setContext(String,
   * Map)} does.
   */
  public ClientOptions context(String key, Map<String, ?> object) {
    context.put(key, object);
    return this;
  }

  /** Sets what a recorded event survives. */
  public ClientOptions durability(Durability value) {
    durability = value;
    return this;
  }

  /** Sets what {@code log} does when the journal is full. */
  public ClientOptions onFull(OnFull value) {
    onFull = value;
    return this;
  }

  /** Sets whether events get a salt (the default). Without salt, equal events have equal bytes. */
  public ClientOptions salt(boolean value) {
    salt = value;
    return this;
  }

  /** Sets the number of events in one commit, 1 to 4096. Default: the configuration, else 100. */
  public ClientOptions batchSize(int events) {
    batchSize = events;
    return this;
  }

  /** Sets the longest delay of a commit, 1 ms to 1 h. Default: the configuration, else 1 s. */
  public ClientOptions flushInterval(Duration interval) {
    flushInterval = interval;
    return this;
  }

  /** Sets how long {@link OnFull#BLOCK} waits. Default: the configuration, else 5 s. */
  public ClientOptions blockTimeout(Duration timeout) {
    blockTimeout = timeout;
    return this;
  }

  /**
   * Sets the limit for the canonical bytes of one event, 4 KiB to 64 MiB. Longer events are cut. Default: the
   * configuration, else 1 MiB.
   */
  public ClientOptions maxEventBytes(long octets) {
    maxEventBytes = octets;
    return this;
  }

  /**
   * Sets the limit for uncommitted events in the journal of this process, at least 1 MiB. Default: the configuration,
   * else 256 MiB.
   */
  public ClientOptions journalLimitBytes(long octets) {
    journalLimitBytes = octets;
    return this;
  }

  /** Returns the C struct plog_client_options. */
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
        .int32(unsigned("batchSize", batchSize, "1 to 4096"))
        .int32(unsigned("flushInterval", milliseconds(flushInterval), "1 ms to 1 h"))
        .int32(unsigned("blockTimeout", milliseconds(blockTimeout), "1 ms to 1193 h"))
        .int32(0)
        .int64(maxEventBytes)
        .int64(journalLimitBytes);
  }

  private static String json(Map<String, ?> object) {
    return object.isEmpty() ? null : Json.write(object);
  }

  private static int unsigned(String name, long value, String range) {
    if (value < 0 || value > 0xffffffffL) {
      String unit = range.startsWith("1 ms") ? " ms" : "";
      throw new ProvenLogException(Code.INVALID, name + ": " + value + unit + " is out of range; use " + range);
    }
    return (int) value;
  }

  /** Returns a duration in milliseconds, rounded up so that a short duration does not become 0. */
  static long milliseconds(Duration duration) {
    return duration.plusNanos(999_999).toMillis();
  }
}
