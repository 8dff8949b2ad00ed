/** Values that are not plain JSON. The second half of encode.ts. */
import { types } from "node:util";

import { canonicalText, keyText } from "./canonical.js";
import {
  array,
  bigint,
  container,
  depthNow,
  encode,
  Encoded,
  exhausted,
  instead,
  key,
  members,
  number,
  Op,
  splice,
  string,
  unread,
  value,
  warning,
} from "./encode.js";

// The largest typed array that is written. For a larger one, a marker describes it.
const MAX_ELEMENTS = 100_000;
const MAX_TEXT = 10_000;

const typedArray = Object.getPrototypeOf(Uint8Array) as { prototype: object };
const elements = Object.getOwnPropertyDescriptor(typedArray.prototype, Symbol.toStringTag) as { get: () => string };

// Constructor names that are less specific than the tag. Which of the two an iterator has depends on the Node version.
const VAGUE: ReadonlySet<string> = new Set(["", "Object", "Iterator"]);

/** A name for a thrown value, which may be of any type. */
export function readFailure(error: unknown): string {
  if (typeof error !== "object" || error === null) return error === null ? "null" : typeof error;
  return className(error);
}

/** The name of a value's class, whatever its prototype and constructor do. */
function className(v: object): string {
  if (types.isProxy(v)) return "Proxy";
  try {
    const prototype = Object.getPrototypeOf(v) as { constructor?: { name?: unknown } } | null;
    const name = prototype?.constructor?.name;
    if (typeof name === "string" && !VAGUE.has(name)) return name.slice(0, 200);
    return Object.prototype.toString.call(v).slice(8, -1);
  } catch {
    // A getter threw.
  }
  return "Object";
}

function object(v: object): void {
  if (v instanceof Encoded) splice(v);
  else if (types.isProxy(v)) fields(v);
  else if (ArrayBuffer.isView(v)) view(v);
  else if (types.isDate(v)) date(v);
  else if (types.isMap(v)) map(v);
  else if (types.isSet(v)) set(v);
  else if (types.isNativeError(v) || v instanceof Error) error(v);
  else if (types.isAnyArrayBuffer(v)) string(Buffer.from(v).toString("base64"));
  else if (types.isBoxedPrimitive(v)) boxed(v);
  else if (types.isRegExp(v)) string(`/${v.source}/${v.flags}`);
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
  string(`<${className(v)} object>`);
}

function callable(v: () => unknown): void {
  let name: unknown;
  try {
    name = v.name;
  } catch {
    name = undefined;
  }
  string(typeof name === "string" && name !== "" ? name.slice(0, MAX_TEXT) : "<function>");
}

function date(v: Date): void {
  const time = Date.prototype.getTime.call(v);
  if (Number.isNaN(time)) {
    warning("unrepresentable", "an invalid Date");
    string("Invalid Date");
  } else {
    string(`${new Date(time).toISOString().slice(0, -1)}000Z`);
  }
}

function view(v: ArrayBufferView): void {
  if (types.isUint8Array(v) || types.isUint8ClampedArray(v) || types.isDataView(v)) {
    string(Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString("base64"));
    return;
  }
  const numbers = v as unknown as ArrayLike<number | bigint>;
  const size = numbers.length;
  if (size > MAX_ELEMENTS) {
    warning("size", `an array of ${size} elements was left out`);
    const dtype = elements.get.call(v).replace("Big", "").replace("Array", "").toLowerCase();
    members({ dtype, reason: "size", shape: [size], truncated: true });
    return;
  }
  container(Op.BeginArray, () => {
    for (let i = 0; i < size && !exhausted(); i++) value(numbers[i]);
  });
}

// The entries are copied first, because user code may change the map.
function map(v: ReadonlyMap<unknown, unknown>): void {
  const entries = Array.from(Map.prototype.entries.call(v as Map<unknown, unknown>));
  container(Op.BeginObject, () => {
    for (const [name, found] of entries) {
      if (exhausted()) break;
      if (found === undefined) continue;
      key(name);
      value(found);
    }
  });
}

// Elements are sorted by their canonical bytes, so the order of insertion does not matter.
function set(v: ReadonlySet<unknown>): void {
  const open = depthNow() + 1;
  const parts: { part: Encoded; order: Buffer }[] = [];
  for (const element of Array.from(Set.prototype.values.call(v as Set<unknown>))) {
    if (exhausted()) break;
    const part = encode(element, open);
    parts.push({ part, order: Buffer.from(canonicalText(part)) });
  }
  parts.sort((a, b) => Buffer.compare(a.order, b.order));
  container(Op.BeginArray, () => {
    for (const { part } of parts) splice(part);
  });
}

function error(v: Error): void {
  container(Op.BeginObject, () => {
    key("type");
    string(errorType(v));
    part(v, "message", "message", (message) => string(message as string), String);
    part(v, "cause", "cause", value);
    if (typeof AggregateError === "function" && v instanceof AggregateError) part(v, "errors", "exceptions", value);
  });
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
  if (types.isStringObject(v)) string(String.prototype.valueOf.call(v));
  else if (types.isNumberObject(v)) number(Number.prototype.valueOf.call(v));
  else if (types.isBooleanObject(v)) value(Boolean.prototype.valueOf.call(v));
  else if (types.isSymbolObject(v)) string(Symbol.prototype.toString.call(v));
  else bigint(BigInt.prototype.valueOf.call(v));
}

export const foreign = { callable, className, fields, isLeaf, isMap: types.isMap, keyText, object, toJSON };
