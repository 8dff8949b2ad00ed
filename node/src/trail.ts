/** `trail` records one event for each call of a function. */
import { randomFillSync } from "node:crypto";
import { types } from "node:util";

import type { Mapping } from "./arguments.js";
import { getClient, type ProvenLogClient } from "./client.js";
import { encode } from "./encode.js";
import { describe, InvalidEventError, JournalFullError, ProvenLogError } from "./errors.js";
import type { EventInput } from "./event.js";
import * as scopes from "./scope.js";
import type { Encoded } from "./values.js";

/** Options of `trail`. All are optional. */
export interface TrailOptions {
  /** The client that records. The default is the active client at the time of the call (`getClient`). */
  client?: ProvenLogClient | undefined;
  /** The `actionName` of the events. The default is the name of the function. */
  name?: string | undefined;
  /** The agent of the events. The default is the agent of the scope, then of the client. */
  agentId?: string | undefined;
  /** Metadata of the events. */
  metadata?: Mapping | undefined;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of functions are contravariant
type AnyFunction = (this: any, ...args: any[]) => any;

/**
 * Returns a function that does the same as `work` and records each call as one CUSTOM event.
 *
 *     const search = trail(async (query: string) => { ... }, { name: "search" });
 *
 * The event has the arguments, `{ return: value }` or the error's text, the status and the duration. `trail` works on
 * functions, async functions, generators and async generators. The event of a generator is recorded when the generator
 * is exhausted or closed or throws, and has the number of items. Events that are logged inside have this event as their
 * parent. Errors pass through. `trail(options)` returns a function that wraps a function, which is also a decorator for
 * methods. If there is no active client, the function runs unrecorded, and one process warning says so.
 */
export function trail<F extends AnyFunction>(work: F, options?: TrailOptions): F;
export function trail(options?: TrailOptions): <F extends AnyFunction>(work: F, context?: unknown) => F;
export function trail(first?: AnyFunction | TrailOptions, options: TrailOptions = {}): unknown {
  if (typeof first === "function") return wrap(first, isDecoratorContext(options) ? {} : options);
  if (first !== undefined && (typeof first !== "object" || first === null)) {
    throw new InvalidEventError("trail() takes a function, or an object of options");
  }
  return (work: AnyFunction) => wrap(work, first ?? {});
}

function isDecoratorContext(value: object): boolean {
  return "kind" in value && "addInitializer" in value;
}

function wrap(work: AnyFunction, options: TrailOptions): AnyFunction {
  if (typeof work !== "function") throw new InvalidEventError("trail() wraps only functions and methods");
  const settings = new Settings(work, options);
  let wrapper: AnyFunction;
  if (types.isGeneratorFunction(work)) {
    wrapper = types.isAsyncFunction(work) ? asyncGenerator(work, settings) : generator(work, settings);
  } else {
    wrapper = plain(work, settings);
  }
  for (const name of ["name", "length"] as const) {
    Object.defineProperty(wrapper, name, { value: work[name], configurable: true });
  }
  return wrapper;
}

function plain(work: AnyFunction, settings: Settings): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    const call = settings.begin(args);
    if (call === undefined) return Reflect.apply(work, this, args);
    let result: unknown;
    try {
      result = scopes.run(call.inner, () => Reflect.apply(work, this, args) as unknown);
    } catch (error) {
      call.fail(error);
      throw error;
    }
    if (!types.isPromise(result)) {
      call.succeed({ return: shown(result) });
      return result;
    }
    const settled = [
      (value: unknown) => {
        call.succeed({ return: shown(value) });
        return value;
      },
      (error: unknown) => {
        call.fail(error);
        throw error;
      },
    ] as const;
    if (Object.getPrototypeOf(result) === Promise.prototype) return result.then(...settled);
    // The caller gets a promise of another class unchanged, with its own methods.
    void Promise.prototype.then.call(result, settled[0], (error: unknown) => call.fail(error));
    return result;
  };
}

