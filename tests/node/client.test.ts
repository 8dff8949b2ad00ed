/** The client: opening, logging, queries, contexts, closing, errors. */
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import { type Client, open, PACKAGE, path, provenlog, ProvenLogClient, stored, whileLocked } from "./support.js";

const { ClosedError, ConfigError, FlushTimeoutError, InvalidEventError, JournalFullError, UnsupportedError } = provenlog;

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error("not yet");
    },
    { timeout: 30_000, interval: 20 },
  );
}

describe("opening", () => {
  it("merges labels and metadata into events, and the event's own keys win", async () => {
    const client = open({ sessionId: "s", labels: { env: "dev", n: 1 }, metadata: { host: "h", deep: { a: 1 } } });
    const event = await stored(client, client.logEvent({ labels: { env: "prod" }, metadata: { host: "own" } }));
    expect(event.session_id).toBe("s");
    expect(event.labels).toEqual({ env: "prod", n: "1" });
    expect(event.metadata).toEqual({ host: "own", deep: { a: 1 } });
    expect(event.source).toBe("sdk");
    expect(event.capture_method).toBe("embedded");
    expect(event.salt).toHaveLength(22);
  });

  it("accepts source, captureMethod and salt", async () => {
    const client = open({ source: "own", captureMethod: "wrapped", salt: false });
    const event = await stored(client, client.logEvent({}));
    expect([event.source, event.capture_method, event.salt]).toEqual(["own", "wrapped", undefined]);
  });

  it("finds the ledger with the environment variable", async () => {
    process.env["PROVENLOG_DB_PATH"] = path("by-environment.db");
    const client = open({ dbPath: undefined });
    expect(client.dbPath).toBe(path("by-environment.db"));
    client.logEvent({});
    await client.flush();
    expect(existsSync(path("by-environment.db"))).toBe(true);
  });

  it("rejects server mode with a clear message", () => {
    expect(() => new ProvenLogClient("http://localhost:7600", { agentId: "a" })).toThrow(UnsupportedError);
    expect(() => new ProvenLogClient("http://localhost:7600", { agentId: "a" })).toThrow(/server mode/);
    expect(() => open({ apiKey: "k" })).toThrow(UnsupportedError);
    process.env["PROVENLOG_SERVER_URL"] = "http://localhost:7600";
    expect(() => open()).toThrow(UnsupportedError);
  });

  it.each([
    [{ flushInterval: "1" }, /flushInterval/],
    [{ timeout: NaN }, /timeout/],
    [{ timeout: -1 }, /timeout/],
    [{ agentId: 7 }, /agentId/],
    [{ agentId: "a\0b" }, /agentId/],
    [{ dbPath: 7 }, /dbPath/],
    [{ labels: [1] }, /labels/],
    [{ metadata: "m" }, /metadata/],
    [{ context: 7 }, /context/],
    [{ onError: "print" }, /onError/],
    [{ agent_id: "a" }, /agent_id/],
    [{ durability: 1 }, /durability/],
    [{ salt: "no" }, /salt/],
  ])("rejects %o", (options, message) => {
    expect(() => open(options as object)).toThrow(InvalidEventError);
    expect(() => open(options as object)).toThrow(message);
  });

  it.each([
    [{ batchSize: 0 }, "batchSize: 0 is out of range; use 1 to 4096"],
    [{ batchSize: 100000 }, "batchSize: 100000 is out of range; use 1 to 4096"],
    [{ batchSize: 1.5 }, 'batchSize: "1.5" is not a whole number; use 1 to 4096'],
    [{ flushInterval: 0 }, "flushInterval: 0 s is out of range; use 0.001 to 3600 s"],
    [{ flushInterval: 4000 }, "flushInterval: 4000 s is out of range; use 0.001 to 3600 s"],
    [{ blockTimeout: -Infinity }, "blockTimeout: -Infinity s is out of range; use 0.001 to 86400 s"],
    [{ durability: "disk" }, 'durability: "disk" is not valid; use process or power'],
    [{ onFull: "toString" }, 'onFull: "toString" is not valid; use block, drop or raise'],
    [{ maxEventBytes: 10 }, "maxEventBytes: 10 is out of range; use 4096 to 67108864"],
    [{ readConnections: 65 }, "readConnections: 65 is out of range; use 1 to 64"],
    [{ journalLimitBytes: 10 }, "journalLimitBytes: 10 is out of range; use 1048576 to 9007199254740992"],
    [{ captureContent: "all" }, "capture_content: must be one of: full, redacted, digest, none"],
  ])("rejects %o with a ConfigError that states what is accepted", (options, message) => {
    expect(() => open(options as object)).toThrow(ConfigError);
    expect(() => open(options as object)).toThrow(message);
  });

  it("takes salt from the configuration unless it is given", async () => {
    writeFileSync(path("config.yaml"), "salt: false\n");
    process.env["PROVENLOG_CONFIG"] = path("config.yaml");
    for (const salt of [undefined, true, false]) {
      const client = open({ agentId: "a", salt });
      const event = await client.getEvent(client.logEvent({}));
      expect(event?.salt !== undefined).toBe(salt === true);
    }
  });

  it("names the configuration file, the line and the invalid key", () => {
    const file = path("config.yaml");
    writeFileSync(file, "labels:\n  a: b\nbatch_sise: 3\n");
    process.env["PROVENLOG_CONFIG"] = file;
    expect(() => open()).toThrow(ConfigError);
    expect(() => open()).toThrow(`${file}:3: batch_sise`);
  });

  it("names a file that is not a ledger", () => {
    mkdirSync(path("directory.db"));
    const error = caught(() => open({ dbPath: path("directory.db") }));
    expect(error).toBeInstanceOf(provenlog.ProvenLogError);
    expect((error as Error).message).toContain("directory.db");
    writeFileSync(path("text.db"), "this is not a ledger, only a text that is long enough to be read as one".repeat(20));
    expect(() => open({ dbPath: path("text.db") })).toThrow(provenlog.CorruptLedgerError);
  });
});

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("logEvent", () => {
  it("returns a new id, or the given one", async () => {
    const client = open();
    const id = client.logEvent({ actionType: "CUSTOM", actionName: "a" });
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const own = "01980000-0000-7000-8000-000000000001";
    expect(client.logEvent({ id: own })).toBe(own);
    expect((await client.getEvents()).map((event) => event.id)).toEqual([id, own]);
    expect(client.recorded).toBe(2);
  });

  it("rejects only arguments that cannot be an event", () => {
    const client = open({ agentId: undefined });
    expect(() => client.logEvent({ actionName: "a" })).toThrow(InvalidEventError);
    expect(() => client.logEvent("text" as never)).toThrow(InvalidEventError);
    expect(() => client.logEvent([] as never)).toThrow(InvalidEventError);
    expect(() => client.logEvent((() => 1) as never)).toThrow(InvalidEventError);
    expect(client.logEvent({ agentId: "a" })).not.toBe("");
    const other = open();
    expect(other.logEvent()).not.toBe("");
    expect(other.logEvent(null)).not.toBe("");
  });

  it("stores an event with the same id once, and reports different content", async () => {
    const errors: Error[] = [];
    const client = open({ onError: (error) => errors.push(error) });
    for (const text of ["a", "a", "b"]) {
      client.logEvent({ id: "01980000-0000-7000-8000-000000000002", actionInput: { text } });
      await client.flush();
    }
    const stats = await client.stats();
    expect([stats.duplicates, stats.conflicts]).toEqual([2, 1]);
    await eventually(() => errors.length > 0);
    expect(errors[0]).toBeInstanceOf(provenlog.ProvenLogError);
    expect((await client.getEvents()).length).toBe(1);
  });

  it("redacts before anything is written", async () => {
    const client = open();
    const event = await stored(client, client.logEvent({ actionInput: { to: "ada@example.com", "bob@example.com": 1 } }));
    expect(event.action_input).toEqual({ to: "[REDACTED:email]", "[REDACTED:email]": 1 });
  });

  it("works with power durability", async () => {
    const client = open({ durability: "power" });
    client.logEvent({ actionName: "a" });
    expect((await client.getEvents()).length).toBe(1);
  });
});

