/** Values are recorded as the table in docs/native-values.md says; edge cases. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { type Client, open, recorded, SOURCE, stored, warningsOf } from "./support.js";

let client: Client;
beforeEach(() => {
  client = open();
});

/** Returns the rows of the table that have an example for JavaScript: [example, recorded JSON]. */
function rows(): [string, string][] {
  return readFileSync(join(SOURCE, "docs/native-values.md"), "utf8")
    .split("\n")
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("\\|", "|")),
    )
    .filter((cells) => cells.length === 6 && cells[4]?.startsWith("`"))
    .map((cells) => cells.slice(4, 6).map((cell) => cell.slice(1, -1)) as [string, string]);
}

// The names that the examples of the table use.
function cyclic(): unknown[] {
  const list: unknown[] = [];
  list.push(list);
  return list;
}
const id = (number: number) => ({ toJSON: () => `00000000-0000-0000-0000-${String(number).padStart(12, "0")}` });
const Colour = { RED: "red" };
const Mode = { A: 1, B: 2 };
class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}
class Item {
  constructor(
    readonly name: string,
    readonly tags: Set<string>,
  ) {}
}
class ValueError extends Error {}
class KeyError extends Error {}
class OSError extends Error {}
class Money {
  constructor(readonly cents: number) {}
  toJSON() {
    return `${this.cents / 100} EUR`;
  }
}
class Broken {
  toJSON() {
    throw new RangeError("no");
  }
}
class Secret {
  #hidden = 1;
  reveal() {
    return this.#hidden;
  }
}
const names = { cyclic, id, Colour, Mode, Point, Item, ValueError, KeyError, OSError, Money, Broken, Secret };

describe("the table", () => {
  it("has examples", () => {
    expect(rows().length).toBeGreaterThan(35);
  });

  it.each(rows())("%s becomes %s", async (example, becomes) => {
    const value: unknown = new Function(...Object.keys(names), `return (${example});`)(...Object.values(names));
    expect(await recorded(client, value)).toEqual(JSON.parse(becomes));
  });
});

describe("numbers", () => {
  it.each([
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [2 ** 31, 2 ** 31],
    [-(2 ** 31), -(2 ** 31)],
    [5e-324, 5e-324],
    [1e21, 1e21],
    [-0, 0],
    [10n ** 30n, "1" + "0".repeat(30)],
    [10n ** 20n, 1e20],
    [-(2n ** 53n) - 1n, "-9007199254740993"],
    [1n << 70_000n, "0x1" + "0".repeat(17_500)],
  ])("case %#", async (value, expected) => {
    expect(await recorded(client, value)).toBe(expected);
  });
});

describe("text", () => {
  it("keeps all characters, short and long", async () => {
    for (const text of ["", "é", "a".repeat(63), "a".repeat(64), "€".repeat(100), "😀".repeat(5000), "\0\u001f\u007f"]) {
      expect(await recorded(client, text)).toBe(text);
      expect(await recorded(client, { [text]: text })).toEqual({ [text]: text });
    }
  });

  it("with lone surrogates in values and keys is repaired, with a warning", async () => {
    const id = client.logEvent({ actionInput: { v: `${"x".repeat(100)}\udc00`, "k\ud800": 1 }, "top\ud800": 2 });
    const event = await stored(client, id);
    expect(event.action_input).toEqual({ v: `${"x".repeat(100)}\ufffd`, "k\ufffd": 1 });
    expect(event["top\ufffd"]).toBe(2);
    expect(warningsOf(event)).toEqual([
      "lone_surrogate /action_input",
      "lone_surrogate /action_input/v",
      "lone_surrogate /top\ufffd",
      "unknown_field /top\ufffd",
    ]);
  });
});