function generator(work: AnyFunction, settings: Settings): AnyFunction {
  return function* (this: unknown, ...args: unknown[]): Generator<unknown, unknown, unknown> {
    const call = settings.begin(args);
    const body = Reflect.apply(work, this, args) as Generator<unknown, unknown, unknown>;
    if (call === undefined) return yield* body;
    let items = 0;
    let ended = false;
    // The scope applies while the body runs, not while the consumer runs.
    const step = (run: () => IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> => {
      try {
        return call.resume(run);
      } catch (error) {
        ended = true;
        call.fail(error, items);
        throw error;
      }
    };
    let result = step(() => body.next());
    try {
      while (result.done !== true) {
        items++;
        let sent: unknown;
        try {
          sent = yield result.value;
        } catch (error) {
          result = step(() => body.throw(error));
          continue;
        }
        result = step(() => body.next(sent));
      }
      ended = true;
      call.succeed({ items, return: shown(result.value) });
      return result.value;
    } finally {
      if (!ended) {
        step(() => body.return(undefined));
        call.succeed({ closed: true, items });
      }
    }
  };
}

function asyncGenerator(work: AnyFunction, settings: Settings): AnyFunction {
  return async function* (this: unknown, ...args: unknown[]): AsyncGenerator<unknown, unknown, unknown> {
    const call = settings.begin(args);
    const body = Reflect.apply(work, this, args) as AsyncGenerator<unknown, unknown, unknown>;
    if (call === undefined) return yield* body;
    let items = 0;
    let ended = false;
    const step = async (
      run: () => Promise<IteratorResult<unknown, unknown>>,
    ): Promise<IteratorResult<unknown, unknown>> => {
      try {
        return await call.resume(run);
      } catch (error) {
        ended = true;
        call.fail(error, items);
        throw error;
      }
    };
    let result = await step(() => body.next());
    try {
      while (result.done !== true) {
        items++;
        let sent: unknown;
        try {
          sent = yield result.value;
        } catch (error) {
          result = await step(() => body.throw(error));
          continue;
        }
        result = await step(() => body.next(sent));
      }
      ended = true;
      call.succeed({ items, return: shown(result.value) });
      return result.value;
    } finally {
      if (!ended) {
        await step(() => body.return(undefined));
        call.succeed({ closed: true, items });
      }
    }
  };
}

/** An undefined result is null in the event, because an undefined member would be left out. */
function shown(value: unknown): unknown {
  return value === undefined ? null : value;
}

/** State that all calls of one wrapped function share. */
class Settings {
  readonly name: string;
  readonly options: TrailOptions;
  #warned = false;

  constructor(work: AnyFunction, options: TrailOptions) {
    this.options = options;
    this.name = options.name ?? (work.name || "function");
  }

  begin(args: readonly unknown[]): Call | undefined {
    const client = this.options.client ?? getClient();
    if (client === undefined) {
      if (!this.#warned) {
        this.#warned = true;
        const message = `trail: ${this.name} is not recorded: there is no active ProvenLogClient; open one`;
        process.emitWarning(message, { type: "ProvenLogWarning", code: "PROVENLOG_NO_CLIENT" });
      }
      return undefined;
    }
    return new Call(this, client, args);
  }
}

/** One call. Its arguments are encoded before the call, because the function may change them. */
class Call {
  readonly inner: scopes.Scope;
  readonly #settings: Settings;
  readonly #client: ProvenLogClient;
  readonly #arguments: Encoded;
  readonly #id = newId();
  readonly #timestamp = new Date();
  readonly #began = performance.now();
  readonly #outer = scopes.current();
  #resumed: scopes.Scope | undefined;

  constructor(settings: Settings, client: ProvenLogClient, args: readonly unknown[]) {
    this.#settings = settings;
    this.#client = client;
    this.#arguments = encode({ args }, 1);
    this.inner = scopes.inner({ parent: this.#id });
    this.#resumed = this.inner;
  }

  /** Runs a step of a generator in the scope in which its previous step ended. */
  resume<T>(step: () => T): T {
    return scopes.run(this.#resumed, () => {
      try {
        return step();
      } finally {
        this.#resumed = scopes.current();
      }
    });
  }

  succeed(output: Readonly<Record<string, unknown>>): void {
    try {
      this.#log({ actionOutput: output, actionStatus: "success" });
    } catch (error) {
      // With onFull "raise" the caller asked for this error.
      if (error instanceof JournalFullError || !(error instanceof ProvenLogError)) throw error;
      this.#client.deliver(error);
    }
  }

  fail(error: unknown, items?: number): void {
    try {
      this.#log({
        actionOutput: items === undefined ? undefined : { items },
        actionStatus: "error",
        errorMessage: describe(error),
      });
    } catch (failure) {
      // The caller gets the function's own error.
      if (failure instanceof ProvenLogError) this.#client.deliver(failure);
    }
  }

  #log(fields: EventInput): void {
    const { agentId, metadata } = this.#settings.options;
    scopes.run(this.#outer, () =>
      this.#client.logEvent({
        id: this.#id,
        actionType: "CUSTOM",
        actionName: this.#settings.name,
        actionInput: this.#arguments,
        timestamp: this.#timestamp,
        durationMs: Math.floor(performance.now() - this.#began),
        agentId,
        metadata,
        ...fields,
      }),
    );
  }
}

/** Returns a new UUIDv7. The event's children need the id before the event is recorded. */
function newId(): string {
  const octets = randomFillSync(Buffer.allocUnsafe(16));
  octets.writeUIntBE(Date.now(), 0, 6);
  octets[6] = ((octets[6] as number) & 0x0f) | 0x70;
  octets[8] = ((octets[8] as number) & 0x3f) | 0x80;
  const hex = octets.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