describe("a full journal", () => {
  const filling = { journalLimitBytes: 1 << 20, batchSize: 1 } as const;
  const event = { actionInput: { text: "x".repeat(100_000) } };

  it.each(["block", "drop"] as const)("with %s the loss is counted, and logEvent does not wait", async (onFull) => {
    const client = open({ ...filling, onFull, blockTimeout: 60 });
    client.logEvent({ actionName: "first" });
    await client.flush();
    let lost = 0;
    await whileLocked(() => {
      for (let i = 0; i < 60; i++) if (client.logEvent(event) === "") lost++;
    });
    expect(lost).toBeGreaterThan(0);
    await client.flush();
    client.logEvent({ actionName: "last" });
    await client.flush();
    const stats = await client.stats();
    expect(stats.dropped).toBe(lost);
    expect(client.recorded).toBe(62 - lost);
    const system = await client.getEvents({ agentId: "provenlog", includeSystem: true });
    expect(JSON.stringify(system)).toContain("gap");
    expect((await client.verify()).valid).toBe(true);
  });

  it("with raise the caller keeps the event", async () => {
    const client = open({ ...filling, onFull: "raise" });
    client.logEvent({ actionName: "first" });
    await client.flush();
    await whileLocked(() => {
      expect(() => {
        for (let i = 0; i < 60; i++) client.logEvent(event);
      }).toThrow(JournalFullError);
    });
    await client.flush();
    expect((await client.stats()).dropped).toBe(0);
  });

  it("a flush respects its timeout and loses nothing", async () => {
    const client = open({ timeout: 0.2 });
    client.logEvent({ actionName: "first" });
    await client.flush();
    await whileLocked(async () => {
      client.logEvent({ actionName: "second" });
      await expect(client.flush()).rejects.toThrow(FlushTimeoutError);
      await expect(client.flush(0)).rejects.toThrow(FlushTimeoutError);
    });
    await client.flush(60);
    expect((await client.getEvents()).length).toBe(2);
  });
});

