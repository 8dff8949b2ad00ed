/** Passes events and values to the core, as tapes. */
import { types } from "node:util";

import { camelCase, SCHEMA_NAMES } from "./event.js";
import { readFailure } from "./names.js";
import { addon, type NativeClient } from "./native.js";
import type { Scoped } from "./scope.js";
import * as tape from "./tape.js";
import { Encoded, key, unread, value } from "./values.js";

const fields = new Map<string, number>();
SCHEMA_NAMES.forEach((name, index) => fields.set(name, index).set(camelCase(name), index));
const AGENT = SCHEMA_NAMES.indexOf("agent_id");
const SESSION = SCHEMA_NAMES.indexOf("session_id");
const PARENT = SCHEMA_NAMES.indexOf("parent_event_id");

/** Writes an event, records it through the client, and returns its id. */
export function record(client: NativeClient, event: object, scope: Scoped | undefined): string {
  return tape.apart(
    1,
    () => topLevel(event, scope),
    (from, to) => client.record(from, to),
  );
}

/** Reads a value for later use. `open` is the number of containers that will be around it. */
export function encode(object: unknown, open: number): Encoded {
  return tape.apart(
    open,
    () => value(object),
    (from, to) => new Encoded(tape.copy(from, to)),
  );
}

/** Returns the canonical JSON text (RFC 8785) of a value, not redacted. */
export function canonicalText(object: unknown): string {
  return tape.apart(
    0,
    () => value(object),
    (from, to) => addon.canonical(from, to),
  );
}

function topLevel(event: object, scope: Scoped | undefined): void {
  let given = 0;
  try {
    const toJSON: unknown = (event as { toJSON?: unknown }).toJSON;
    if (typeof toJSON === "function") {
      const other: unknown = Reflect.apply(toJSON, event, [""]);
      if (typeof other === "object" && other !== null) event = other;
    }
    given = types.isMap(event) ? entries(event) : properties(event as Record<string, unknown>);
  } catch (error) {
    key("event");
    unread(event, readFailure(error));
  }
  if (scope === undefined) return;
  if (scope.agent !== undefined && (given & 1) === 0) scoped(AGENT, scope.agent);
  if (scope.session !== undefined && (given & 2) === 0) scoped(SESSION, scope.session);
  if (scope.parent !== undefined && (given & 4) === 0) scoped(PARENT, scope.parent);
}

function properties(event: Record<string, unknown>): number {
  let given = 0;
  const names = Object.keys(event);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    let found: unknown;
    try {
      found = event[name];
    } catch (error) {
      given |= field(name);
      unread(event, readFailure(error));
      continue;
    }
    if (found === undefined || found === null) continue;
    given |= field(name);
    value(found);
  }
  return given;
}

function entries(event: ReadonlyMap<unknown, unknown>): number {
  let given = 0;
  for (const [name, found] of Array.from(Map.prototype.entries.call(event as Map<unknown, unknown>))) {
    if (found === undefined || found === null) continue;
    if (typeof name === "string") given |= field(name);
    else key(name);
    value(found);
  }
  return given;
}

/** Writes a name at the top level. Returns a bit if it is one of the three scoped fields, else 0. */
function field(name: string): number {
  const index = fields.get(name);
  if (index === undefined) {
    key(name);
    return 0;
  }
  tape.field(index);
  return index === AGENT ? 1 : index === SESSION ? 2 : index === PARENT ? 4 : 0;
}

function scoped(index: number, text: string): void {
  tape.field(index);
  tape.string(text);
}
