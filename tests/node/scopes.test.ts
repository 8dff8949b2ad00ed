/** Sessions, agents and parents, and functions wrapped by `trail`. */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { type Client, type Event, open, provenlog } from "./support.js";

const { currentAgentId, currentParentId, currentSessionId, trail } = provenlog;

async function all(client: Client, filter = {}): Promise<Event[]> {
  return client.getEvents(filter);
}

describe("sessions", () => {
  it("apply to events logged inside, across awaits, and not to events logged elsewhere", async () => {
    const client = open();
    const work = async (name: string) =>
      client.session(name, async (session) => {
        expect(session.id).toBe(name);
        client.logEvent({ actionName: `${name}-1` });
        await sleep(5);
        client.logEvent({ actionName: `${name}-2` });
        return name.toUpperCase();
      });
    const both = Promise.all([work("a"), work("b")]);
    client.logEvent({ actionName: "outside" });
    expect(await both).toEqual(["A", "B"]);
    expect(currentSessionId()).toBeUndefined();
    const names = async (session: string) => (await all(client, { sessionId: session })).map((e) => e.action_name);
    expect(await names("a")).toEqual(["session.start", "a-1", "a-2", "session.end"]);
    expect(await names("b")).toEqual(["session.start", "b-1", "b-2", "session.end"]);
    expect((await all(client, { actionName: "outside" }))[0]?.session_id).toBeUndefined();
  });

  it("end with an event that has the count, the duration and the error", async () => {
    const client = open();
    const failure = new RangeError("no");
    await expect(
      client.session("s", { labels: { k: "v" }, metadata: { m: 1 } }, () => {
        client.logEvent({});
        client.logEvent({});
        throw failure;
      }),
    ).rejects.toBe(failure);
    const events = await all(client);
    const end = events[3] as Event;
    expect(end).toMatchObject({
      action_name: "session.end",
      action_output: { events: 2 },
      action_status: "error",
      error_message: "no",
      labels: { k: "v" },
      metadata: { m: 1 },
      session_id: "s",
    });
    expect(end.duration_ms).toBeGreaterThanOrEqual(0);
    expect(events[0]).toMatchObject({ action_name: "session.start", action_type: "CUSTOM", labels: { k: "v" } });
  });

  it("get a new id if none is given, and can be nested", async () => {
    const client = open();
    await client.session(async (outer) => {
      expect(outer.id).toMatch(/^[0-9a-f-]{36}$/);
      await client.session("inner", () => expect(currentSessionId()).toBe("inner"));
      expect(currentSessionId()).toBe(outer.id);
    });
  });

  it("entered with using last until the end of the block", async () => {
    const client = open();
    {
      using session = client.session("block");
      expect(currentSessionId()).toBe("block");
      client.logEvent({ actionName: "in" });
      await turn();
      client.logEvent({ actionName: "still in" });
      expect(session.events).toBe(2);
    }
    client.logEvent({ actionName: "out" });
    const events = await all(client);
    expect(events.map((event) => event.session_id)).toEqual(["block", "block", "block", "block", undefined]);
  });

  it("entered with using in concurrent functions do not outlive them", async () => {
    const client = open();
    const work = async (name: string) => {
      using _session = client.session(name);
      await sleep(5);
      client.logEvent({ actionName: name });
    };
    await Promise.all([work("a"), work("b")]);
    expect(currentSessionId()).toBeUndefined();
    client.logEvent({ actionName: "after" });
    const events = await all(client);
    for (const event of events) {
      if (event.action_name === "a" || event.action_name === "b") expect(event.session_id).toBe(event.action_name);
    }
    expect(events[events.length - 1]?.session_id).toBeUndefined();
  });
});

