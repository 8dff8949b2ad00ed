/**
 * Converts JavaScript values to a tape. docs/native-values.md specifies the result. Each property is read once. Nothing
 * that user code does while it is read (a getter that throws, a toJSON that logs events, a revoked proxy) reaches the
 * caller.
 */
import { types } from "node:util";

import { className, readFailure } from "./names.js";
import * as tape from "./tape.js";
import { Op } from "./tape.js";

/** A value that was encoded earlier: the arguments of a call, which the function may change. */
export class Encoded {
  constructor(readonly tape: Uint8Array) {}
}

// The largest typed array that is written. For a larger one, a marker describes it.
const MAX_ELEMENTS = 100_000;
const MAX_TEXT = 10_000;

const typedArray = Object.getPrototypeOf(Uint8Array) as { prototype: object };
const elements = Object.getOwnPropertyDescriptor(typedArray.prototype, Symbol.toStringTag) as { get: () => string };

/** Writes any value. */
export function value(v: unknown): void {
  if (!tape.claim()) return;
  // Not a switch, which V8 does not optimise for typeof.
  if (typeof v === "string") tape.string(v);
  else if (typeof v === "number") tape.number(v);
  else if (typeof v === "object") {
    if (v === null) tape.op(Op.Null);
    else object(v);
  } else if (typeof v === "boolean") tape.op(v ? Op.True : Op.False);
  else if (v === undefined) tape.op(Op.Null);
  else if (typeof v === "bigint") tape.bigint(v);
  else if (typeof v === "symbol") tape.string(Symbol.prototype.toString.call(v));
  else callable(v as () => unknown);
}

/** Writes a key; the member's value must follow. A key that is not a string becomes its JSON text. */
export function key(name: unknown): void {
  if (typeof name === "string") {
    tape.key(name);
    return;
  }
  tape.op(Op.BeginKey);
  value(name);
  tape.op(Op.EndKey);
}

/** Writes a text in place of a value that threw while it was read. */
export function unread(object: object, failure: string): void {
  const name = className(object);
  tape.warning("unrepresentable", `${failure} while reading ${name}`);
  tape.string(`<unrepresentable ${name}: ${failure}>`);
}

function object(v: object): void {
  const from = tape.position();
  const open = tape.openContainers();
  const around = tape.entered();
  if (open >= tape.MAX_DEPTH && !isLeaf(v)) {
    tape.op(Op.Depth);
    return;
  }
  if (!tape.enter(v)) return;
  try {
    const prototype: unknown = Object.getPrototypeOf(v);
    if (prototype === Object.prototype || prototype === null) plain(v as Record<string, unknown>);
    else if (Array.isArray(v)) array(v);
    else builtIn(v);
  } catch (error) {
    // Thrown by the value itself, or by an exhausted stack. Errors of its members are caught where they are read.
    tape.rewind(from, open);
    unread(v, readFailure(error));
  }
  tape.leave(around);
}

function plain(v: Record<string, unknown>): void {
  if (typeof v["toJSON"] === "function") toJSON(v);
  else members(v);
}

/** Writes an object with the own enumerable members of `v`, except undefined ones. */
function members(v: Record<string, unknown>): void {
  const names = Object.keys(v);
  tape.begin(Op.BeginObject);
  for (let i = 0; i < names.length && !tape.exhausted(); i++) {
    const name = names[i] as string;
    let found: unknown;
    try {
      found = v[name];
    } catch (error) {
      key(name);
      unread(v, readFailure(error));
      continue;
    }
    if (found === undefined) continue;
    key(name);
    value(found);
  }
  tape.end(Op.BeginObject);
}

/** Writes an array with the length that it had at the start. Holes become null. */
function array(v: ArrayLike<unknown>): void {
  const size = v.length;
  tape.begin(Op.BeginArray);
  for (let i = 0; i < size && !tape.exhausted(); i++) {
    let found: unknown;
    try {
      found = v[i];
    } catch (error) {
      unread(v, readFailure(error));
      continue;
    }
    value(found);
  }
  tape.end(Op.BeginArray);
}

/** Writes the value that `toJSON` of `v` returned, in place of `v`. */
function instead(v: object, other: unknown): void {
  if (typeof other !== "object" || other === null) {
    value(other);
    return;
  }
  if (other !== v && !tape.enter(other)) return;
  // Its own toJSON is not called.
  const prototype: unknown = Object.getPrototypeOf(other);
  if (prototype === Object.prototype || prototype === null) members(other as Record<string, unknown>);
  else fields(other);
}

function builtIn(v: object): void {
  if (v instanceof Encoded) tape.append(v.tape);
  else if (types.isProxy(v)) fields(v);
  else if (ArrayBuffer.isView(v)) view(v);
  else if (types.isDate(v)) date(v);
  else if (types.isMap(v)) map(v);
  else if (types.isSet(v)) set(v);
  else if (types.isNativeError(v) || v instanceof Error) error(v);
  else if (types.isAnyArrayBuffer(v)) tape.string(Buffer.from(v).toString("base64"));
  else if (types.isBoxedPrimitive(v)) boxed(v);
  else if (types.isRegExp(v)) tape.string(`/${v.source}/${v.flags}`);
  else if (types.isPromise(v) || types.isWeakMap(v) || types.isWeakSet(v) || types.isGeneratorObject(v)) unreadable(v);
  else if (typeof (v as { toJSON?: unknown }).toJSON === "function") toJSON(v);
  else fields(v);
}

