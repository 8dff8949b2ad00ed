/** The client: what records events and reads them back. */
import { entriesOf, isArray, type Mapping, milliseconds, objectText, optionalText, text } from "./arguments.js";
import { record } from "./encode.js";
import { ClosedError, describe, fromStatus, InvalidEventError, ProvenLogError } from "./errors.js";
import type { EventInput, Json, ProvenLogEvent } from "./event.js";
import {
  backup,
  exportEvents,
  type ExportOptions,
  type ExportReport,
  keyOf,
  type LedgerKey,
  type ProofDocument,
  prove,
  type Report,
  type VerifyOptions,
  verifyLedger,
} from "./evidence.js";
import { type EventFilter, filterText } from "./filter.js";
import { addon, type NativeClient, type NativeCursor } from "./native.js";
import { type ClientOptions, settingsOf } from "./options.js";
import * as registry from "./registry.js";
import * as scopes from "./scope.js";
import { Session, type SessionOptions } from "./session.js";
import type { WorkOptions } from "./work.js";

const PAGE = 256;
const WARNING_INTERVAL_MS = 10_000;
// Asynchronous errors are looked for once in so many events when nobody waits for them.
const POLL_INTERVAL = 256;

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
 * `logEvent` returns at once; all else is a promise, kept by a thread of libuv's pool.
 *
 * @example
 * ```ts
 * import { ProvenLogClient } from "provenlog";
 *
 * const client = new ProvenLogClient({ agentId: "researcher", dbPath: "events.db" });
 * const id = client.logEvent({ actionType: "TOOL_CALL", actionName: "search", actionInput: { query: "Merkle" } });
 * console.log((await client.getEvent(id))?.action_input); // { query: 'Merkle' }
 * await client.close();
 * ```
 */
export class ProvenLogClient implements registry.Registered {
  /** The real path of the ledger file. */
  readonly dbPath: string;
  readonly #native: NativeClient;
  readonly #timeout: number;
  readonly #labels: ReadonlyMap<string, unknown>;
  readonly #onError: ((error: ProvenLogError) => void) | undefined;
  #closing: Promise<void> | undefined;
  #lastStats: Stats | undefined;
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
    const { settings, timeout } = settingsOf(url, options);
    this.#timeout = timeout;
    this.#onError = options.onError ?? undefined;
    this.#labels = new Map(entriesOf(options.labels));
    this.#native = new addon.Client(settings);
    this.dbPath = this.#native.dbPath();
    if (this.#onError !== undefined) this.#watch();
    registry.opened(this);
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

  /** Counters of this process and ledger; of a closed client, as they were then. */
  async stats(): Promise<Stats> {
    return this.#lastStats ?? ((await this.#native.stats()) as Stats);
  }

  // ---- Evidence

  /**
   * Verifies the ledger, or one agent's chain: `{ valid: true, ... }` or `{ valid: false, error, ... }`. The rest of
   * the report is that of `plog verify --json`.
   *
   *     await client.verify({ level: "tree", key: vkey, heads: ["kept.head"] });
   */
  verify(options: VerifyOptions): Promise<Report>;
  verify(agentId?: string, options?: VerifyOptions): Promise<Report>;
  async verify(agentOrOptions?: string | VerifyOptions, options?: VerifyOptions): Promise<Report> {
    return verifyLedger(this.#open(), undefined, agentOrOptions, options);
  }

  /**
   * Writes events with all that proves them to a `.plog` file: `verifyExport` checks it without the ledger. What was
   * logged before the call is committed and signed first. Without a filter the export holds everything.
   */
  async export(path: string, options: ExportOptions = {}): Promise<ExportReport> {
    return exportEvents(this.#open(), path, options);
  }

  /** One event with all that proves it: the document of a `.plog` file. NotFoundError if there is no such event. */
  async prove(eventId: string, agentId?: string): Promise<ProofDocument> {
    return prove(this.#open(), eventId, agentId);
  }

  /**
   * Signs a head over everything logged before the call and publishes it: a C2SP checkpoint, as text. NotFoundError if
   * the signing key is missing, FlushTimeoutError as for `flush`.
   */
  async checkpoint(timeout?: number): Promise<string> {
    return addon.checkpoint(this.#open(), this.#wait(timeout));
  }

  /** The ledger's name and present key. */
  async key(): Promise<LedgerKey> {
    return keyOf(this.#open());
  }

  /** Goes over to a new signing key, in the old one's file; its public key as text. */
  async rotateKey(timeout?: number): Promise<string> {
    return addon.rotateKey(this.#open(), this.#wait(timeout));
  }

  /** Records that heads which the ledger does not extend are known of (after a backup was restored); how many. */
  async acknowledge(comment = "", timeout?: number): Promise<number> {
    return addon.acknowledge(this.#open(), text(comment, "comment"), this.#wait(timeout));
  }

  /** Copies the ledger, while it is in use, to a new file, with its newest head at `<path>.head`. */
  async backup(path: string, options: WorkOptions = {}): Promise<void> {
    return backup(this.#open(), path, options);
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
    try {
      await this.#open().flush(this.#wait(timeout));
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
      const wait = this.#wait(timeout);
      registry.closed(this);
      this.#closing = this.#close(wait);
    }
    return this.#closing;
  }

  async #close(wait: number): Promise<void> {
    try {
      await this.#native.close(wait);
    } catch (error) {
      this.#last();
      void this.#native.release(); // which waits for what has timed out
      throw error;
    }
    this.#last();
    await this.#native.release();
  }

  /** What is still asked of a client when it has let go of the ledger, so that nothing of that stays open. */
  #last(): void {
    this.#reportErrors();
    this.#lastStats = this.#native.statsNow() as Stats;
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
    } catch (error) {
      this.#last();
      void this.#native.release();
      throw error;
    }
    this.#last();
    this.#native.releaseNow();
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

  /** Milliseconds. */
  #wait(timeout: number | undefined): number {
    return timeout === undefined ? this.#timeout : milliseconds(timeout, "timeout");
  }

  #open(): NativeClient {
    if (this.#closing !== undefined) throw new ClosedError("the client was closed");
    return this.#native;
  }
}

const NO_EVENT = {};

/** The active client: the newest one that is not closed, or the one that `setClient` named. */
export function getClient(): ProvenLogClient | undefined {
  return registry.getActive() as ProvenLogClient | undefined;
}

/** Makes a client the active one, which `trail` uses; returns the one before. */
export function setClient(client: ProvenLogClient | undefined): ProvenLogClient | undefined {
  return registry.setActive(client) as ProvenLogClient | undefined;
}

async function* rows(opening: Promise<NativeCursor>): AsyncGenerator<ProvenLogEvent, void, undefined> {
  const cursor = await opening;
  try {
    for (;;) {
      const page = await cursor.fetch(PAGE);
      for (const row of page) yield JSON.parse(row) as ProvenLogEvent;
      if (page.length < PAGE) return;
    }
  } finally {
    await cursor.close();
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
