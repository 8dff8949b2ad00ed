/** The client, which records events and reads them back. */
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
import { callOperation, type OperationResult } from "./operations.js";
import { type ClientOptions, settingsOf } from "./options.js";
import * as registry from "./registry.js";
import * as scopes from "./scope.js";
import { Session, type SessionOptions } from "./session.js";
import type { WorkOptions } from "./work.js";

const PAGE = 256;
const WARNING_INTERVAL_MS = 10_000;
// Without onError, asynchronous errors are polled once per this number of events.
const POLL_INTERVAL = 256;

/** Counters of this process for the ledger, over all its clients. */
export interface Stats {
  /** Events that this process wrote to its journal. */
  accepted: number;
  /** Accepted events that are committed, without duplicates. */
  stored: number;
  /** Events of dead processes that this process committed. */
  recovered: number;
  /** Events whose agent and id were already in the ledger: stored once. */
  duplicates: number;
  /** Duplicates with different content: the first content is kept. */
  conflicts: number;
  /** Events lost because the journal or the disk was full. */
  dropped: number;
  /** Gap events recorded for dropped events and for gaps in adopted journals. */
  gaps: number;
  /** Accepted events that are not committed yet. */
  queuedEvents: number;
  /** Their size in the journal. */
  queuedBytes: number;
  /** Events shortened to `maxEventBytes`. */
  truncated: number;
  /** Redaction markers written. */
  redactions: number;
  /** Asynchronous errors. */
  errors: number;
  /** The newest asynchronous error. */
  lastError: ProvenLogError | null;
}

/** A scope for `using`: it ends when it is disposed. */
export interface Entered {
  [Symbol.dispose](): void;
}

