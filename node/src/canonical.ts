/**
 * The canonical text (RFC 8785) of a tape. It is used for arguments that the addon takes as JSON text, for keys that
 * are not strings, and to sort the elements of sets.
 */
import { type Encoded, Op } from "./encode.js";

class Reader {
  private at = 0;
  private readonly tape: Buffer;

  constructor(tape: Uint8Array) {
    this.tape = Buffer.from(tape.buffer, tape.byteOffset, tape.byteLength);
  }

  peek(): number {
    return this.tape[this.at] as number;
  }

  next(): number {
    return this.tape[this.at++] as number;
  }

  short(): string {
    const size = this.next();
    return this.take(size);
  }

  long(): string {
    const size = this.tape.readUInt32LE(this.at);
    this.at += 4;
    return this.take(size);
  }

  int32(): number {
    this.at += 4;
    return this.tape.readInt32LE(this.at - 4);
  }

  double(): number {
    this.at += 8;
    return this.tape.readDoubleLE(this.at - 8);
  }

  private take(size: number): string {
    this.at += size;
    return this.tape.toString("utf8", this.at - size, this.at);
  }
}

/** The canonical text of one value. */
export function canonicalText(value: Encoded): string {
  return text(new Reader(value.tape));
}

/** The text for a key: the content of a string, or the JSON text of any other value. */
export function keyText(value: Encoded): string {
  const result = canonicalText(value);
  return result.startsWith('"') ? (JSON.parse(result) as string) : result;
}

function text(reader: Reader): string {
  skipWarnings(reader);
  const op = reader.next();
  switch (op as unknown as Op) {
    case Op.Null:
      return "null";
    case Op.True:
      return "true";
    case Op.False:
      return "false";
    case Op.Int32:
      return String(reader.int32());
    case Op.Double:
      return double(reader.double());
    case Op.String:
      return JSON.stringify(reader.short());
    case Op.LongString:
      return JSON.stringify(reader.long());
    case Op.Digits:
      return digits(reader.long());
    case Op.Cycle:
      return '{"reason":"cycle","truncated":true}';
    case Op.Depth:
      return '{"reason":"depth","truncated":true}';
    case Op.BeginArray:
      return array(reader);
    case Op.BeginObject:
      return object(reader);
    default:
      throw new Error(`internal error: a tape has the operation ${op} where a value must be`);
  }
}

function skipWarnings(reader: Reader): void {
  while (reader.peek() === (Op.Warning as number)) {
    reader.next();
    for (let i = 0; i < 2; i++) {
      if (reader.next() === (Op.String as number)) reader.short();
      else reader.long();
    }
  }
}

function double(value: number): string {
  // String(-0) is "0", as RFC 8785 requires.
  return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
}

function digits(value: string): string {
  return String(Number(value)) === value ? value : JSON.stringify(value);
}

function array(reader: Reader): string {
  const elements: string[] = [];
  while (reader.peek() !== (Op.EndArray as number)) elements.push(text(reader));
  reader.next();
  return `[${elements.join(",")}]`;
}

function object(reader: Reader): string {
  const real = new Map<string, string>();
  const coerced: [string, string][] = [];
  for (;;) {
    skipWarnings(reader);
    const op = reader.next();
    if (op === (Op.EndObject as number)) break;
    if (op === (Op.CoercedKey as number)) coerced.push([reader.long(), text(reader)]);
    else real.set(op === (Op.Key as number) ? reader.short() : reader.long(), text(reader)); // the last key wins
  }
  // A coerced key that collides with another key gets another name.
  for (const [name, value] of coerced) {
    let free = name;
    for (let number = 2; real.has(free); number++) free = `${name}~${number}`;
    real.set(free, value);
  }
  const sorted = [...real].sort(([a], [b]) => (a < b ? -1 : 1)); // by UTF-16 code units, as RFC 8785 requires
  return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}