/** Whether the value is written as text, and so at any depth. */
function isLeaf(v: object): boolean {
  return (
    types.isDate(v) ||
    types.isAnyArrayBuffer(v) ||
    types.isBoxedPrimitive(v) ||
    types.isRegExp(v) ||
    types.isUint8Array(v) ||
    types.isDataView(v)
  );
}

function toJSON(v: object): void {
  const method = (v as { toJSON: (name: string) => unknown }).toJSON;
  instead(v, Reflect.apply(method, v, [""]));
}

/** Writes the own enumerable fields of an object, or the name of its class if it has no visible fields. */
function fields(v: object): void {
  if (Array.isArray(v)) {
    array(v);
    return;
  }
  if (Object.keys(v).length === 0 && Object.getPrototypeOf(Object.getPrototypeOf(v) ?? v) !== null) unreadable(v);
  else members(v as Record<string, unknown>);
}

function unreadable(v: object): void {
  tape.string(`<${className(v)} object>`);
}

function callable(v: () => unknown): void {
  let name: unknown;
  try {
    name = v.name;
  } catch {
    name = undefined;
  }
  tape.string(typeof name === "string" && name !== "" ? name.slice(0, MAX_TEXT) : "<function>");
}

function date(v: Date): void {
  const time = Date.prototype.getTime.call(v);
  if (Number.isNaN(time)) {
    tape.warning("unrepresentable", "an invalid Date");
    tape.string("Invalid Date");
  } else {
    tape.string(`${new Date(time).toISOString().slice(0, -1)}000Z`);
  }
}

function view(v: ArrayBufferView): void {
  if (types.isUint8Array(v) || types.isUint8ClampedArray(v) || types.isDataView(v)) {
    tape.string(Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString("base64"));
    return;
  }
  const numbers = v as unknown as ArrayLike<number | bigint>;
  const size = numbers.length;
  if (size > MAX_ELEMENTS) {
    tape.warning("size", `an array of ${size} elements was left out`);
    const dtype = elements.get.call(v).replace("Big", "").replace("Array", "").toLowerCase();
    members({ dtype, reason: "size", shape: [size], truncated: true });
    return;
  }
  tape.begin(Op.BeginArray);
  for (let i = 0; i < size && !tape.exhausted(); i++) value(numbers[i]);
  tape.end(Op.BeginArray);
}

// The entries are copied first, because user code may change the map.
function map(v: ReadonlyMap<unknown, unknown>): void {
  const entries = Array.from(Map.prototype.entries.call(v as Map<unknown, unknown>));
  tape.begin(Op.BeginObject);
  for (const [name, found] of entries) {
    if (tape.exhausted()) break;
    if (found === undefined) continue;
    key(name);
    value(found);
  }
  tape.end(Op.BeginObject);
}

// The core sorts the elements, so the order of insertion does not matter.
function set(v: ReadonlySet<unknown>): void {
  const found = Array.from(Set.prototype.values.call(v as Set<unknown>));
  tape.begin(Op.BeginSet);
  for (let i = 0; i < found.length && !tape.exhausted(); i++) value(found[i]);
  tape.end(Op.BeginSet);
}

function error(v: Error): void {
  tape.begin(Op.BeginObject);
  key("type");
  tape.string(errorType(v));
  part(v, "message", "message", (message) => tape.string(message as string), String);
  part(v, "cause", "cause", value);
  if (typeof AggregateError === "function" && v instanceof AggregateError) part(v, "errors", "exceptions", value);
  tape.end(Op.BeginObject);
}

function part(
  v: Error,
  name: string,
  as: string,
  write: (found: unknown) => void,
  read: (found: unknown) => unknown = (found) => found,
): void {
  let found: unknown;
  try {
    found = (v as unknown as Record<string, unknown>)[name];
    if (found === undefined) return;
    found = read(found);
  } catch (failure) {
    key(as);
    unread(v, readFailure(failure));
    return;
  }
  key(as);
  write(found);
}

/** The error's own name, or the name of its class if it has none. */
function errorType(v: Error): string {
  try {
    const name: unknown = v.name;
    if (typeof name === "string" && name !== "" && name !== "Error") return name.slice(0, MAX_TEXT);
  } catch {
    // A getter threw.
  }
  return className(v);
}

function boxed(v: object): void {
  if (types.isStringObject(v)) tape.string(String.prototype.valueOf.call(v));
  else if (types.isNumberObject(v)) tape.number(Number.prototype.valueOf.call(v));
  else if (types.isBooleanObject(v)) value(Boolean.prototype.valueOf.call(v));
  else if (types.isSymbolObject(v)) tape.string(Symbol.prototype.toString.call(v));
  else tape.bigint(BigInt.prototype.valueOf.call(v));
}

