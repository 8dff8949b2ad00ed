/**
 * The tape: a sequence of bytes that the addon reads into the core's event writer, in one call for a whole event or
 * value. This module writes its operations and knows nothing about the values that become them.
 */
import { addon } from "./native.js";

/**
 * The operations of a tape. bindings/node/tape.cpp uses the same numbers. An operation and its long form, and those
 * that begin and end a container, differ by one.
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
  Digits = 10,
  Field = 11,
  BeginObject = 12,
  EndObject = 13,
  BeginArray = 14,
  EndArray = 15,
  BeginSet = 16,
  EndSet = 17,
  BeginKey = 18,
  EndKey = 19,
  Cycle = 20,
  Depth = 21,
  Warning = 22,
}

type Begin = Op.BeginObject | Op.BeginArray | Op.BeginSet;

// Limits of one event. They are needed because a list that contains the same list twice, 40 levels deep, has 2^40
// values.
const MAX_VALUES = 1 << 22;
const MAX_BYTES = 256 << 20;
/** The number of containers that may be open, including the event. */
export const MAX_DEPTH = 128;
const KEPT_BYTES = 1 << 20;
const SHORT = 64;

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

/** Writes an operation without operands. */
export function op(code: number): void {
  if (pos + 16 > bytes.length) grow(16);
  bytes[pos++] = code;
}

/**
 * Runs `write` on a part of the tape of its own, with `open` containers around it, and then `use` on the range that it
 * wrote. The part is removed afterwards.
 */
export function apart<T>(open: number, write: () => void, use: (from: number, to: number) => T): T {
  const outerPos = pos;
  const outerStart = start;
  const outerDepth = depth;
  const outerValues = values;
  const outerFloor = floor;
  start = pos;
  depth = open;
  values = 0;
  floor = height;
  try {
    write();
    return use(start, pos);
  } finally {
    pos = outerPos;
    start = outerStart;
    depth = outerDepth;
    values = outerValues;
    floor = outerFloor;
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

/** Returns a copy of a range of the tape. */
export function copy(from: number, to: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, from, to);
}

/** Writes a copy of a range that was copied earlier. */
export function append(part: Uint8Array): void {
  if (pos + part.length > bytes.length) grow(part.length);
  bytes.set(part, pos);
  pos += part.length;
}

/** The place where the next operation will be written. */
export function position(): number {
  return pos;
}

/** The number of containers around the value that is written now. */
export function openContainers(): number {
  return depth;
}

/** The number of values that enter() was called for and leave() was not, in all nested events. */
export function entered(): number {
  return height;
}

/** Removes what was written since `from`, when `open` containers were open. */
export function rewind(from: number, open: number): void {
  pos = from;
  depth = open;
}

/** Counts a value. Returns false, after writing a marker, if the event has no room for it. */
export function claim(): boolean {
  if (++values > MAX_VALUES || pos - start > MAX_BYTES) {
    oversize();
    return false;
  }
  return true;
}

/** Whether the event has used up its values or bytes. The rest of a container is then left out. */
export function exhausted(): boolean {
  return values > MAX_VALUES || pos - start > MAX_BYTES;
}

/** Must be called before an object is read, and leave() after it. Returns false, after writing a marker, if the object is inside itself. */
export function enter(v: object): boolean {
  for (let i = floor; i < height; i++) {
    if (ancestors[i] === v) {
      op(Op.Cycle);
      return false;
    }
  }
  ancestors[height++] = v;
  return true;
}

/** Leaves all objects that were entered since entered() was `around`. */
export function leave(around: number): void {
  while (height > around) ancestors[--height] = undefined;
}

export function begin(code: Begin): void {
  op(code);
  depth++;
}

/** Ends the container that `code` began. */
export function end(code: Begin): void {
  depth--;
  op(code + 1);
}

/** Writes a field of the schema, by its index, in place of its key. */
export function field(index: number): void {
  op(Op.Field);
  bytes[pos++] = index;
}

/** Writes a key; the member's value must follow. */
export function key(name: string): void {
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

function oversize(): void {
  warning("size", "the event has too many values; the rest was left out");
  op(Op.BeginObject);
  chars(Op.Key, "reason");
  chars(Op.String, "size");
  chars(Op.Key, "truncated");
  op(Op.True);
  op(Op.EndObject);
}

