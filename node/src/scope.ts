/**
 * The current agent, session and parent event.
 *
 * One AsyncLocalStorage holds all three, so `logEvent` reads only one. Callbacks, promises and timers inherit it;
 * workers do not.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** The agent, session and parent event of the events logged in a scope. */
export interface Scoped {
  readonly agent: string | undefined;
  readonly session: string | undefined;
  readonly parent: string | undefined;
}

/**
 * `outer` is the scope that applies again when this one has ended. `ended` is needed because a scope that `using`
 * entered may still be the current one of another asynchronous context after its block.
 */
export interface Scope extends Scoped {
  readonly outer: Scope | undefined;
  ended: boolean;
}

const storage = new AsyncLocalStorage<Scope | undefined>();

export function current(): Scope | undefined {
  let scope = storage.getStore();
  while (scope !== undefined && scope.ended) scope = scope.outer;
  return scope;
}

/** Returns the agent of the innermost `client.agent(...)`, or undefined. */
export function currentAgentId(): string | undefined {
  return current()?.agent;
}

/** Returns the session of the innermost `client.session(...)`, or undefined. */
export function currentSessionId(): string | undefined {
  return current()?.session;
}

/** Returns the event that is the `parentEventId` of events logged here, or undefined. */
export function currentParentId(): string | undefined {
  return current()?.parent;
}

/** Returns a scope inside the current one, with the given changes. */
export function inner(changes: Partial<Scoped>): Scope {
  const outer = current();
  return {
    agent: changes.agent ?? outer?.agent,
    session: changes.session ?? outer?.session,
    parent: changes.parent ?? outer?.parent,
    outer,
    ended: false,
  };
}

export function run<T>(scope: Scope | undefined, work: () => T): T {
  return storage.run(scope, work);
}

/** Makes a scope the current one until leave(). */
export function enter(scope: Scope): void {
  storage.enterWith(scope);
}

export function leave(scope: Scope): void {
  scope.ended = true;
  if (storage.getStore() === scope) storage.enterWith(scope.outer);
}

// Node before 18.18 has neither symbol. The code that a compiler generates for `using` falls back to the same symbols.
export const disposeSymbol: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
export const asyncDisposeSymbol: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);