describe("queries", () => {
  it("accept all documented filters", async () => {
    const client = open();
    const first = client.logEvent({ actionType: "TOOL_CALL", actionName: "a", labels: { k: "v" }, sessionId: "s" });
    client.logEvent({ actionType: "TOOL_RESULT", actionName: "a", parentEventId: first, actionStatus: "success" });
    client.logEvent({ agentId: "other", timestamp: new Date("2020-01-02T00:00:00Z"), toolCallId: "t" });
    const count = async (filter: object) => (await client.getEvents(filter)).length;
    expect(await count({})).toBe(3);
    expect(await count({ agentId: "tester" })).toBe(2);
    expect(await count({ agentId: "tester", actionType: "TOOL_CALL" })).toBe(1);
    expect(await count({ sessionId: "s" })).toBe(1);
    expect(await count({ actionName: "a" })).toBe(2);
    expect(await count({ actionStatus: "success" })).toBe(1);
    expect(await count({ labels: { k: "v" } })).toBe(1);
    expect(await count({ parentEventId: first })).toBe(1);
    expect(await count({ toolCallId: "t" })).toBe(1);
    expect(await count({ since: "2020-01-01", until: new Date("2020-01-03") })).toBe(1);
    expect(await count({ limit: 2 })).toBe(2);
    expect(await count({ limit: 0 })).toBe(0);
    expect(await count({ offset: 2 })).toBe(1);
    expect(await count({ includeSystem: true })).toBe(4);
    expect((await client.getEvents({ order: "desc" }))[0]?.agent_id).toBe("other");
    expect(await client.getEvent(first, "tester")).toMatchObject({ id: first });
    expect(await client.getEvent(first, "other")).toBeNull();
    expect(await client.getEvent("nothing")).toBeNull();
  });

  it("reject invalid filters", async () => {
    const client = open();
    await expect(client.getEvents({ agent: "a" } as object)).rejects.toThrow(InvalidEventError);
    expect(() => client.iterEvents({ limit: 1.5 })).toThrow(InvalidEventError);
    await expect(client.getEvents({ order: "up" as "asc" })).rejects.toThrow(InvalidEventError);
    await expect(client.getEvents({ since: "yesterday" })).rejects.toThrow(InvalidEventError);
    await expect(client.getEvent(7 as never)).rejects.toThrow(InvalidEventError);
  });

  it("read many pages while events are recorded", async () => {
    const client = open();
    for (let i = 0; i < 1000; i++) client.logEvent({ actionInput: { i } });
    const seen: unknown[] = [];
    for await (const event of client.iterEvents()) {
      seen.push((event.action_input as { i: number }).i);
      if (seen.length === 300) client.logEvent({ actionInput: { i: 1000 } });
      if (seen.length === 700) await client.flush();
    }
    expect(seen).toEqual(Array.from({ length: 1001 }, (_, i) => i));
    let few = 0;
    for await (const _ of client.iterEvents()) if (++few === 3) break;
    expect(few).toBe(3);
    expect((await client.getEvents()).length).toBe(100);
  });

  it("can run many at a time", async () => {
    const client = open();
    const ids = Array.from({ length: 50 }, (_, i) => client.logEvent({ actionInput: { i } }));
    const found = await Promise.all(ids.map((id) => client.getEvent(id)));
    expect(found.map((event) => event?.id)).toEqual(ids);
  });
});

