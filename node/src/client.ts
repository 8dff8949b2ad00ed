/** The client: what records events and reads them back. */
import { canonicalText } from "./canonical.js";
import { encode, record } from "./encode.js";
import { ClosedError, fromStatus, InvalidEventError, ProvenLogError, UnsupportedError } from "./errors.js";
import type { EventInput, Json, ProvenLogEvent } from "./event.js";
import { addon, type NativeClient, type NativeCursor, type Settings } from "./native.js";
import * as registry from "./registry.js";
import * as scopes from "./scope.js";
import { Session, type SessionOptions } from "./session.js";

const PAGE = 256;
const WARNING_INTERVAL_MS = 10_000;
// Asynchronous errors are looked for once in so many events when nobody waits for them.
const POLL_INTERVAL = 256;
const DURABILITY = { process: 1, power: 2 } as const;
const ON_FULL = { block: 1, drop: 2, raise: 3 } as const;

/** A mapping of any values. */
export type Mapping = Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown>;

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

/** All optional, and ANDed. */
export interface EventFilter {
  agentId?: string | undefined;
  actionType?: string | undefined;
  sessionId?: string | undefined;
  actionName?: string | undefined;
  actionStatus?: string | undefined;
  source?: string | undefined;
  /** RFC 3339, or a Date: since <= timestamp < until. */
  since?: string | Date | undefined;
  until?: string | Date | undefined;
  labels?: Readonly<Record<string, string>> | undefined;
  parentEventId?: string | undefined;
  toolCallId?: string | undefined;
  provenanceId?: string | undefined;
  artifactId?: string | undefined;
  auditId?: string | undefined;
  interventionId?: string | undefined;
  /** By commit; "asc" by default. */
  order?: "asc" | "desc" | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
  /** Also the events of the reserved agent `provenlog`. */
  includeSystem?: boolean | undefined;
}

const FILTERS: Readonly<Record<string, string>> = {
  agentId: "agent_id",
  actionType: "action_type",
  sessionId: "session_id",
  actionName: "action_name",
  actionStatus: "action_status",
  source: "source",
  since: "since",
  until: "until",
  labels: "labels",
  parentEventId: "parent_event_id",
  toolCallId: "tool_call_id",
  provenanceId: "provenance_id",
  artifactId: "artifact_id",
  auditId: "audit_id",
  interventionId: "intervention_id",
  order: "order",
  limit: "limit",
  offset: "offset",
  includeSystem: "include_system",
};

export interface VerifyOptions {
  /** Never drains orphaned journals first; their records are counted as pending. */
  readOnly?: boolean | undefined;
  /** Called now and then with the events done and all. What it throws stops the verification. */
  progress?: ((done: number, total: number) => void) | undefined;
}

/** What `plog verify --json` reports, and what is wrong in `error`. */
export interface Report {
  verdict: string;
  valid: boolean;
  events: number;
  agents: number;
  tail: number;
  assurance: string;
  findings: { agent_id?: string; sequence?: number; what: string; [name: string]: Json | undefined }[];
  agent_id?: string;
  error?: string;
  [name: string]: unknown;
}

/** Counters of this process and ledger. */
export interface Stats {
  accepted: number;
  stored: number;
  recovered: number;
  duplicates: number;
  conflicts: number;
  dropped: number;
  gaps: number;
  queuedEvents: number;
  queuedBytes: number;
  truncated: number;
  redactions: number;
  errors: number;
  lastError: ProvenLogError | null;
}

/** A scope entered by `using`. */
export interface Entered {
  [Symbol.dispose](): void;
}

/**
 * Records events into one ledger. Share it in one thread; open another one in each worker.
 *
 *     const client = new ProvenLogClient({ agentId: "researcher", dbPath: "events.db" });
 *     client.logEvent({ actionType: "TOOL_CALL", actionName: "search", actionInput: { query: "Merkle" } });
 *     await client.close();
 *
 * `logEvent` returns at once; all else is a promise, kept by a thread of libuv's pool.
 */
