/**
 * Writes JavaScript values as a tape: a sequence of bytes that the addon reads into the core's event writer, in one
 * call for the whole event. docs/native-values.md specifies how values are converted. Each property is read once.
 * Nothing that user code does while it is read (a getter that throws, a toJSON that logs events, a revoked proxy)
 * reaches the caller.
 */
import { camelCase, SCHEMA_NAMES } from "./event.js";
import { foreign, readFailure } from "./foreign.js";
import { addon, type NativeClient } from "./native.js";

/**
 * The operations of a tape. bindings/node/tape.cpp uses the same numbers. An operation and its long form differ by one.
 */
export const enum Op {
  Null = 1,
  True = 2,
  False = 3,
  Int32 = 4,
  Double = 5,
  String = 6,
  LongString = 7,
  Key = 8,
  LongKey = 9,
  CoercedKey = 10,
  Digits = 11,
  Field = 12,
  BeginObject = 13,
  EndObject = 14,
  BeginArray = 15,
  EndArray = 16,
  Cycle = 17,
  Depth = 18,
  Warning = 19,
}

/** The agent, session and parent event of the events logged in a scope. */
export interface Scoped {
  readonly agent: string | undefined;
  readonly session: string | undefined;
  readonly parent: string | undefined;
}

/** A value that was encoded earlier: the arguments of a call, which the function may change. */
export class Encoded {
  constructor(readonly tape: Uint8Array) {}
}

// Limits of one event. They are needed because a list that contains the same list twice, 40 levels deep, has 2^40
// values.
const MAX_VALUES = 1 << 22;
const MAX_BYTES = 256 << 20;
const MAX_DEPTH = 128;
const KEPT_BYTES = 1 << 20;
const SHORT = 64;

const fields = new Map<string, number>();
SCHEMA_NAMES.forEach((name, index) => fields.set(name, index).set(camelCase(name), index));
const AGENT = SCHEMA_NAMES.indexOf("agent_id");
const SESSION = SCHEMA_NAMES.indexOf("session_id");
const PARENT = SCHEMA_NAMES.indexOf("parent_event_id");

// Events nest when user code logs an event while another one is read. The inner event is written after the outer one on
// the same tape, and is removed before the outer one continues. The state below belongs to the innermost event.
let bytes = newTape(1 << 16);
let pos = 0;
let start = 0;
let depth = 0;
let values = 0;
// The containers around the value that is being written. Those of this event are from `floor` up to `height`.
const ancestors: (object | undefined)[] = [];
let height = 0;
let floor = 0;

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

function newTape(size: number): Buffer {
  const tape = Buffer.allocUnsafeSlow(size);
  addon.setTape(tape.buffer);
  return tape;
}

function grow(wanted: number): void {
  const larger = newTape(Math.max(bytes.length * 2, pos + wanted));
  larger.set(bytes.subarray(0, pos));
  bytes = larger;
}

function op(code: number): void {
  if (pos + 16 > bytes.length) grow(16);
  bytes[pos++] = code;
}

/** Runs `write` on a separate part of the tape, at depth `open`, and then `use` on the range that it wrote. */
function apart<T>(open: number, write: () => void, use: (from: number, to: number) => T): T {
  const outer = { pos, start, depth, values, floor };
  start = pos;
  depth = open;
  values = 0;
  floor = height;
  try {
    write();
    return use(start, pos);
  } finally {
    ({ pos, start, depth, values, floor } = outer);
    if (pos === 0) reset();
  }
}

/** Called when no event is being written: shrinks the tape and clears the ancestors. */
function reset(): void {
  if (bytes.length > KEPT_BYTES) bytes = newTape(1 << 16);
  if (height !== 0) {
    height = 0;
    floor = 0;
    ancestors.length = 0;
  }
}

/** Writes an event, records it through the client, and returns its id. */
export function record(client: NativeClient, event: object, scope: Scoped | undefined): string {
  const outerPos = pos;
  const outerStart = start;
  const outerDepth = depth;
  const outerValues = values;
  const outerFloor = floor;
  start = pos;
  depth = 1;
  values = 0;
  floor = height;
  try {
    topLevel(event, scope);
    return client.record(start, pos);
  } finally {
    pos = outerPos;
    start = outerStart;
    depth = outerDepth;
    values = outerValues;
    floor = outerFloor;
    if (pos === 0) reset();
  }
}

