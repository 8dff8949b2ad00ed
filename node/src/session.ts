/** Sessions: `client.session`. */
import { randomUUID } from "node:crypto";

import type { Mapping } from "./arguments.js";
import { describe, ProvenLogError } from "./errors.js";
import type { EventInput } from "./event.js";
import * as scopes from "./scope.js";

/** Fields of the events `session.start` and `session.end`. */
export interface SessionOptions {
  metadata?: Mapping | undefined;
  labels?: Mapping | undefined;
}

/** The part of a client that a session uses. */
export interface SessionClient {
  /** The number of events that the client recorded. */
  readonly recorded: number;
  logEvent(event: EventInput): string;
  /** Reports an error that must not reach the caller. */
  deliver(error: ProvenLogError): void;
}

/** A session, created by `client.session`. Use it once. */
export class Session {
  /** The session's id. */
  readonly id: string;
  /** The id of `session.start`, or "" before it is recorded. */
  startEventId = "";
  /** The id of `session.end`, or "" before it is recorded. */
  endEventId = "";
  readonly #client: SessionClient;
  readonly #shared: EventInput;
  readonly #scope: scopes.Scope;
  #began = 0;
  #recorded = 0;
  #ended = false;

  /** @internal */
  constructor(client: SessionClient, sessionId: string | undefined, options: SessionOptions) {
    this.id = sessionId || randomUUID();
    this.#client = client;
    this.#shared = { metadata: options.metadata, labels: options.labels };
    this.#scope = scopes.inner({ session: this.id });
  }

  /** The number of events that the client recorded since `session.start`, in this session or not. */
  get events(): number {
    return this.#client.recorded - this.#recorded;
  }

  [scopes.disposeSymbol](): void {
    this.#end(undefined);
    scopes.leave(this.#scope);
  }

  [scopes.asyncDisposeSymbol](): Promise<void> {
    this[scopes.disposeSymbol]();
    return Promise.resolve();
  }

  /** @internal */
  enter(): void {
    this.#start();
    scopes.enter(this.#scope);
  }

  /** @internal */
  async run<T>(work: (session: Session) => T): Promise<Awaited<T>> {
    this.#start();
    let result: Awaited<T>;
    try {
      result = await scopes.run(this.#scope, () => work(this));
    } catch (error) {
      this.#end({ error });
      throw error;
    }
    this.#end(undefined);
    return result;
  }

  #start(): void {
    this.#began = performance.now();
    this.startEventId = scopes.run(this.#scope, () =>
      this.#client.logEvent({
        actionType: "CUSTOM",
        actionName: "session.start",
        actionStatus: "success",
        ...this.#shared,
      }),
    );
    this.#recorded = this.#client.recorded;
  }

  #end(failure: { error: unknown } | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.endEventId = scopes.run(this.#scope, () =>
        this.#client.logEvent({
          actionType: "CUSTOM",
          actionName: "session.end",
          actionOutput: { events: this.events },
          actionStatus: failure === undefined ? "success" : "error",
          errorMessage: failure && describe(failure.error),
          durationMs: Math.floor(performance.now() - this.#began),
          ...this.#shared,
          sessionId: this.id,
        }),
      );
    } catch (error) {
      // This must not replace the error that ends the session, nor make a normal end fail.
      if (!(error instanceof ProvenLogError)) throw error;
      this.#client.deliver(error);
    }
  }
}