export class ProvenLogClient implements registry.Registered {
  readonly #native: NativeClient;
  readonly #timeout: number;
  readonly #labels: ReadonlyMap<string, unknown>;
  readonly #onError: ((error: ProvenLogError) => void) | undefined;
  #closing: Promise<void> | undefined;
  #recorded = 0;
  #untilPoll = POLL_INTERVAL;
  #warnedAt = -Infinity;
  #unwarned = 0;

  /** The URL is for server mode, which this release refuses. */
  constructor(url: string, options?: ClientOptions);
  constructor(options?: ClientOptions);
  constructor(first?: string | ClientOptions, second?: ClientOptions) {
    const url = typeof first === "string" ? first : undefined;
    const options = (typeof first === "string" ? second : first) ?? {};
    if (typeof options !== "object") throw new InvalidEventError("the options must be an object");
    for (const name of Object.keys(options)) {
      if (!OPTION_NAMES.has(name)) throw new InvalidEventError(`${name} is no option of a client`);
    }
    if (options.apiKey != null) {
      throw new UnsupportedError("apiKey belongs to server mode, which does not exist yet; leave it out");
    }
    if (options.onError != null && typeof options.onError !== "function") {
      throw new InvalidEventError("onError must be a function");
    }
    this.#timeout = milliseconds(options.timeout ?? 30, "timeout");
    this.#onError = options.onError ?? undefined;
    this.#labels = new Map(entriesOf(options.labels));
    this.#native = new addon.Client({
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
    } satisfies Settings);
    if (this.#onError !== undefined) this.#watch();
    registry.opened(this);
  }

  /** The real path of the ledger file. */
  get dbPath(): string {
    return this.#native.dbPath();
  }

  /** Events that this client recorded. */
  get recorded(): number {
    return this.#recorded;
  }

  // ---- Recording

  /**
   * Records one event and returns its id. When it returns, the event survives the death of this process; with the
   * durability "power" also the loss of power. Values may be anything: see docs/native-values.md. Agent, session and
   * parent come from the running scopes where the event names none.
   *
   * Returns "" when the event was not recorded because the journal was full: it is counted, and the ledger gets a gap
   * event. Throws InvalidEventError without an agent, ClosedError after close, JournalFullError with onFull "raise".
   */
  logEvent(event?: EventInput | ReadonlyMap<string, unknown> | null): string {
    if (this.#closing !== undefined) throw new ClosedError("the client was closed");
    const given: unknown = event ?? NO_EVENT;
    if (typeof given !== "object" || isArray(given)) {
      throw new InvalidEventError("logEvent() takes an object with the event's fields");
    }
    if (--this.#untilPoll === 0) this.#poll();
    const id = record(this.#native, given as object, scopes.current());
    if (id !== "") this.#recorded++;
    return id;
  }

  // ---- Reading

  /** One event by its id, or null. Without an agent: the first one committed with that id. */
  async getEvent(id: string, agentId?: string): Promise<ProvenLogEvent | null> {
    const found = await this.#open().getEvent(text(id, "id"), optionalText(agentId, "agentId"));
    return found === undefined ? null : (JSON.parse(found) as ProvenLogEvent);
  }

  /**
   * Events that match all filters, at most 100 unless told, oldest first (by commit) unless `order` is "desc". This
   * client's own events are always seen.
   */
  async getEvents(filter: EventFilter = {}): Promise<ProvenLogEvent[]> {
    const events: ProvenLogEvent[] = [];
    for await (const event of this.iterEvents({ ...filter, limit: filter.limit ?? 100 })) events.push(event);
    return events;
  }

  /**
   * The events of `getEvents` one by one, without a limit unless one is given. Goes by commit and holds one page at a
   * time; no transaction is open between pages.
   */
  iterEvents(filter: EventFilter = {}): AsyncIterableIterator<ProvenLogEvent> {
    // Not a generator itself: a wrong filter is reported here, not at the first step.
    this.#reportErrors();
    return rows(this.#open().query(filterText(filter)));
  }

  /**
   * Verifies the ledger, or one agent's chain: `{ valid: true, ... }` or `{ valid: false, error, ... }`. The rest of
   * the report is that of `plog verify --json`.
   */
  async verify(agentId?: string, options: VerifyOptions = {}): Promise<Report> {
    return verifyWith(this.#open(), undefined, agentId, options);
  }

  async stats(): Promise<Stats> {
    return (await this.#native.stats()) as Stats;
  }

  // ---- Context

  /**
   * Attaches an object to the value of a label, in place of an earlier one. The label is one of this client's default
   * labels, unless `value` names another value; InvalidEventError if there is no such default. Storage errors go to
   * `onError`.
   */
  async setContext(labelKey: string, context: Mapping, options: { value?: string | undefined } = {}): Promise<void> {
    const key = text(labelKey, "labelKey");
    const value = optionalText(options.value, "value");
    const object = objectText(context, "context") ?? "{}";
    try {
      await this.#open().setContext(key, value, object);
    } catch (error) {
      if (!(error instanceof ProvenLogError) || error.status === 1 || error.status === 7) throw error;
      this.deliver(error);
    }
  }

  /** The context of a label value (by default that of this client's label), or null. */
  async getContext(labelKey: string, value?: string): Promise<Record<string, Json> | null> {
    const key = text(labelKey, "labelKey");
    if (value === undefined) {
      if (!this.#labels.has(key)) throw new InvalidEventError(`'${key}' is no default label of this client`);
      value = String(this.#labels.get(key));
    }
    const found = await this.#open().getContext(key, text(value, "value"));
    return found === undefined ? null : (JSON.parse(found) as Record<string, Json>);
  }

  // ---- Scopes

  /**
   * Sets the session of what is logged inside (by default a new UUID), and writes the CUSTOM events `session.start` and
   * `session.end`; the latter carries the number of events that this client recorded between them, the duration, and
   * the error that ended it, if any.
   *
   *     await client.session("review-42", async (session) => { ... });
   *
   * With a function: the promise of its result. Without: a session for `using`, which lasts until the end of the block.
   * In an async function whose promise is not awaited at once, use the form with a function: what `using` enters is
   * also seen by the caller until the block ends.
   */
  session<T>(work: (session: Session) => T): Promise<Awaited<T>>;
  session<T>(sessionId: string | undefined, work: (session: Session) => T): Promise<Awaited<T>>;
  session<T>(
    sessionId: string | undefined,
    options: SessionOptions,
    work: (session: Session) => T,
  ): Promise<Awaited<T>>;
  session(sessionId?: string, options?: SessionOptions): Session;
  session<T>(...given: unknown[]): Session | Promise<Awaited<T>> {
    const last = given[given.length - 1];
    const work = typeof last === "function" ? (given.pop() as (session: Session) => T) : undefined;
    const [id, options] = given as [string | undefined, SessionOptions | undefined];
    const session = new Session(this, optionalText(id, "sessionId"), options ?? {});
    if (work === undefined) {
      session.enter();
      return session;
    }
    return session.run(work);
  }

  /** Sets the agent of what is logged in `work`, and returns its result; without it, until the end of a `using`. */
  agent<T>(agentId: string, work: () => T): T;
  agent(agentId: string): Entered;
  agent<T>(agentId: string, work?: () => T): T | Entered {
    return within(scopes.inner({ agent: text(agentId, "agentId") }), work);
  }

  /** Makes an event the parent of what is logged in `work`, and returns its result; without it, as `agent`. */
  parent<T>(eventId: string, work: () => T): T;
  parent(eventId: string): Entered;
  parent<T>(eventId: string, work?: () => T): T | Entered {
    return within(scopes.inner({ parent: text(eventId, "eventId") }), work);
  }

  // ---- End

  /**
   * Commits everything logged before the call to the ledger. FlushTimeoutError when that takes longer than `timeout`
   * seconds (by default the client's).
   */
  async flush(timeout?: number): Promise<void> {
    const wait = timeout === undefined ? this.#timeout : milliseconds(timeout, "timeout");
    try {
      await this.#open().flush(wait);
    } finally {
      this.#reportErrors();
    }
  }

  /**
   * Flushes, then refuses further events with ClosedError. Closing twice is no error. On FlushTimeoutError the client
   * is closed too; its events wait in the journal for the next program that opens the ledger.
   */
  close(timeout?: number): Promise<void> {
    if (this.#closing === undefined) {
      const wait = timeout === undefined ? this.#timeout : milliseconds(timeout, "timeout");
      registry.closed(this);
      this.#closing = this.#native.close(wait).finally(() => this.#reportErrors());
    }
    return this.#closing;
  }

  [scopes.asyncDisposeSymbol](): Promise<void> {
    return this.close();
  }

  /** Closes on this thread; `await using` does not keep the event loop waiting. */
  [scopes.disposeSymbol](): void {
    if (this.#closing !== undefined) return;
    registry.closed(this);
    this.#closing = Promise.resolve();
    try {
      this.#native.closeNow(this.#timeout);
    } finally {
      this.#reportErrors();
    }
  }

  /** @internal */
  commitAtExit(wait: number): void {
    try {
      this.#native.flushNow(wait);
    } catch (error) {
      this.deliver(error as ProvenLogError);
    }
  }

  // ---- Errors that come later

  /** @internal */
  deliver(error: ProvenLogError): void {
    if (this.#onError !== undefined) {
      try {
        this.#onError(error);
      } catch (thrown) {
        warn(`onError threw ${describe(thrown)}`, "PROVENLOG_ON_ERROR");
      }
      return;
    }
    const now = performance.now();
    if (now - this.#warnedAt < WARNING_INTERVAL_MS) {
      this.#unwarned++;
      return;
    }
    const more = this.#unwarned > 0 ? ` (and ${this.#unwarned} more since the last warning)` : "";
    this.#warnedAt = now;
    this.#unwarned = 0;
    warn(`${error.message}${more}`, error.code);
  }

  #watch(): void {
    // The watcher must not keep the client alive that it reports for.
    const self = new WeakRef(this);
    this.#native.watch((status, message) => self.deref()?.deliver(fromStatus(status, message)));
  }

  #poll(): void {
    this.#untilPoll = POLL_INTERVAL;
    this.#reportErrors();
  }

  /** Without onError nobody waits for errors; they are reported when the client is used. */
  #reportErrors(): void {
    if (this.#onError !== undefined) return;
    for (let found = this.#native.nextError(); found !== undefined; found = this.#native.nextError()) {
      this.deliver(fromStatus(...found));
    }
  }

  #open(): NativeClient {
    if (this.#closing !== undefined) throw new ClosedError("the client was closed");
    return this.#native;
  }

  /** @internal */
  static nativeOf(client: ProvenLogClient): NativeClient {
    return client.#open();
  }
}

const NO_EVENT = {};

const OPTION_NAMES: ReadonlySet<string> = new Set([
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

/** The active client: the newest one that is not closed, or the one that `setClient` named. */
export function getClient(): ProvenLogClient | undefined {
  return registry.getActive() as ProvenLogClient | undefined;
}

/** Makes a client the active one, which `trail` uses; returns the one before. */
export function setClient(client: ProvenLogClient | undefined): ProvenLogClient | undefined {
  return registry.setActive(client) as ProvenLogClient | undefined;
}

/** Verifies a ledger file without a client; by default the configured one. As `ProvenLogClient.verify`. */
export async function verify(dbPath?: string, agentId?: string, options: VerifyOptions = {}): Promise<Report> {
  return verifyWith(undefined, setting(dbPath, "dbPath"), agentId, options);
}

async function verifyWith(
  client: NativeClient | undefined,
  path: string | undefined,
  agentId: string | undefined,
  options: VerifyOptions,
): Promise<Report> {
  const agent = setting(agentId, "agentId");
  const { progress } = options;
  if (progress !== undefined && typeof progress !== "function") {
    throw new InvalidEventError("progress must be a function");
  }
  let thrown: { error: unknown } | undefined;
  const report = (done: number, total: number): boolean => {
    if (thrown !== undefined || progress === undefined) return true;
    try {
      progress(done, total);
      return false;
    } catch (error) {
      thrown = { error };
      return true;
    }
  };
  let found: string;
  try {
    found = await addon.verify(client, path, agent, options.readOnly === true, progress && report);
  } catch (error) {
    throw thrown === undefined ? error : thrown.error;
  }
  if (thrown !== undefined) throw thrown.error;
  const result = JSON.parse(found) as Report;
  if (agent !== undefined) result.agent_id ??= agent;
  if (!result.valid) result.error ??= result.findings?.[0]?.what ?? result.verdict;
  return result;
}

async function* rows(opening: Promise<NativeCursor>): AsyncGenerator<ProvenLogEvent, void, undefined> {
  const cursor = await opening;
  for (;;) {
    const page = await cursor.fetch(PAGE);
    for (const row of page) yield JSON.parse(row) as ProvenLogEvent;
    if (page.length < PAGE) return;
  }
}

function within<T>(scope: scopes.Scope, work: (() => T) | undefined): T | Entered {
  if (work !== undefined) return scopes.run(scope, work);
  scopes.enter(scope);
  return { [scopes.disposeSymbol]: () => scopes.leave(scope) };
}

function warn(message: string, code: string): void {
  process.emitWarning(message, { type: "ProvenLogWarning", code });
}

/** The text of what was thrown, or its type where it has none or fails to give one. */
export function describe(error: unknown): string {
  try {
    const text: unknown = error instanceof Error ? error.message || error.name : error;
    return String(text);
  } catch {
    return typeof error;
  }
}

// ---- Arguments: a mistake in these is thrown, unlike anything about an event's values.

function filterText(filter: EventFilter): string {
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(filter)) {
    const member = FILTERS[name];
    if (member === undefined) throw new InvalidEventError(`${name} is no filter`);
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      throw new InvalidEventError(`${name} must be a whole number`);
    }
    members[member] = value;
  }
  return canonicalText(encode(members));
}

function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a proxy that was revoked
  }
}

function entriesOf(mapping: Mapping | undefined): Iterable<[string, unknown]> {
  if (mapping === undefined || mapping === null || typeof mapping !== "object") return [];
  return mapping instanceof Map ? (mapping as ReadonlyMap<string, unknown>) : Object.entries(mapping);
}

function objectText(value: Mapping | undefined | null, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  const found = canonicalText(encode(value));
  if (!found.startsWith("{")) throw new InvalidEventError(`${name} must be an object`);
  return found;
}

function text(value: unknown, name: string): string {
  if (typeof value !== "string") throw new InvalidEventError(`${name} must be a string, not ${typeof value}`);
  return value;
}

function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined || value === null ? undefined : text(value, name);
}

function setting(value: unknown, name: string): string | undefined {
  const found = optionalText(value, name);
  if (found !== undefined && (found.includes("\0") || /\p{Surrogate}/u.test(found))) {
    throw new InvalidEventError(`${name} holds a character that no setting may hold`);
  }
  return found;
}

function milliseconds(seconds: unknown, name: string): number {
  if (typeof seconds !== "number" || !(seconds >= 0) || seconds === Infinity) {
    throw new InvalidEventError(`${name} must be a number of seconds, 0 or more`);
  }
  return Math.ceil(seconds * 1000);
}

function interval(seconds: unknown, name: string): number | undefined {
  if (seconds === undefined || seconds === null) return undefined;
  const wait = milliseconds(seconds, name);
  if (wait === 0 || wait > 3_600_000) {
    throw new InvalidEventError(`${name} must be more than 0 and at most 3600 seconds`);
  }
  return wait;
}

function whole(value: unknown, name: string, most = Number.MAX_SAFE_INTEGER): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || value > most) {
    throw new InvalidEventError(`${name} must be a whole number${most === 4096 ? " from 1 to 4096" : ", 1 or more"}`);
  }
  return value;
}

function choice(value: unknown, choices: Readonly<Record<string, number>>, name: string): number {
  if (value === undefined || value === null) return 0;
  const found = typeof value === "string" && Object.hasOwn(choices, value) ? choices[value] : undefined;
  if (found === undefined) {
    throw new InvalidEventError(`${name} must be one of ${Object.keys(choices).join(", ")}`);
  }
  return found;
}