describe("contexts", () => {
  it("belong to the value of a default label", async () => {
    const client = open({ labels: { env: "dev" }, context: { env: { region: "eu" } } });
    expect(await client.getContext("env")).toEqual({ region: "eu" });
    await client.setContext("env", { region: "us", when: new Date(0) });
    expect(await client.getContext("env")).toEqual({ region: "us", when: "1970-01-01T00:00:00.000000Z" });
    await client.setContext("env", { x: 1 }, { value: "prod" });
    expect(await client.getContext("env", "prod")).toEqual({ x: 1 });
    expect(await client.getContext("env", "none")).toBeNull();
  });

  it("of other labels are rejected", async () => {
    const client = open();
    await expect(client.setContext("env", {})).rejects.toThrow(InvalidEventError);
    await expect(client.getContext("env")).rejects.toThrow(InvalidEventError);
    await expect(client.setContext("env", 7 as never)).rejects.toThrow(InvalidEventError);
    expect(() => open({ context: { env: { a: 1 } } })).toThrow(InvalidEventError);
  });
});

describe("verify", () => {
  it("reports what plog verify reports", async () => {
    const client = open();
    client.logEvent({});
    const report = await client.verify();
    expect(report).toMatchObject({ valid: true, verdict: "OK", events: 2, agents: 2 });
    expect(await client.verify("tester")).toMatchObject({ valid: true, agent_id: "tester" });
    const unknown = await client.verify("nobody");
    expect(unknown.valid).toBe(false);
    expect(typeof unknown.error).toBe("string");
    await client.close();
    expect(await provenlog.verify(path("events.db"))).toMatchObject({ valid: true });
    expect(await provenlog.verify(path("none.db"))).toMatchObject({ valid: false, verdict: "MISSING_LOG" });
  });
});

