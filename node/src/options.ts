/** Options of a client, and their conversion for the core. */
import {
  checkNames,
  choice,
  duration,
  type Mapping,
  milliseconds,
  objectText,
  setting,
  toggle,
  whole,
} from "./arguments.js";
import { InvalidEventError, type ProvenLogError, UnsupportedError } from "./errors.js";
import type { Settings } from "./native.js";

const DURABILITY = { process: 1, power: 2 } as const;
const ON_FULL = { block: 1, drop: 2, raise: 3 } as const;

/**
 * Options of a client. All are optional: an option that is undefined takes its value from the environment, else from the
 * configuration files, else the default named here. All times are in seconds. A value out of range, or a word that is
 * not a choice, throws ConfigError.
 */
export interface ClientOptions {
  /** The default agent of events without one. */
  agentId?: string | undefined;
  /** The default session of events without one. */
  sessionId?: string | undefined;
  /** The path of the ledger. Default: PROVENLOG_DB_PATH, then the configuration, then ~/.provenlog/events.db. */
  dbPath?: string | undefined;
  /** The number of events after which a batch is committed, 1 to 4096. Default: 100. */
  batchSize?: number | undefined;
  /** The time in seconds after which a batch is committed, 0.001 to 3600. Default: 1. */
  flushInterval?: number | undefined;
  /** How many seconds `flush` and `close` wait if they are called without a timeout. Default: 30. */
  timeout?: number | undefined;
  /** Merged into the metadata of every event; the event's own keys win. Not indexed. */
  metadata?: Mapping | undefined;
  /** Merged into the labels of every event; the event's own keys win. Indexed. */
  labels?: Mapping | undefined;
  /** Maps default labels to objects: one call of `setContext` for each of them. */
  context?: Readonly<Record<string, Mapping>> | undefined;
  /**
   * Called when something fails after `logEvent` returned. Without it, such errors are process warnings of the type
   * `ProvenLogWarning`.
   */
  onError?: ((error: ProvenLogError) => void) | undefined;
  /**
   * "process" (the default): a recorded event survives the death of the process. "power": it also survives a power
   * failure, and each call waits for an fsync.
   */
  durability?: "process" | "power" | undefined;
  /**
   * What happens when the journal has reached its limit or the disk is full. "drop": the event is lost, `logEvent`
   * returns "", and a gap event records the loss. "raise": `logEvent` throws JournalFullError. "block" (the default) is
   * the same as "drop" in Node, where `logEvent` never waits for space.
   */
  onFull?: "block" | "drop" | "raise" | undefined;
  /** How many seconds "block" waits, 0.001 to 86400. Default: 5. It has no effect in Node. */
  blockTimeout?: number | undefined;
  /**
   * Whether each event gets 16 random bytes, so that a short payload cannot be guessed from its hash. Default: true.
   */
  salt?: boolean | undefined;
  /** A larger event is truncated; 4096 to 67108864 bytes. Default: 1 MiB. */
  maxEventBytes?: number | undefined;
  /** Maximum total size of this process's uncommitted events, 1 MiB to 2^53 bytes. Default: 256 MiB. */
  journalLimitBytes?: number | undefined;
  /**
   * How many queries of this process run at once on the ledger, 1 to 64; further queries wait until one ends.
   * Default: 4.
   */
  readConnections?: number | undefined;
  /** The field `source` of every event. Default: "sdk". */
  source?: string | undefined;
  /** The field `capture_method` of every event. Default: "embedded". */
  captureMethod?: string | undefined;
  /** How content is stored. Default: "redacted". */
  captureContent?: Capture | CapturePolicy | undefined;
  /** Reserved for server mode, which this release does not support (UnsupportedError). */
  apiKey?: string | undefined;
}

/**
 * How content is stored. "full": unchanged. "redacted": with markers in place of findings. "digest": only its size and
 * SHA-256. "none": only its size.
 */
export type Capture = "full" | "redacted" | "digest" | "none";

/**
 * How content is stored, by field and by action type. If a rule for the field and one for the action type both apply,
 * the one that keeps less is used.
 */
export interface CapturePolicy {
  readonly default?: Capture;
  readonly fields?: Readonly<Record<string, Capture>>;
  readonly action_types?: Readonly<Record<string, Capture>>;
}

const NAMES: ReadonlySet<string> = new Set<keyof ClientOptions>([
  "agentId",
  "sessionId",
  "dbPath",
  "batchSize",
  "flushInterval",
  "timeout",
  "metadata",
  "labels",
  "context",
  "onError",
  "durability",
  "onFull",
  "blockTimeout",
  "salt",
  "maxEventBytes",
  "journalLimitBytes",
  "readConnections",
  "source",
  "captureMethod",
  "captureContent",
  "apiKey",
]);

/** Checks the options. Returns the settings for the core, and the default timeout of the client in milliseconds. */
export function settingsOf(url: string | undefined, options: ClientOptions): { settings: Settings; timeout: number } {
  checkNames(options, NAMES, "options of a client");
  if (options.apiKey != null) {
    throw new UnsupportedError("apiKey is for server mode, which this release does not support; leave it out");
  }
  if (options.onError != null && typeof options.onError !== "function") {
    throw new InvalidEventError("onError must be a function");
  }
  const settings = {
    baseUrl: url || undefined,
    dbPath: setting(options.dbPath, "dbPath"),
    agentId: setting(options.agentId, "agentId"),
    sessionId: setting(options.sessionId, "sessionId"),
    labels: objectText(options.labels, "labels"),
    metadata: objectText(options.metadata, "metadata"),
    context: objectText(options.context, "context"),
    source: setting(options.source, "source"),
    captureMethod: setting(options.captureMethod, "captureMethod"),
    captureContent:
      typeof options.captureContent === "string"
        ? setting(options.captureContent, "captureContent")
        : objectText(options.captureContent as Mapping | undefined, "captureContent"),
    batchSize: whole(options.batchSize, "batchSize"),
    flushInterval: duration(options.flushInterval, "flushInterval"),
    blockTimeout: duration(options.blockTimeout, "blockTimeout"),
    maxEventBytes: whole(options.maxEventBytes, "maxEventBytes"),
    journalLimitBytes: whole(options.journalLimitBytes, "journalLimitBytes"),
    readConnections: whole(options.readConnections, "readConnections"),
    durability: choice(options.durability, DURABILITY, "durability"),
    onFull: choice(options.onFull, ON_FULL, "onFull"),
    salt: toggle(options.salt, "salt"),
  };
  return { settings, timeout: milliseconds(options.timeout ?? 30, "timeout") };
}
