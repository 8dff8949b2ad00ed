/** Values that are hard to read, and events that are such values themselves. */
import { types } from "node:util";
import vm from "node:vm";

import { beforeEach, describe, expect, it } from "vitest";

import { type Client, open, recorded, stored, warningsOf } from "./support.js";

let client: Client;
beforeEach(() => {
  client = open();
});

describe("user code that runs while an event is read", () => {
  it("may throw anything anywhere", async () => {
    const hostile = {
      getter: {
        get a(): never {
          throw new SyntaxError("x");
        },
        b: 1,
      },
      text: {
        get a(): never {
          throw "a string"; // eslint-disable-line @typescript-eslint/only-throw-error
        },
      },
      nothing: {
        get a(): never {
          throw null; // eslint-disable-line @typescript-eslint/only-throw-error
        },
      },
      json: {
        toJSON(): never {
          throw new EvalError("x");
        },
      },
      element: Object.defineProperty([1, 2], 0, {
        get() {
          throw new RangeError("x");
        },
      }),
      last: 3,
    };
    const id = client.logEvent({ actionInput: hostile });
    const event = await stored(client, id);
    expect(event.action_input).toEqual({
      getter: { a: "<unrepresentable Object: SyntaxError>", b: 1 },
      text: { a: "<unrepresentable Object: string>" },
      nothing: { a: "<unrepresentable Object: null>" },
      json: "<unrepresentable Object: EvalError>",
      element: ["<unrepresentable Array: RangeError>", 2],
      last: 3,
    });
    expect(warningsOf(event)).toEqual([
      "unrepresentable /action_input/element/0",
      "unrepresentable /action_input/getter/a",
      "unrepresentable /action_input/json",
      "unrepresentable /action_input/nothing/a",
      "unrepresentable /action_input/text/a",
    ]);
  });

  it("may log events itself, also recursively", async () => {
    const noisy = (level: number): object => ({
      toJSON() {
        const inner = level > 0 ? { deeper: noisy(level - 1), pad: "x".repeat(40_000) } : {};
        return { id: client.logEvent({ actionName: `level ${level}`, actionInput: inner }), level };
      },
    });
    const id = client.logEvent({ actionName: "outer", actionInput: { before: "é", noisy: noisy(5), after: [1, "b"] } });
    const outer = await stored(client, id);
    expect(outer.action_input).toMatchObject({ before: "é", after: [1, "b"], noisy: { level: 5 } });
    const events = await client.getEvents();
    expect(events.map((event) => event.action_name)).toEqual([
      "level 0",
      "level 1",
      "level 2",
      "level 3",
      "level 4",
      "level 5",
      "outer",
    ]);
    for (const event of events.slice(1)) expect(event.validation_warnings).toEqual([]);
    expect((await client.verify()).valid).toBe(true);
  });

  it("may change the value that is read, and close the client", async () => {
    const list: unknown[] = [1, 2, 3];
    const map = new Map<string, unknown>([["a", 1]]);
    const changing = {
      list,
      map,
      get grow() {
        list.push(4);
        map.set("b", 2);
        return list.length;
      },
    };
    expect(await recorded(client, { x: changing, again: list })).toEqual({
      x: { list: [1, 2, 3], map: { a: 1 }, grow: 4 },
      again: [1, 2, 3, 4],
    });
    const closing = open({ dbPath: undefined });
    expect(() =>
      closing.logEvent({
        actionInput: {
          toJSON() {
            void closing.close();
            return 1;
          },
        },
      }),
    ).not.toThrow(TypeError);
  });

  it("the result of toJSON is recorded, and toJSON is called once", async () => {
    let asked = 0;
    const again = {
      x: 1,
      toJSON() {
        asked++;
        return this;
      },
    };
    class Wrapper {
      constructor(readonly inner: unknown) {}
      toJSON() {
        return { wrapped: this.inner };
      }
    }
    expect(await recorded(client, [again, new Wrapper(new Wrapper([again])), new URL("http://a.b/c")])).toEqual([
      { x: 1, toJSON: "toJSON" },
      { wrapped: { wrapped: [{ x: 1, toJSON: "toJSON" }] } },
      "http://a.b/c",
    ]);
    expect(asked).toBe(2);
  });
});