/** Encodes one value for later use. `open` is the number of containers that will be around it. */
export function encode(object: unknown, open = 0): Encoded {
  return apart(
    open,
    () => value(object),
    (from, to) => new Encoded(Uint8Array.prototype.slice.call(bytes, from, to)),
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
    given = foreign.isMap(event) ? entries(event) : properties(event as Record<string, unknown>);
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
  op(Op.Field);
  bytes[pos++] = index;
  return index === AGENT ? 1 : index === SESSION ? 2 : index === PARENT ? 4 : 0;
}

function scoped(index: number, text: string): void {
  op(Op.Field);
  bytes[pos++] = index;
  string(text);
}

/** Writes a key; the member's value must follow. A key that is not a string becomes its JSON text. */
export function key(name: unknown): void {
  if (typeof name !== "string") {
    coercedKey(name);
    return;
  }
  const from = pos;
  if (chars(Op.Key, name)) return;
  // Below the top level, the warning about a repaired key refers to its object, as it does for JSON text.
  if (depth > 1) {
    pos = from;
    warning("lone_surrogate", "replaced by U+FFFD");
    chars(Op.Key, name);
  } else {
    warning("lone_surrogate", "replaced by U+FFFD");
  }
}

function coercedKey(name: unknown): void {
  const text = foreign.keyText(encode(name, depth));
  long(Op.CoercedKey, text);
}

export function value(v: unknown): void {
  if (++values > MAX_VALUES || pos - start > MAX_BYTES) {
    oversize();
    return;
  }
  // Not a switch, which V8 does not optimise for typeof.
  if (typeof v === "string") string(v);
  else if (typeof v === "number") number(v);
  else if (typeof v === "object") {
    if (v === null) op(Op.Null);
    else object(v);
  } else if (typeof v === "boolean") op(v ? Op.True : Op.False);
  else if (v === undefined) op(Op.Null);
  else if (typeof v === "bigint") bigint(v);
  else if (typeof v === "symbol") string(Symbol.prototype.toString.call(v));
  else foreign.callable(v as () => unknown);
}

export function string(v: string): void {
  const from = pos;
  if (chars(Op.String, v)) return;
  pos = from;
  warning("lone_surrogate", "replaced by U+FFFD");
  chars(Op.String, v);
}

/** Writes a text with its operation and length. Returns false if lone surrogates in it were replaced. */
function chars(code: number, text: string): boolean {
  const size = text.length;
  if (size >= SHORT) return long(code + 1, text);
  if (pos + 2 + SHORT > bytes.length) grow(2 + SHORT);
  const to = bytes;
  let at = pos + 2;
  for (let i = 0; i < size; i++) {
    const c = text.charCodeAt(i);
    if (c > 127) return long(code + 1, text);
    to[at++] = c;
  }
  to[pos] = code;
  to[pos + 1] = size;
  pos = at;
  return true;
}

function long(code: number, text: string): boolean {
  let size = text.length * 3;
  if (size > KEPT_BYTES) {
    size = Buffer.byteLength(text);
    if (pos - start + size > MAX_BYTES) {
      text = "";
      if (code === (Op.LongString as number)) {
        oversize();
        return true;
      }
      warning("size", "the name is too long and was left out");
    }
  }
  if (pos + 5 + size > bytes.length) grow(5 + size);
  const written = bytes.write(text, pos + 5);
  bytes[pos] = code;
  length32(pos + 1, written);
  pos += 5 + written;
  return written === text.length || wellFormed(text);
}

function length32(at: number, size: number): void {
  bytes[at] = size;
  bytes[at + 1] = size >>> 8;
  bytes[at + 2] = size >>> 16;
  bytes[at + 3] = size >>> 24;
}

function wellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

export function number(v: number): void {
  if (pos + 16 > bytes.length) grow(16);
  const to = bytes;
  if ((v | 0) === v) {
    to[pos] = Op.Int32;
    length32(pos + 1, v);
    pos += 5;
    return;
  }
  double[0] = v;
  to[pos] = Op.Double;
  for (let i = 0; i < 8; i++) to[pos + 1 + i] = doubleBytes[i] as number;
  pos += 9;
}

export function bigint(v: bigint): void {
  if (BigInt.asIntN(32, v) === v) {
    number(Number(v));
    return;
  }
  const hex = (v < 0n ? -v : v).toString(16);
  if (hex.length * 4 > 65536) {
    warning("integer_as_hex", "too long for decimal digits");
    string(`${v < 0n ? "-" : ""}0x${hex}`);
  } else {
    long(Op.Digits, v.toString());
  }
}

/** Adds an entry to validation_warnings about the value that is written next. */
export function warning(code: string, detail: string): void {
  op(Op.Warning);
  chars(Op.String, code);
  if (!chars(Op.String, detail)) return; // a repaired detail needs no warning of its own
}

export function oversize(): void {
  warning("size", "the event has too many values; the rest was left out");
  op(Op.BeginObject);
  chars(Op.Key, "reason");
  chars(Op.String, "size");
  chars(Op.Key, "truncated");
  op(Op.True);
  op(Op.EndObject);
}

/** Writes a text in place of a value that threw while it was read. */
export function unread(object: object, failure: string): void {
  const name = foreign.className(object);
  warning("unrepresentable", `${failure} while reading ${name}`);
  string(`<unrepresentable ${name}: ${failure}>`);
}

export function exhausted(): boolean {
  return values > MAX_VALUES || pos - start > MAX_BYTES;
}

/** Enters a container. Returns false, after writing a marker, if the container is inside itself. */
function enter(v: object): boolean {
  for (let i = floor; i < height; i++) {
    if (ancestors[i] === v) {
      op(Op.Cycle);
      return false;
    }
  }
  ancestors[height++] = v;
  return true;
}

function object(v: object): void {
  const from = pos;
  const open = depth;
  const around = height;
  if (depth >= MAX_DEPTH && !foreign.isLeaf(v)) {
    op(Op.Depth);
    return;
  }
  if (!enter(v)) return;
  try {
    const prototype: unknown = Object.getPrototypeOf(v);
    if (prototype === Object.prototype || prototype === null) plain(v as Record<string, unknown>);
    else if (Array.isArray(v)) array(v);
    else foreign.object(v);
  } catch (error) {
    // Thrown by the value itself, or by an exhausted stack. Errors of its members are caught where they are read.
    pos = from;
    depth = open;
    unread(v, readFailure(error));
  }
  while (height > around) ancestors[--height] = undefined;
}

function plain(v: Record<string, unknown>): void {
  if (typeof v["toJSON"] === "function") foreign.toJSON(v);
  else members(v);
}

/** Writes an object with the own enumerable members of `v`, except undefined ones. */
export function members(v: Record<string, unknown>): void {
  const names = Object.keys(v);
  op(Op.BeginObject);
  depth++;
  for (let i = 0; i < names.length && !exhausted(); i++) {
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
  depth--;
  op(Op.EndObject);
}

/** Writes an array with the length that it had at the start. Holes become null. */
export function array(v: ArrayLike<unknown>): void {
  const size = v.length;
  op(Op.BeginArray);
  depth++;
  for (let i = 0; i < size && !exhausted(); i++) {
    let found: unknown;
    try {
      found = v[i];
    } catch (error) {
      unread(v, readFailure(error));
      continue;
    }
    value(found);
  }
  depth--;
  op(Op.EndArray);
}

/** Writes a container with the content that `write` writes. */
export function container(begin: Op.BeginObject | Op.BeginArray, write: () => void): void {
  op(begin);
  depth++;
  write();
  depth--;
  op(begin + 1);
}

/** Copies a part of a tape. */
export function splice(part: Encoded): void {
  if (pos + part.tape.length > bytes.length) grow(part.tape.length);
  bytes.set(part.tape, pos);
  pos += part.tape.length;
}

/** The containers around the value that is written now. */
export function depthNow(): number {
  return depth;
}

/** Writes the value that `toJSON` of `v` returned, in place of `v`. */
export function instead(v: object, other: unknown): void {
  if (typeof other !== "object" || other === null) {
    value(other);
    return;
  }
  if (other !== v && !enter(other)) return;
  // Its own toJSON is not called.
  const prototype: unknown = Object.getPrototypeOf(other);
  if (prototype === Object.prototype || prototype === null) members(other as Record<string, unknown>);
  else foreign.fields(other);
}
