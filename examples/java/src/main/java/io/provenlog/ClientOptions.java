package io.provenlog;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Options of a client. The value of an option that is not set comes from the environment, else from the configuration,
 * else it is the default named here. Opening the client throws CONFIG for a value out of range. Durations are rounded up
 * to whole milliseconds.
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

  /** What {@code log} does when the journal has reached its limit or the disk is full. */
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

  /** How content is stored. */
  public enum Capture {
    /** Unchanged. */
    FULL,
    /** With markers in place of findings. */
    REDACTED,
    /** Only its size and SHA-256. */
    DIGEST,
    /** Only its size. */
    NONE;

    private String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Map<String, Object> captureContent = new LinkedHashMap<>();
  private final Map<String, String> captureFields = new LinkedHashMap<>();
  private final Map<String, String> captureActionTypes = new LinkedHashMap<>();
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
  private Boolean salt; // this and the following are null if not given
  private Integer batchSize;
  private Duration flushInterval;
  private Duration blockTimeout;
  private Long maxEventBytes;
  private Long journalLimitBytes;
  private Integer readConnections;

  /** Sets the ledger file. Default: ~/.provenlog/events.db. */
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

  /** Sets what a recorded event survives. Default: PROCESS. */
  public ClientOptions durability(Durability value) {
    durability = value;
    return this;
  }

  /** Sets what {@code log} does when the journal is full. Default: BLOCK. */
  public ClientOptions onFull(OnFull value) {
    onFull = value;
    return this;
  }

  /**
   * Sets whether 16 random bytes are added to each event, so that a short payload cannot be guessed from its hash.
   * Without salt, equal events have equal bytes. Default: true.
   */
  public ClientOptions salt(boolean value) {
    salt = value;
    return this;
  }

  /** Sets the number of events in one commit, 1 to 4096. Default: 100. */
  public ClientOptions batchSize(int events) {
    batchSize = events;
    return this;
  }

  /** Sets the longest delay of a commit, 1 ms to 1 h. Default: 1 s. */
  public ClientOptions flushInterval(Duration interval) {
    flushInterval = interval;
    return this;
  }

  /** Sets how long {@link OnFull#BLOCK} waits, 1 ms to 24 h. Default: 5 s. */
  public ClientOptions blockTimeout(Duration timeout) {
    blockTimeout = timeout;
    return this;
  }

  /**
   * Sets the limit for the canonical bytes of one event, 4096 to 67108864. Longer events are truncated. Default: 1 MiB.
   */
  public ClientOptions maxEventBytes(long bytes) {
    maxEventBytes = bytes;
    return this;
  }

  /**
   * Sets the limit for uncommitted events in the journal of this process, 1 MiB to 2^53 bytes. Default: 256 MiB.
   */
  public ClientOptions journalLimitBytes(long bytes) {
    journalLimitBytes = bytes;
    return this;
  }

  /**
   * Sets how many queries of this process run at once on the ledger, 1 to 64. Further queries wait until one ends.
   * Default: 4.
   */
  public ClientOptions readConnections(int connections) {
    readConnections = connections;
    return this;
  }

  /** Sets how content is stored. Default: REDACTED. {@link #captureField} and {@link #captureActionType} override it. */
  public ClientOptions captureContent(Capture capture) {
    captureContent.put("default", capture.word());
    return this;
  }

  /** Sets how the content of one field is stored, such as "action_output". docs/redaction.md lists the fields. */
  public ClientOptions captureField(String field, Capture capture) {
    captureFields.put(field, capture.word());
    captureContent.put("fields", captureFields);
    return this;
  }

  /**
   * Sets how the content of events with one action type is stored, such as "LLM_CALL". If a rule for the field applies
   * too, the one that keeps less is used.
   */
  public ClientOptions captureActionType(String actionType, Capture capture) {
    captureActionTypes.put(actionType, capture.word());
    captureContent.put("action_types", captureActionTypes);
    return this;
  }

  /** Returns the C struct plog_client_options, in which 0 means "not given". */
  Plog.Struct struct() {
    return new Plog.Struct(136)
        .int32(durability.ordinal())
        .int32(onFull.ordinal())
        .int32(0)
        .text("baseUrl", baseUrl)
        .text("dbPath", dbPath)
        .text("agentId", agentId)
        .text("sessionId", sessionId)
        .text("labels", json(labels))
        .text("metadata", json(metadata))
        .text("context", json(context))
        .text("source", source)
        .text("captureMethod", captureMethod)
        .int32((int) number("batchSize", batchSize))
        .int32(milliseconds("flushInterval", flushInterval))
        .int32(milliseconds("blockTimeout", blockTimeout))
        .int32(0)
        .int64(number("maxEventBytes", maxEventBytes))
        .int64(number("journalLimitBytes", journalLimitBytes))
        .text("captureContent", json(captureContent))
        .int32(salt == null ? 0 : salt ? 1 : 2)
        .int32((int) number("readConnections", readConnections));
  }

  private static String json(Map<String, ?> object) {
    return object.isEmpty() ? null : Json.write(object);
  }

  /** Returns a value whose range the library has checked, or 0 for null. */
  private static long number(String name, Number value) {
    if (value == null) {
      return 0;
    }
    checkOption(name, value.toString());
    return value.longValue();
  }

  private static int milliseconds(String name, Duration duration) {
    if (duration == null) {
      return 0;
    }
    checkOption(name, new BigDecimal(duration.getSeconds()).add(BigDecimal.valueOf(duration.getNano(), 9)).toString());
    return (int) milliseconds(duration);
  }

  private static void checkOption(String name, String value) {
    byte[] text = Plog.utf8(value);
    long[] err = new long[1];
    Plog.check(Plog.plog_client_option_check(Plog.terminated("option", name), text, text.length, err), err);
  }

  /** Returns a duration in milliseconds, rounded up so that a short duration does not become 0. */
  static long milliseconds(Duration duration) {
    return duration.plusNanos(999_999).toMillis();
  }
}