describe("proxies", () => {
  it("are read through their traps", async () => {
    const counted = new Proxy({ a: 1 }, { get: (target, name) => (name === "a" ? 41 + target.a : undefined) });
    const list = new Proxy([1, 2], {});
    const date = new Proxy(new Date(0), {});
    expect(await recorded(client, [counted, list, date])).toEqual([{ a: 42 }, [1, 2], "<Proxy object>"]);
  });

  it("may be revoked, or trap everything", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { proxy: callable, revoke: stop } = Proxy.revocable(() => 1, {});
    stop();
    const wall = new Proxy(
      {},
      new Proxy(
        {},
        {
          get() {
            throw new RangeError("wall");
          },
        },
      ),
    );
    expect(types.isProxy(proxy)).toBe(true);
    expect(await recorded(client, [proxy, callable, wall, 1])).toEqual([
      "<unrepresentable Proxy: TypeError>",
      "<function>",
      "<unrepresentable Proxy: RangeError>",
      1,
    ]);
    const event = await stored(client, client.logEvent(proxy));
    expect(event["event"]).toBe("<unrepresentable Proxy: TypeError>");
  });

  it("may be endless", async () => {
    const endless: object = new Proxy({}, { ownKeys: () => ["next"], get: () => endless, ...descriptors() });
    expect(JSON.stringify(await recorded(client, endless))).toContain('"reason":"cycle"');
    const deeper = (): object => new Proxy({}, { ownKeys: () => ["next"], get: (_, name) => (name === "next" ? deeper() : undefined), ...descriptors() });
    expect(JSON.stringify(await recorded(client, deeper()))).toContain('"reason":"depth"');
    const long = new Proxy([], { get: (_, name) => (name === "length" ? 2 ** 32 : 7) });
    const event = await stored(client, client.logEvent({ actionInput: long }));
    expect(warningsOf(event)).toContain("truncated /action_input");
  });
});

function descriptors() {
  return { getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) };
}

describe("odd objects", () => {
  it("cycles are cut, and a repeated object is not a cycle", async () => {
    const shared = { s: 1 };
    const loop: Record<string, unknown> = { shared, also: shared };
    loop["self"] = { loop };
    expect(await recorded(client, loop)).toEqual({
      shared: { s: 1 },
      also: { s: 1 },
      self: { loop: { reason: "cycle", truncated: true } },
    });
  });

  it("deep nesting is cut", async () => {
    let deep: unknown = "bottom";
    for (let i = 0; i < 100_000; i++) deep = i % 2 === 0 ? [deep] : { d: deep };
    const event = await stored(client, client.logEvent({ actionInput: deep }));
    expect(warningsOf(event)[0]).toMatch(/^depth /);
  });

  it("a list of exponential size is cut", async () => {
    let list: unknown[] = ["x"];
    for (let i = 0; i < 40; i++) list = [list, list];
    const event = await stored(client, client.logEvent({ actionInput: list }));
    expect(warningsOf(event).length).toBeGreaterThan(0);
  });

  it("if the stack is exhausted, the value is lost, but not the event", async () => {
    let id = "";
    const descend = (): void => {
      try {
        descend();
      } catch {
        // Near the end of the stack, reading this value can exceed it.
        try {
          id = client.logEvent({ actionInput: { a: { b: { c: { d: [1] } } } } });
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          throw error;
        }
      }
    };
    descend();
    expect((await stored(client, id)).agent_id).toBe("tester");
    expect((await client.verify()).valid).toBe(true);
  });

  it("class instances, null prototypes, other realms", async () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    const foreign: unknown = vm.runInNewContext(
      "({ o: { x: 1 }, l: [1], d: new Date(0), m: new Map([[1, 2]]), e: new TypeError('t'), s: new Set([1]), n: {} })",
    );
    class Point {
      x = 1;
      readonly y = 2;
      get sum() {
        return this.x + this.y;
      }
    }
    expect(await recorded(client, { bare, foreign, point: new Point(), empty: {}, none: Object.create(null) })).toEqual({
      bare: { a: 1 },
      foreign: {
        o: { x: 1 },
        l: [1],
        d: "1970-01-01T00:00:00.000000Z",
        m: { "1": 2 },
        e: { type: "TypeError", message: "t" },
        s: [1],
        n: {},
      },
      point: { x: 1, y: 2 },
      empty: {},
      none: {},
    });
  });

  it("objects without data are recorded by their class, and iterators are not consumed", async () => {
    function* numbers() {
      yield 1;
    }
    const generator = numbers();
    const iterator = [1][Symbol.iterator]();
    expect(
      await recorded(client, {
        promise: Promise.resolve(1),
        weak: new WeakMap(),
        weakSet: new WeakSet(),
        generator,
        iterator,
        anonymous: [() => 1][0],
        symbol: Symbol.iterator,
        headers: new Headers({ a: "b" }),
      }),
    ).toEqual({
      promise: "<Promise object>",
      weak: "<WeakMap object>",
      weakSet: "<WeakSet object>",
      generator: "<Generator object>",
      iterator: "<Array Iterator object>",
      anonymous: "<function>",
      symbol: "Symbol(Symbol.iterator)",
      headers: "<Headers object>",
    });
    expect([...generator, ...iterator]).toEqual([1, 1]);
  });

  it("class names may be wrong or throw", async () => {
    class Liar {}
    Object.defineProperty(Liar, "name", { value: 7 });
    class Thrower {
      static get name(): string {
        throw new Error("no");
      }
    }
    const odd = Object.create({ constructor: null }) as object;
    expect(await recorded(client, [new Liar(), new Thrower(), odd, Liar, Thrower])).toEqual([
      "<Object object>",
      "<Object object>",
      "<Object object>",
      "<function>",
      "<function>",
    ]);
  });

  it("sparse arrays, holes, extra properties", async () => {
    const sparse: unknown[] = [1, , 3];  
    (sparse as unknown as Record<string, unknown>)["extra"] = 1;
    expect(await recorded(client, [sparse, [undefined, null]])).toEqual([
      [1, null, 3],
      [null, null],
    ]);
    const event = await stored(client, client.logEvent({ actionInput: new Array(2 ** 31) }));
    expect(warningsOf(event)).toContain("truncated /action_input");
  });

  it("huge text is cut, and logging works afterwards", async () => {
    const event = await stored(client, client.logEvent({ actionInput: { a: "x".repeat(20 << 20), b: 1 } }));
    expect(event.action_input).toMatchObject({ truncated: true });
    expect(await recorded(client, "after")).toBe("after");
  });
});