describe("binary data", () => {
  it("is recorded as base64, whatever the view", async () => {
    const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
    const shared = new SharedArrayBuffer(2);
    expect(
      await recorded(client, [
        buffer,
        new Uint8Array(buffer, 2, 3),
        new DataView(buffer, 6),
        Buffer.from("hi"),
        new Uint8ClampedArray([255]),
        shared,
      ]),
    ).toEqual(["AQIDBAUGBwg=", "AwQF", "Bwg=", "aGk=", "/w==", "AAA="]);
  });

  it("of other element types is recorded as an array, or as a description if it is large", async () => {
    expect(await recorded(client, [new Float64Array([1.5, NaN]), new BigInt64Array([-1n]), new Int8Array(2)])).toEqual([
      [1.5, "NaN"],
      [-1],
      [0, 0],
    ]);
    expect(await recorded(client, new Float32Array(100_001))).toEqual({
      dtype: "float32",
      reason: "size",
      shape: [100_001],
      truncated: true,
    });
  });

  it("that was transferred cannot be read", async () => {
    const bytes = new Uint8Array(4);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect(await recorded(client, [bytes, bytes.buffer, 1])).toEqual([
      "<unrepresentable Uint8Array: TypeError>",
      "<unrepresentable ArrayBuffer: TypeError>",
      1,
    ]);
  });
});

describe("maps and sets", () => {
  it("keys that are not strings become their JSON text", async () => {
    const map = new Map<unknown, unknown>([
      [1, "a"],
      ["1", "b"],
      [true, "c"],
      [{ a: [1] }, "d"],
      [null, "e"],
      [new Date(0), "f"],
      [1n, "g"],
      [undefined, "h"],
    ]);
    expect(await recorded(client, map)).toEqual({
      "1": "b",
      "1~2": "a",
      "1~3": "g",
      true: "c",
      '{"a":[1]}': "d",
      null: "e",
      "1970-01-01T00:00:00.000000Z": "f",
      "null~2": "h",
    });
  });

  it("a set is sorted by the canonical bytes of its elements", async () => {
    const set = new Set<unknown>([10, 9, "b", "a", null, { z: 1, a: new Set([2, 1]) }, "\u{1f600}", "\ufb33"]);
    expect(await recorded(client, set)).toEqual(["a", "b", "\ufb33", "\u{1f600}", 10, 9, null, { z: 1, a: [1, 2] }]);
  });

  it("of derived classes are read without calling overridden methods", async () => {
    class Loud extends Map<string, number> {
      override entries(): never {
        throw new Error("not called");
      }
    }
    class Quiet extends Set<number> {
      override values(): never {
        throw new Error("not called");
      }
    }
    expect(await recorded(client, [new Loud([["a", 1]]), new Quiet([1])])).toEqual([{ a: 1 }, [1]]);
  });
});

describe("errors", () => {
  it("are recorded with their causes", async () => {
    class HttpError extends Error {}
    const error = new HttpError("top", { cause: new TypeError("middle", { cause: { code: 7 } }) });
    expect(await recorded(client, error)).toEqual({
      type: "HttpError",
      message: "top",
      cause: { type: "TypeError", message: "middle", cause: { code: 7 } },
    });
  });

  it("in an AggregateError are recorded", async () => {
    const group = new AggregateError([new Error("a"), "b"], "both");
    expect(await recorded(client, group)).toEqual({
      type: "AggregateError",
      message: "both",
      exceptions: [{ type: "Error", message: "a" }, "b"],
    });
  });

  it("may be their own cause, and may have getters that throw", async () => {
    const own = new Error("own");
    own.cause = own;
    const broken = new Error("x");
    Object.defineProperty(broken, "message", {
      get() {
        throw new RangeError("no");
      },
    });
    Object.defineProperty(broken, "name", { value: Symbol("name") });
    expect(await recorded(client, [own, broken])).toEqual([
      { type: "Error", message: "own", cause: { reason: "cycle", truncated: true } },
      { type: "Error", message: "<unrepresentable Error: RangeError>" },
    ]);
  });
});