describe("agents and parents", () => {
  it("apply to events that do not set the field", async () => {
    const client = open();
    const parent = client.logEvent({ actionName: "parent" });
    const result = client.agent("critic", () =>
      client.parent(parent, () => {
        expect([currentAgentId(), currentParentId()]).toEqual(["critic", parent]);
        client.logEvent({ actionName: "inside" });
        client.logEvent({ actionName: "own", agentId: "own", parentEventId: "p" });
        return 7;
      }),
    );
    expect(result).toBe(7);
    {
      using _agent = client.agent("block");
      using _parent = client.parent("q");
      client.logEvent({ actionName: "block" });
    }
    expect([currentAgentId(), currentParentId()]).toEqual([undefined, undefined]);
    const found = (await all(client)).slice(1).map((e) => [e.action_name, e.agent_id, e.parent_event_id]);
    expect(found).toEqual([
      ["inside", "critic", parent],
      ["own", "own", "p"],
      ["block", "block", "q"],
    ]);
  });
});

describe("trail", () => {
  it("records the arguments as they were at the call, the result and the duration", async () => {
    const client = open();
    const add = trail(
      function addUp(list: number[], more: number) {
        list.push(more);
        client.logEvent({ actionName: "inside" });
        return list.length;
      },
      { metadata: { m: 1 } },
    );
    expect(add.name).toBe("addUp");
    expect(add.length).toBe(2);
    expect(add([1], 2)).toBe(2);
    const [inside, event] = await all(client);
    expect(event).toMatchObject({
      action_type: "CUSTOM",
      action_name: "addUp",
      action_input: { args: [[1], 2] },
      action_output: { return: 2 },
      action_status: "success",
      metadata: { m: 1 },
    });
    expect(event?.duration_ms).toBeGreaterThanOrEqual(0);
    expect(inside?.parent_event_id).toBe(event?.id);
  });

  it("passes on errors of functions and of promises", async () => {
    const client = open();
    const failure = new Error("no");
    const fails = trail(() => {
      throw failure;
    });
    const rejects = trail(
      async () => {
        await turn();
        throw failure;
      },
      { name: "rejects", agentId: "other" },
    );
    expect(() => fails()).toThrow(failure);
    await expect(rejects()).rejects.toBe(failure);
    const events = await all(client);
    expect(events.map((e) => [e.agent_id, e.action_name, e.action_status, e.error_message])).toEqual([
      ["tester", "function", "error", "no"],
      ["other", "rejects", "error", "no"],
    ]);
  });

  it("records async functions as parents of the events logged inside", async () => {
    const client = open();
    const leaf = trail(async (n: number) => {
      await sleep(2);
      client.logEvent({ actionName: `note ${n}` });
      return n;
    }, { name: "leaf" });
    const root = trail(async () => Promise.all([leaf(1), leaf(2)]), { name: "root" });
    expect(await root()).toEqual([1, 2]);
    const events = await all(client);
    const byName = (name: string) => events.filter((event) => event.action_name === name);
    const [rootEvent] = byName("root");
    expect(byName("leaf").map((event) => event.parent_event_id)).toEqual([rootEvent?.id, rootEvent?.id]);
    for (const n of [1, 2]) {
      const leafEvent = byName("leaf").find((event) => JSON.stringify(event.action_input) === `{"args":[${n}]}`);
      expect(byName(`note ${n}`)[0]?.parent_event_id).toBe(leafEvent?.id);
    }
    expect(rootEvent?.parent_event_id).toBeUndefined();
  });

  it("keeps this, and the class of a returned promise", async () => {
    const client = open();
    class Fancy<T> extends Promise<T> {
      extra() {
        return "extra";
      }
    }
    class Service {
      base = 10;
      add = trail(function (this: Service, n: number) {
        return this.base + n;
      });
      fancy = trail(() => new Fancy<number>((done) => done(1)), { name: "fancy" });
    }
    const service = new Service();
    expect(service.add(1)).toBe(11);
    const promise = service.fancy();
    expect(promise.extra()).toBe("extra");
    expect(await promise).toBe(1);
    await turn();
    expect((await all(client, { actionName: "fancy" }))[0]?.action_output).toEqual({ return: 1 });
  });

  it("counts the items of generators", async () => {
    const client = open();
    const count = trail(function* counting(n: number): Generator<number, string, string> {
      let said = "";
      for (let i = 0; i < n; i++) {
        client.logEvent({ actionName: "step" });
        said += yield i;
      }
      return said;
    });
    const generator = count(2);
    expect(generator.next()).toEqual({ value: 0, done: false });
    client.logEvent({ actionName: "consumer" });
    expect(generator.next("a")).toEqual({ value: 1, done: false });
    expect(generator.next("b")).toEqual({ value: "ab", done: true });
    const closed = count(5);
    closed.next();
    closed.return("early");
    const events = await all(client);
    const outputs = events.filter((e) => e.action_name === "counting").map((e) => e.action_output);
    expect(outputs).toEqual([
      { items: 2, return: "ab" },
      { closed: true, items: 1 },
    ]);
    expect(events.find((e) => e.action_name === "consumer")?.parent_event_id).toBeUndefined();
    expect(events.find((e) => e.action_name === "step")?.parent_event_id).toBe(
      events.find((e) => e.action_name === "counting")?.id,
    );
  });

  it("counts the items of async generators, also if they are closed or fail", async () => {
    const client = open();
    let cleaned = 0;
    const stream = trail(
      async function* (fail: boolean) {
        try {
          yield 1;
          await turn();
          if (fail) throw new RangeError("broken");
          yield 2;
        } finally {
          cleaned++;
        }
      },
      { name: "stream" },
    );
    const items: number[] = [];
    for await (const item of stream(false)) items.push(item);
    expect(items).toEqual([1, 2]);
    for await (const _ of stream(false)) break;
    await expect(
      (async () => {
        for await (const _ of stream(true));
      })(),
    ).rejects.toThrow("broken");
    expect(cleaned).toBe(3);
    const events = await all(client);
    expect(events.map((e) => [e.action_status, e.action_output, e.error_message])).toEqual([
      ["success", { items: 2, return: null }, undefined],
      ["success", { closed: true, items: 1 }, undefined],
      ["error", { items: 1 }, "broken"],
    ]);
  });

  it("passes an error thrown into a generator to its body", async () => {
    const client = open();
    const patient = trail(
      function* () {
        for (;;) {
          try {
            yield "waiting";
          } catch (error) {
            return `got ${(error as Error).message}`;
          }
        }
      },
      { name: "patient" },
    );
    const generator = patient();
    generator.next();
    expect(generator.throw(new Error("it"))).toEqual({ value: "got it", done: true });
    expect((await all(client))[0]?.action_output).toEqual({ items: 1, return: "got it" });
  });

  it("without an active client only calls the function", () => {
    provenlog.setClient(undefined);
    const warnings: string[] = [];
    const emit = process.emitWarning;
    process.emitWarning = ((message: string) => warnings.push(message));
    try {
      const quiet = trail((n: number) => n + 1, { name: "quiet" });
      expect([quiet(1), quiet(2)]).toEqual([2, 3]);
      expect([...trail(function* () { yield 1; })()]).toEqual([1]);
    } finally {
      process.emitWarning = emit;
    }
    expect(warnings.filter((message) => message.includes("quiet"))).toHaveLength(1);
  });

  it("works as a decorator, and uses the given client", async () => {
    const client = open();
    open({ agentId: "active" });
    const greet = trail({ client, name: "greet" })((name: string) => `hello ${name}`);
    expect(greet("ada")).toBe("hello ada");
    const method = (trail as unknown as (work: unknown, context: object) => () => number)(
      function decorated() {
        return 1;
      },
      { kind: "method", name: "decorated", addInitializer: () => undefined },
    );
    expect(method()).toBe(1);
    const events = await all(client);
    expect(events.map((e) => [e.agent_id, e.action_name])).toEqual([
      ["tester", "greet"],
      ["active", "decorated"],
    ]);
    expect(() => trail(7 as never)).toThrow(provenlog.InvalidEventError);
  });
});