/**
 * Records events in one ledger and reads them back. A client belongs to one thread; open another client in each worker.
 * Opening a client creates the ledger if it does not exist.
 *
 * `logEvent` runs on the caller's thread and does not wait for commits. Every other call returns a promise and runs on
 * a thread of libuv's pool.
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

  /** A URL is for server mode, which this release does not support (UnsupportedError). */
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

  /** The number of events that this client recorded. */
  get recorded(): number {
    return this.#recorded;
  }

  // ---- Recording

  /**
   * Records one event and returns its id. When the call returns, the event survives the death of this process and, with
   * the durability "power", a power failure. Values may be of any type; they are converted to JSON. An agent, session
   * or parent that the event does not name is taken from the enclosing scopes, then from the client's options.
   *
   * Odd values do not throw: they are repaired, and the event's `validation_warnings` name them. Returns "" if the
   * event was not recorded because the journal was full: the loss is counted, and a gap event records it in the ledger.
   * Throws InvalidEventError if there is no agent, ClosedError after close, StorageError if the journal cannot be
   * written, and JournalFullError with onFull "raise".
   */
  logEvent(event?: EventInput | ReadonlyMap<string, unknown> | null): string {
    if (this.#closing !== undefined) throw new ClosedError("the client is closed; open a new one");
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

  /**
   * Returns the event with this id, or null. `agentId` selects the agent if several agents used the id; without it, the
   * event that was committed first is returned.
   */
  async getEvent(id: string, agentId?: string): Promise<ProvenLogEvent | null> {
    const found = await this.#open().getEvent(text(id, "id"), optionalText(agentId, "agentId"));
    return found === undefined ? null : (JSON.parse(found) as ProvenLogEvent);
  }

  /**
   * Returns the events that match all filters, in the order of commit: the first 100, unless `limit` is given. `order`
   * is "asc" (oldest first, the default) or "desc". Events that this client logged before the call are seen.
   */
  async getEvents(filter: EventFilter = {}): Promise<ProvenLogEvent[]> {
    const events: ProvenLogEvent[] = [];
    for await (const event of this.iterEvents({ ...filter, limit: filter.limit ?? 100 })) events.push(event);
    return events;
  }

  /**
   * Iterates over the events that match all filters, without a limit unless `limit` is given. It holds one page of
   * events, and no transaction is open between pages.
   */
  iterEvents(filter: EventFilter = {}): AsyncIterableIterator<ProvenLogEvent> {
    // This is not a generator function, so a wrong filter throws here and not at the first step.
    this.#reportErrors();
    return rows(this.#open().query(filterText(filter)));
  }

  /**
   * Calls an operation by its name and returns its result. docs/operations.md describes all operations with their
   * parameters, and `call("operations")` returns the table; names are spelled as there. A parameter that is null or
   * undefined counts as not given. Events that this client logged before the call are seen.
   *
   * An operation with many results returns a page and `next`; pass it as `after` (`sessions`: `offset`) to continue.
   * Operations that report progress call `onProgress` and can be stopped by `signal`. Throws InvalidEventError for an
   * unknown operation and wrong parameters.
   *
   *     const { agents } = await client.call("agents", { limit: 10 });
   */
  async call(operation: string, parameters: Mapping = {}, options: WorkOptions = {}): Promise<OperationResult> {
    return callOperation(this.#open(), operation, parameters, options);
  }

  /** Returns the counters of this process for the ledger. For a closed client they are those at the time of closing. */
  async stats(): Promise<Stats> {
    return this.#lastStats ?? ((await this.#native.stats()) as Stats);
  }

  // ---- Evidence

  /**
   * Verifies the ledger, or one agent's chain: `{ valid: true, ... }` or `{ valid: false, error, ... }`. The report has
   * the members of `plog verify --json`. A ledger that was changed is a verdict, not an error.
   *
   *     await client.verify({ level: "tree", key: vkey, heads: ["kept.head"] });
   */
  verify(options: VerifyOptions): Promise<Report>;
  verify(agentId?: string, options?: VerifyOptions): Promise<Report>;
  async verify(agentOrOptions?: string | VerifyOptions, options?: VerifyOptions): Promise<Report> {
    return verifyLedger(this.#open(), undefined, agentOrOptions, options);
  }

  /**
   * Writes events with their proofs to a `.plog` file, which `verifyExport` checks without the ledger. Everything that
   * was logged before the call is committed and signed first. Without a filter, every event is exported. Throws
   * InvalidEventError if the file exists, unless `overwrite` is set.
   */
  async export(path: string, options: ExportOptions = {}): Promise<ExportReport> {
    return exportEvents(this.#open(), path, options);
  }

  /** Returns one event with its proof: the document of a `.plog` file. NotFoundError if there is no such event. */
  async prove(eventId: string, agentId?: string): Promise<ProofDocument> {
    return prove(this.#open(), eventId, agentId);
  }

  /**
   * Commits everything logged before the call, signs a head over it, publishes the head and returns it: the text of a
   * C2SP checkpoint. Throws NotFoundError if the signing key is missing, and FlushTimeoutError as `flush` does.
   * `timeout` is in seconds.
   */
  async checkpoint(timeout?: number): Promise<string> {
    return addon.checkpoint(this.#open(), this.#wait(timeout));
  }

  /** Returns the ledger's origin, current public key, epoch, newest head and key file. */
  async key(): Promise<LedgerKey> {
    return keyOf(this.#open());
  }

  /**
   * Replaces the signing key, in its file, by a new one; returns the new public key as text. An event that both keys
   * sign records the change.
   */
  async rotateKey(timeout?: number): Promise<string> {
    return addon.rotateKey(this.#open(), this.#wait(timeout));
  }

  /**
   * Records that the heads that the ledger does not extend are known, and why; returns how many there were. Call it
   * after a backup was restored, for example. `verify` then no longer reports ROLLED_BACK or FORKED for these heads.
   */
  async acknowledge(comment = "", timeout?: number): Promise<number> {
    return addon.acknowledge(this.#open(), text(comment, "comment"), this.#wait(timeout));
  }

  /**
   * Copies the ledger to a new file, and its newest head to `<path>.head`. The ledger may be in use. The signing key is
   * not copied.
   */
  async backup(path: string, options: WorkOptions = {}): Promise<void> {
    return backup(this.#open(), path, options);
  }

  // ---- Context

  /**
   * Attaches an object to one value of a label; it replaces an earlier one. Without `value`, the value of this client's
   * default label `labelKey` is used; InvalidEventError if there is no such label. Storage errors are passed to
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

  /** Returns the context of a label value (default: the value of this client's label), or null. */
  async getContext(labelKey: string, value?: string): Promise<Record<string, Json> | null> {
    const key = text(labelKey, "labelKey");
    if (value === undefined) {
      if (!this.#labels.has(key)) throw new InvalidEventError(`'${key}' is not a default label of this client`);
      value = String(this.#labels.get(key));
    }
    const found = await this.#open().getContext(key, text(value, "value"));
    return found === undefined ? null : (JSON.parse(found) as Record<string, Json>);
  }

  // ---- Scopes

  /**
   * Sets the session of the events logged inside. The default `sessionId` is a new UUID. A session records the CUSTOM
   * events `session.start` and `session.end`; the latter has the duration, the error that ended the session, if any,
   * and the number of events that this client recorded between the two, in this session or not.
   *
   *     await client.session("review-42", async (session) => { ... });
   *
   * With a function, returns a promise of its result. Without one, the session starts at once and is returned for
   * `using`: it lasts until it is disposed at the end of the block. In an async function whose promise is not awaited
   * at once, use the form with a function: a session entered by `using` also applies to the caller until the block
   * ends.
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

  /**
   * Sets the agent of the events logged in `work`, and returns the result of `work`. Without `work`, the agent applies
   * until the returned scope is disposed (`using`).
   */
  agent<T>(agentId: string, work: () => T): T;
  agent(agentId: string): Entered;
  agent<T>(agentId: string, work?: () => T): T | Entered {
    return within(scopes.inner({ agent: text(agentId, "agentId") }), work);
  }

  /**
   * Sets the parent of the events logged in `work`, and returns the result of `work`. Without `work`, the parent
   * applies until the returned scope is disposed (`using`).
   */
  parent<T>(eventId: string, work: () => T): T;
  parent(eventId: string): Entered;
  parent<T>(eventId: string, work?: () => T): T | Entered {
    return within(scopes.inner({ parent: text(eventId, "eventId") }), work);
  }

  // ---- End

  /**
   * Waits until every event logged before the call is committed to the ledger. Throws FlushTimeoutError if that takes
   * longer than `timeout` seconds (default: the client's).
   */
  async flush(timeout?: number): Promise<void> {
    try {
      await this.#open().flush(this.#wait(timeout));
    } finally {
      this.#reportErrors();
    }
  }

  /**
   * Commits all events and closes the client. Later calls throw ClosedError, except `stats` and `close`. If this throws
   * FlushTimeoutError, the client is closed all the same; its pending events stay in the journal for the next process
   * that opens the ledger. A second call returns the promise of the first.
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
      void this.#native.release(); // waits for what has timed out
      throw error;
    }
    this.#last();
    await this.#native.release();
  }

  /** Reports errors and keeps the counters, before the client releases the ledger. */
  #last(): void {
    this.#reportErrors();
    this.#lastStats = this.#native.statsNow() as Stats;
  }

  [scopes.asyncDisposeSymbol](): Promise<void> {
    return this.close();
  }

  /** Closes on this thread, which blocks the event loop. `await using` does not block it. */
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

  // ---- Asynchronous errors

  /** @internal */
  deliver(error: ProvenLogError): void {
    if (this.#onError !== undefined) {
      try {
        this.#onError(error);
      } catch (thrown) {
        warn(`the onError callback threw: ${describe(thrown)}`, "PROVENLOG_ON_ERROR");
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
    // The watcher must not keep its client alive.
    const self = new WeakRef(this);
    this.#native.watch((status, message) => self.deref()?.deliver(fromStatus(status, message)));
  }

  #poll(): void {
    this.#untilPoll = POLL_INTERVAL;
    this.#reportErrors();
  }

  /** Without onError no thread waits for asynchronous errors, so they are reported when the client is used. */
  #reportErrors(): void {
    if (this.#onError !== undefined) return;
    for (let found = this.#native.nextError(); found !== undefined; found = this.#native.nextError()) {
      this.deliver(fromStatus(...found));
    }
  }

  /** A timeout in milliseconds. */
  #wait(timeout: number | undefined): number {
    return timeout === undefined ? this.#timeout : milliseconds(timeout, "timeout");
  }

  #open(): NativeClient {
    if (this.#closing !== undefined) throw new ClosedError("the client is closed; open a new one");
    return this.#native;
  }
}

const NO_EVENT = {};

/**
 * Returns the active client, which `trail` uses: the client that was opened last or that was passed to `setClient`
 * since. When it is closed, the newest client that is still open takes its place.
 */
export function getClient(): ProvenLogClient | undefined {
  return registry.getActive() as ProvenLogClient | undefined;
}

/** Makes a client the active one, which `trail` uses. Returns the previous one. */
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
