/** What a client is opened with. */
import { checkNames, choice, interval, type Mapping, milliseconds, objectText, setting, whole } from "./arguments.js";
import { InvalidEventError, type ProvenLogError, UnsupportedError } from "./errors.js";
import type { Settings } from "./native.js";

const DURABILITY = { process: 1, power: 2 } as const;
const ON_FULL = { block: 1, drop: 2, raise: 3 } as const;

/** All optional; what is not given comes from configuration. Times are seconds. */
export interface ClientOptions {
  /** The agent of events that name none. */
  agentId?: string | undefined;
  /** The session of events that name none. */
  sessionId?: string | undefined;
  /** The ledger; by default PROVENLOG_DB_PATH, then the configuration, then ~/.provenlog/events.db. */
  dbPath?: string | undefined;
  /** Events after which a batch is committed, 1 to 4096 (100). */
  batchSize?: number | undefined;
  /** Seconds after which a batch is committed (1). */
  flushInterval?: number | undefined;
  /** Seconds that `flush` and `close` wait when they are not told (30). */
  timeout?: number | undefined;
  /** Merged into every event, whose own keys win. Not indexed. */
  metadata?: Mapping | undefined;
  /** Merged into every event, whose own keys win. Indexed. */
  labels?: Mapping | undefined;
  /** Maps default labels to objects, as `setContext` does one by one. */
  context?: Readonly<Record<string, Mapping>> | undefined;
  /**
   * Called when something fails after `logEvent` returned. Without it such errors are process warnings of the type
   * `ProvenLogWarning`.
   */
  onError?: ((error: ProvenLogError) => void) | undefined;
  /** "process" (default): events survive the death of the process. "power": also the loss of power; an fsync a call. */
  durability?: "process" | "power" | undefined;
  /** When the journal is full: "block" (default; in Node it never waits, as "drop"), "drop", or "raise". */
  onFull?: "block" | "drop" | "raise" | undefined;
  /** Seconds; for programs of other languages that share these options. An event loop never waits. */
  blockTimeout?: number | undefined;
  /** 16 random bytes in each event, so that a short erased payload cannot be guessed from its hash (true). */
  salt?: boolean | undefined;
  maxEventBytes?: number | undefined;
  journalLimitBytes?: number | undefined;
  source?: string | undefined;
  captureMethod?: string | undefined;
  /** What is kept of content ("redacted"): see docs/redaction.md. */
  captureContent?: Capture | CapturePolicy | undefined;
  /** For server mode, which this release refuses. */
  apiKey?: string | undefined;
}
/** As it came; without what redaction finds; its size and SHA-256 only; its size only. */
export type Capture = "full" | "redacted" | "digest" | "none";

/** As in the configuration file. Where a field and an action type are both named, less is kept. */
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
  "source",
  "captureMethod",
  "captureContent",
  "apiKey",
]);

/** The options checked: those for the core, and what a client waits by default, in milliseconds. */
export function settingsOf(url: string | undefined, options: ClientOptions): { settings: Settings; timeout: number } {
  checkNames(options, NAMES, "options of a client");
  if (options.apiKey != null) {
    throw new UnsupportedError("apiKey belongs to server mode, which does not exist yet; leave it out");
  }
  if (options.onError != null && typeof options.onError !== "function") {
    throw new InvalidEventError("onError must be a function");
  }
  const settings = {
    baseUrl: (url ?? process.env["PROVENLOG_SERVER_URL"]) || undefined,
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
    batchSize: whole(options.batchSize, "batchSize", 4096),
    flushInterval: interval(options.flushInterval, "flushInterval"),
    blockTimeout: interval(options.blockTimeout, "blockTimeout"),
    maxEventBytes: whole(options.maxEventBytes, "maxEventBytes"),
    journalLimitBytes: whole(options.journalLimitBytes, "journalLimitBytes"),
    durability: choice(options.durability, DURABILITY, "durability"),
    onFull: choice(options.onFull, ON_FULL, "onFull"),
    noSalt: options.salt === false,
  };
  return { settings, timeout: milliseconds(options.timeout ?? 30, "timeout") };
}