describe("closing", () => {
  it("commits everything and rejects later calls", async () => {
    const client = open();
    client.logEvent({ actionName: "a" });
    const closing = client.close();
    expect(() => client.logEvent({})).toThrow(ClosedError);
    await closing;
    await client.close();
    await expect(client.flush()).rejects.toThrow(ClosedError);
    await expect(client.getEvents()).rejects.toThrow(ClosedError);
    await expect(client.getEvent("a")).rejects.toThrow(ClosedError);
    await expect(client.verify()).rejects.toThrow(ClosedError);
    expect((await open().getEvents()).length).toBe(1);
  });

  it("releases all files of the ledger, and keeps the counters", async () => {
    const client = open();
    client.logEvent({ actionName: "a" });
    for await (const _ of client.iterEvents()) break;
    const calls = [client.getEvents(), client.verify(), client.key()];
    await client.close();
    await Promise.allSettled(calls);
    expect(await client.stats()).toMatchObject({ accepted: 1, stored: 1, lastError: null });
    expect(client.dbPath).toBe(path("events.db"));
    // A client that still used the files would create them again.
    const files = () => readdirSync(path("."));
    expect(files()).toContain("events.db");
    for (const name of files()) rmSync(path(name), { recursive: true });
    await new Promise((done) => setTimeout(done, 1500));
    expect(files()).toEqual([]);
    const descriptors = readdirSync("/proc/self/fd").map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return ""; // the descriptor with which the directory was read
      }
    });
    expect(descriptors.filter((target) => target.startsWith(path(".")))).toEqual([]);
  });

  it("happens at the end of using and await using", async () => {
    {
      await using first = new ProvenLogClient({ agentId: "a", dbPath: path("events.db") });
      first.logEvent({});
    }
    {
      using second = new ProvenLogClient({ agentId: "a", dbPath: path("events.db") });
      second.logEvent({});
      expect(provenlog.getClient()).toBe(second);
    }
    expect(provenlog.getClient()).toBeUndefined();
    expect(await provenlog.verify(path("events.db"))).toMatchObject({ events: 3, valid: true });
  });

  it("completes or rejects calls in flight", async () => {
    const client = open();
    for (let i = 0; i < 500; i++) client.logEvent({ actionInput: { i } });
    const calls: Promise<unknown>[] = [client.getEvents(), client.verify(), client.flush(), client.stats()];
    await client.close();
    for (const result of await Promise.allSettled(calls)) {
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(provenlog.ProvenLogError);
    }
  });

  it("leaves other clients on the same file open", async () => {
    const clients = Array.from({ length: 5 }, (_, i) => open({ agentId: `agent-${i % 2}`, batchSize: i + 1 }));
    for (let i = 0; i < 500; i++) clients[i % 5]?.logEvent({ actionInput: { i } });
    await Promise.all(clients.slice(1).map((client) => client.close()));
    const report = await (clients[0] as Client).verify();
    expect(report).toMatchObject({ valid: true, events: 501 });
  });
});

describe("asynchronous errors", () => {
  it("are passed to onError, and an exception of onError becomes a warning", async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error) => warnings.push(warning);
    process.on("warning", listener);
    const client = open({
      onError: () => {
        throw new Error("from the callback");
      },
    });
    for (const text of ["a", "b"]) client.logEvent({ id: "01980000-0000-7000-8000-000000000003", actionInput: text });
    await client.flush();
    await eventually(() => warnings.length > 0);
    process.off("warning", listener);
    expect(warnings[0]?.message).toContain("from the callback");
  });

  it("become process warnings without onError", async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error) => warnings.push(warning);
    process.on("warning", listener);
    const client = open();
    for (const text of ["a", "b"]) client.logEvent({ id: "01980000-0000-7000-8000-000000000003", actionInput: text });
    await client.flush();
    await eventually(() => warnings.length > 0);
    process.off("warning", listener);
    expect(warnings[0]?.name).toBe("ProvenLogWarning");
  });

  it("have classes, codes and numbers", () => {
    const error = caught(() => open({ batchSize: 0 })) as InstanceType<typeof ConfigError>;
    expect([error.name, error.code, error.status]).toEqual(["ConfigError", "PLOG_E_CONFIG", 2]);
    expect(error).toBeInstanceOf(provenlog.ProvenLogError);
    expect(error).toBeInstanceOf(Error);
  });
});

describe("the package", () => {
  it("is the same with require and with import", async () => {
    const imported = (await import(/* @vite-ignore */ join(PACKAGE, "dist/index.mjs"))) as Record<string, unknown>;
    const required = provenlog as unknown as Record<string, unknown>;
    expect(Object.keys(imported).sort()).toEqual(Object.keys(required).sort());
    for (const name of Object.keys(required)) expect(imported[name]).toBe(required[name]);
  });
});