describe("the event itself", () => {
  it("may be any object with fields, in camelCase or snake_case", async () => {
    class Typed {
      actionName = "typed";
      agent_id = "other";
    }
    const names = [
      new Typed(),
      new Map<string, unknown>([["actionName", "map"]]),
      Object.assign(Object.create(null) as object, { action_name: "bare" }),
      {
        toJSON() {
          return { actionName: "json" };
        },
      },
    ];
    for (const event of names) client.logEvent(event as Record<string, unknown>);
    const events = await client.getEvents();
    expect(events.map((event) => [event.agent_id, event.action_name])).toEqual([
      ["other", "typed"],
      ["tester", "map"],
      ["tester", "bare"],
      ["tester", "json"],
    ]);
  });

  it("keeps unknown fields, and omits fields that are null, undefined or empty", async () => {
    const event = await stored(
      client,
      client.logEvent({ traceId: "t", actionInput: null, actionOutput: undefined, metadata: {}, prevHash: "x" }),
    );
    expect(event["traceId"]).toBe("t");
    expect(Object.keys(event)).not.toEqual(expect.arrayContaining(["action_input"]));
    expect(event).not.toHaveProperty("action_output");
    expect(event.metadata).toEqual({ _invalid: { prev_hash: "x" } });
  });

  it("a field that throws is recorded as a marker", async () => {
    const event = await stored(
      client,
      client.logEvent({
        get actionInput(): never {
          throw new RangeError("x");
        },
        actionName: "n",
      }),
    );
    expect(event.action_input).toBe("<unrepresentable Object: RangeError>");
    expect(event.action_name).toBe("n");
  });

  it("may have a Date as timestamp and a bigint as duration", async () => {
    const event = await stored(client, client.logEvent({ timestamp: new Date(1234), durationMs: 12n }));
    expect(event.timestamp).toBe("1970-01-01T00:00:01.234000Z");
    expect(event.duration_ms).toBe(12);
  });
});
