/**
 * The current agent, session and parent event.
 *
 * One AsyncLocalStorage holds all three, so that `logEvent` looks at one. It follows callbacks, promises and timers.
 */
import { AsyncLocalStorage } from "node:async_hooks";

import type { Scoped } from "./encode.js";

/** `outer` is what counts again once the scope has ended: a scope entered by `using` may outlive its block elsewhere. */
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

/** The agent of the innermost `client.agent(...)`, if any. */
export function currentAgentId(): string | undefined {
  return current()?.agent;
}

/** The session of the innermost `client.session(...)`, if any. */
export function currentSessionId(): string | undefined {
  return current()?.session;
}

/** The event that events logged here get as `parentEventId`, if any. */
export function currentParentId(): string | undefined {
  return current()?.parent;
}

/** A scope inside the current one: what is given here changes, the rest stays. */
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

/** Enters a scope until leave(). */
export function enter(scope: Scope): void {
  storage.enterWith(scope);
}

export function leave(scope: Scope): void {
  scope.ended = true;
  if (storage.getStore() === scope) storage.enterWith(scope.outer);
}

// Node before 18.18 has neither symbol; what a compiler writes for `using` looks for the same stand-ins.
export const disposeSymbol: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
export const asyncDisposeSymbol: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);
