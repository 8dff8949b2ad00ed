/** Verification by level, key and heads; exports, proofs, keys, backups. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import type { WorkOptions } from "../../node/src/index.js";

import { type Client, open, path, provenlog, runProgram, whileLocked } from "./support.js";

const { ClosedError, CorruptLedgerError, FlushTimeoutError, InvalidEventError, NotFoundError } = provenlog;
const { restore, verify, verifyExport } = provenlog;

/** Records 42 events: `ledger.created`, 40 events of three agents, and one that needs a repair. */
async function recordLedger(): Promise<void> {
  const client = open();
  for (let number = 0; number < 40; number++) {
    client.logEvent({
      agentId: `agent-${number % 3}`,
      actionType: "TOOL_CALL",
      actionName: "search",
      actionInput: { number, text: 'häß\n"\\' },
      labels: { env: number % 2 === 1 ? "prod" : "test" },
    });
  }
  client.logEvent({ agentId: "agent-0", actionType: "TOOL_CALL", actionStatus: 7 as never });
  await client.close();
}

const sizeOf = (head: string): number => Number(head.split("\n")[1]);

/** Writes a head to a file, for the option `heads`. */
function kept(head: string, name = "kept.head"): string {
  writeFileSync(path(name), head);
  return path(name);
}

function changeByte(file: string, from: string, to: string): void {
  const octets = readFileSync(file);
  const at = octets.indexOf(from);
  expect(at).toBeGreaterThan(-1);
  octets.write(to, at, "latin1");
  writeFileSync(file, octets);
}

let client: Client;
beforeEach(async () => {
  await recordLedger();
  client = open();
});

describe("verify", () => {
  it("verifies at the given level", async () => {
    for (const level of ["chain", "tree", "full"] as const) {
      expect(await client.verify({ level })).toMatchObject({ verdict: "OK", valid: true, level, events: 42 });
    }
    expect(await client.verify()).toMatchObject({ level: "full" });
    expect(await client.verify("agent-1", { level: "tree" })).toMatchObject({ agent_id: "agent-1", events: 13 });
    expect(await verify(path("events.db"), { level: "chain" })).toMatchObject({ valid: true, level: "chain" });
    expect(await verify(path("events.db"), "agent-1", { level: "chain" })).toMatchObject({ events: 13 });
    expect(await client.verify({ agentId: "agent-1" })).toMatchObject({ agent_id: "agent-1", events: 13 });
    expect(await verify(path("events.db"), { agentId: "agent-1" })).toMatchObject({ agent_id: "agent-1", events: 13 });
    await expect(client.verify({ level: "most" as "full" })).rejects.toThrow(InvalidEventError);
    await expect(client.verify({ level: "most" as "full" })).rejects.toThrow(/level/);
  });

  it("has an assurance that depends on the given key and heads", async () => {
    await client.close();
    const { vkey } = await withClient((own) => own.key());
    const head = readFileSync(path("events.db.head"), "utf8");
    unlinkSync(path("events.db.key"));
    const assurance = async (options: object) => {
      const report = await verify(path("events.db"), options);
      return [report.verdict, report.assurance, report.assurance_events];
    };
    expect(await assurance({})).toEqual(["OK", "consistent", 42]);
    expect(await assurance({ key: vkey })).toEqual(["OK", "signed", 42]);
    writeFileSync(path("public.key"), `${vkey}\n`);
    expect(await assurance({ key: path("public.key") })).toEqual(["OK", "signed", 42]);
    expect(await assurance({ key: vkey, heads: [kept(head)] })).toEqual(["OK", "pinned", 42]);
    const foreign = await withClient((own) => own.key(), "other.db");
    expect((await verify(path("events.db"), { key: foreign.vkey })).verdict).toBe("UNVERIFIABLE");
    await expect(verify(path("events.db"), { key: "no key at all" })).rejects.toThrow(InvalidEventError);
    await expect(verify(path("events.db"), { heads: path("kept.head") as never })).rejects.toThrow(/heads/);
    await expect(verify(path("events.db"), { heads: [7 as never] })).rejects.toThrow(/heads/);
    expect((await verify(path("events.db"), { heads: [path("none.head")] })).valid).toBe(false);
  });

  it("with incremental reads only the events after a trusted head", async () => {
    const heads = [kept(await client.checkpoint())];
    for (let i = 0; i < 8; i++) client.logEvent({});
    expect(await client.verify({ heads, incremental: true })).toMatchObject({ verdict: "OK", verified_from: 42 });
    expect(await client.verify({ heads })).toMatchObject({ verdict: "OK", verified_from: 0 });
  });

  it("accepts 0 to 64 threads", async () => {
    for (const threads of [0, 1, 3]) expect((await client.verify({ threads })).valid).toBe(true);
    for (const threads of [-1, 65, 1.5, "2"]) {
      await expect(client.verify({ threads: threads as number })).rejects.toThrow(InvalidEventError);
    }
  });

  it("finds and describes a change", async () => {
    await client.close();
    const log = path("log");
    await withClient((own) => own.export(log, { tiles: true }));
    changeByte(join(log, "checkpoint"), "\n42\n", "\n41\n");
    const report = await verifyExport(log);
    expect(report).toMatchObject({ verdict: "TAMPERED", valid: false });
    expect(report.error).toBe(report.findings[0]?.what);
  });

  it("cannot verify a ledger with the head of another ledger", async () => {
    await client.close();
    const head = await withClient((own) => {
      own.logEvent({ agentId: "a" });
      return own.checkpoint();
    }, "other.db");
    const report = await verify(path("events.db"), { heads: [kept(head)] });
    expect(report.valid).toBe(false);
    expect(report.verdict).toBe("UNVERIFIABLE");
  });

  it("rejects unknown options", async () => {
    await expect(client.verify({ progress: () => {} } as object)).rejects.toThrow("progress is not one of the options");
    await expect(verify(path("events.db"), { Level: "full" } as object)).rejects.toThrow(InvalidEventError);
  });
});

/** Runs `work` with a new client and closes the client. */
async function withClient<T>(work: (own: Client) => T | Promise<T>, name = "events.db"): Promise<T> {
  const own = new provenlog.ProvenLogClient({ dbPath: path(name) });
  try {
    return await work(own);
  } finally {
    await own.close();
  }
}

describe("exports", () => {
  it("can be verified without the ledger, its key and a home directory", async () => {
    const report = await client.export(path("a.plog"), { agentId: "agent-0" });
    expect(report).toMatchObject({ path: path("a.plog"), events: 15, treeSize: 42, tail: 0 });
    expect(report.root).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(path("a.plog")).mode & 0o777).toBe(0o600);
    const { vkey } = await client.key();
    const heads = [kept(await client.checkpoint())];
    await client.close();
    for (const name of readdirSync(path(".")).filter((each) => each.startsWith("events.db"))) {
      rmSync(path(name), { recursive: true });
    }
    process.env["HOME"] = "/nonexistent";
    expect(await verifyExport(path("a.plog"))).toMatchObject({
      verdict: "OK",
      valid: true,
      events: 15,
      assurance: "consistent",
      complete: false,
    });
    expect((await verifyExport(path("a.plog"), { key: vkey })).assurance).toBe("signed");
    expect(await verifyExport(path("a.plog"), { key: vkey, heads })).toMatchObject({
      assurance: "pinned",
      assurance_events: 42,
    });
  });

  it("contain the events that the filter selects", async () => {
    const count = async (filter: object) =>
      (await client.export(path("f.plog"), { overwrite: true, ...filter })).events;
    expect(await count({})).toBe(42);
    expect(await count({ labels: { env: "prod" } })).toBe(20);
    expect(await count({ since: new Date("2100-01-01") })).toBe(0);
    expect(await count({ until: "2100-01-01T00:00:00Z", agentId: "agent-1", actionName: "search" })).toBe(13);
    expect((await verifyExport(path("f.plog"))).valid).toBe(true);
    await expect(count({ limit: 3 })).rejects.toThrow(/limit/);
    await expect(count({ agent: "a" })).rejects.toThrow(/agent/);
    await expect(client.export(path("f.plog"), { tiles: true, agentId: "agent-0" })).rejects.toThrow(InvalidEventError);
  });

  it("replace an existing file only with overwrite", async () => {
    await client.export(path("a.plog"));
    await expect(client.export(path("a.plog"))).rejects.toThrow(/exists/);
    await client.export(path("a.plog"), { overwrite: true });
    await expect(client.export("")).rejects.toThrow(provenlog.ProvenLogError);
    await expect(client.export(7 as never)).rejects.toThrow(InvalidEventError);
    await expect(client.export("a\0b")).rejects.toThrow(InvalidEventError);
  });

  it("of tiles can be updated", async () => {
    expect((await client.export(path("log"), { tiles: true })).events).toBe(42);
    for (let i = 0; i < 300; i++) client.logEvent({});
    expect((await client.export(path("log"), { tiles: true })).events).toBe(300);
    expect(existsSync(path("log/tile/entries/001.p/86"))).toBe(true);
    expect(await verifyExport(path("log"))).toMatchObject({ verdict: "OK", events: 342, complete: true });
  });

  it("that were changed do not verify", async () => {
    await client.export(path("a.plog"));
    changeByte(path("a.plog"), '"search"', '"sxarch"');
    expect(await verifyExport(path("a.plog"))).toMatchObject({ verdict: "TAMPERED", valid: false });
    writeFileSync(path("a.plog"), "{");
    expect(await verifyExport(path("a.plog"))).toMatchObject({ verdict: "UNVERIFIABLE", valid: false });
    const none = await verifyExport(path("none.plog"));
    expect(none).toMatchObject({ verdict: "CANNOT_RUN", valid: false });
    expect(none.error).toContain("none.plog");
    await expect(verifyExport(path("a.plog"), { level: "full" } as object)).rejects.toThrow(InvalidEventError);
  });
});

describe("a proof", () => {
  it("of one event can be verified without the ledger", async () => {
    const [event] = await client.getEvents({ limit: 1, offset: 17 });
    const proof = await client.prove(event?.id as string);
    expect(proof.events).toEqual([event]);
    expect(proof).toMatchObject({ event_count: 1, tree_size: 42 });
    expect(proof.merkle_proofs[0]?.proof.leaf_index).toBe(18);
    writeFileSync(path("one.plog"), JSON.stringify(proof));
    expect(await verifyExport(path("one.plog"))).toMatchObject({ verdict: "OK", events: 1 });
    writeFileSync(path("one.plog"), JSON.stringify({ ...proof, events: [{ ...event, action_name: "other" }] }));
    expect((await verifyExport(path("one.plog"))).verdict).toBe("TAMPERED");
  });

  it("is of the event of the given agent", async () => {
    const id = "01980000-0000-7000-8000-000000000001";
    for (const agentId of ["one", "two"]) client.logEvent({ agentId, id });
    expect((await client.prove(id, "two")).events[0]?.agent_id).toBe("two");
    await expect(client.prove(id, "three")).rejects.toThrow(NotFoundError);
    await expect(client.prove("no-such-event")).rejects.toThrow(NotFoundError);
    await expect(client.prove(7 as never)).rejects.toThrow(InvalidEventError);
  });
});

describe("heads and keys", () => {
  it("a checkpoint covers all events logged before it", async () => {
    client.logEvent({});
    const head = await client.checkpoint();
    expect(sizeOf(head)).toBe(43);
    expect(readFileSync(path("events.db.head"), "utf8")).toBe(head);
    const key = await client.key();
    expect(key).toMatchObject({ epoch: 1, head: { size: 43 }, keyFile: path("events.db.key") });
    expect(key.vkey.startsWith(`${key.origin}+`)).toBe(true);
    expect(head.startsWith(`${key.origin}\n`)).toBe(true);
  });

  it("after a rotation, the new key signs heads and exports", async () => {
    const { vkey: old } = await client.key();
    const fresh = await client.rotateKey();
    expect(fresh).not.toBe(old);
    expect(await client.key()).toMatchObject({ vkey: fresh, epoch: 2 });
    await client.export(path("a.plog"));
    expect((await verifyExport(path("a.plog"), { key: fresh })).assurance).toBe("signed");
    expect((await verifyExport(path("a.plog"), { key: old })).verdict).toBe("UNVERIFIABLE");
    expect((await client.verify()).verdict).toBe("OK");
  });

  it("without the key no head is signed, and the error says so", async () => {
    // Another process creates the ledger, because this one would keep using the key that it has read.
    const made = await runProgram(`
      new ProvenLogClient({ agentId: "a", dbPath: process.argv[2] }).close();
    `, path("keyless.db"));
    expect([made.stderr, made.code]).toEqual(["", 0]);
    unlinkSync(path("keyless.db.key"));
    const keyless = open({ dbPath: path("keyless.db") });
    keyless.logEvent({});
    await expect(keyless.checkpoint()).rejects.toThrow(NotFoundError);
    await expect(keyless.checkpoint()).rejects.toThrow(/keyless\.db\.key is missing/);
    await expect(keyless.rotateKey()).rejects.toThrow(NotFoundError);
    expect(await keyless.acknowledge()).toBe(0);
  });

  it("respect their timeouts", async () => {
    for (const timeout of [-1, NaN, "1"]) {
      await expect(client.checkpoint(timeout as number)).rejects.toThrow(InvalidEventError);
      await expect(client.rotateKey(timeout as number)).rejects.toThrow(InvalidEventError);
      await expect(client.acknowledge("", timeout as number)).rejects.toThrow(InvalidEventError);
    }
    await whileLocked(async () => {
      client.logEvent({});
      await expect(client.checkpoint(0.2)).rejects.toThrow(FlushTimeoutError);
      await expect(client.rotateKey(0.2)).rejects.toThrow(FlushTimeoutError);
      await expect(client.acknowledge("", 0.2)).rejects.toThrow(FlushTimeoutError);
    });
    expect(sizeOf(await client.checkpoint())).toBe(43);
    expect(await client.key()).toMatchObject({ epoch: 1 });
  });
});

describe("backups", () => {
  it("a restored backup verifies as ROLLED_BACK until it is acknowledged", async () => {
    await client.backup(path("backup.db"));
    await expect(client.backup(path("backup.db"))).rejects.toThrow(/exists/);
    expect(await verify(path("backup.db"), { readOnly: true })).toMatchObject({ verdict: "OK", events: 42 });
    expect(existsSync(path("backup.db.key"))).toBe(false);
    expect(await client.acknowledge()).toBe(0);
    await client.close();
    await expect(restore(path("backup.db"), path("events.db"))).rejects.toThrow(/already/);
    const report = await restore(path("backup.db"), path("events.db"), { replace: true });
    expect(report).toMatchObject({ dbPath: path("events.db"), events: 42, unsignedBecause: null });
    expect(existsSync(report.replaced as string)).toBe(true);
    expect((await verify(path("events.db"))).verdict).toBe("ROLLED_BACK");
    expect(await withClient((own) => own.acknowledge("the disk failed"))).toBe(1);
    expect((await verify(path("events.db"))).verdict).toBe("OK");
  });

  it("without the key a restore reports why the ledger is not signed", async () => {
    await client.backup(path("backup.db"));
    const report = await restore(path("backup.db"), path("other/new.db"));
    expect(report.unsignedBecause).toContain("new.db.key is missing");
    expect(report.replaced).toBeNull();
    process.env["PROVENLOG_DB_PATH"] = path("by-environment.db");
    expect((await restore(path("backup.db"))).dbPath).toBe(path("by-environment.db"));
  });

  it("files that are not backups, and unknown options, are rejected", async () => {
    writeFileSync(path("text.db"), "this is not a ledger, only a text that is long enough to be read as one".repeat(20));
    await expect(restore(path("text.db"), path("new.db"))).rejects.toThrow(CorruptLedgerError);
    await expect(restore(path("none.db"), path("new.db"))).rejects.toThrow(/none\.db/);
    await expect(restore(7 as never)).rejects.toThrow(InvalidEventError);
    await expect(restore("a", "b", { overwrite: true } as object)).rejects.toThrow(/overwrite/);
    await expect(client.backup(path("b.db"), { replace: true } as object)).rejects.toThrow(/replace/);
    expect(existsSync(path("new.db"))).toBe(false);
  });
});

describe("long calls", () => {
  let targets = 0;
  const target = () => path(`out/${targets++}`);
  const calls: [string, (options: WorkOptions) => Promise<unknown>][] = [
    ["verify", (options) => client.verify(options)],
    ["export", (options) => client.export(target(), options)],
    ["verifyExport", (options) => verifyExport(path("whole.plog"), options)],
    ["backup", (options) => client.backup(target(), options)],
    ["restore", (options) => restore(path("copy.db"), target(), options)],
  ];
  beforeEach(async () => {
    mkdirSync(path("out"));
    await client.export(path("whole.plog"));
    await client.backup(path("copy.db"));
  });

  it.each(calls)("%s reports its progress", async (_, call) => {
    const seen: [number, number][] = [];
    await call({ onProgress: (done, total) => seen.push([done, total]) });
    expect(seen.length).toBeGreaterThan(0);
    for (const [done, total] of seen) expect(done).toBeLessThanOrEqual(total);
    const count = seen.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.length).toBe(count);
  });

  it.each(calls)("%s stops if onProgress throws, and rejects with the thrown error", async (_, call) => {
    const failure = new Error("enough");
    const throwing = () => {
      throw failure;
    };
    await expect(call({ onProgress: throwing })).rejects.toBe(failure);
  });

  it.each(calls)("%s stops if its signal is aborted, and rejects with the signal's reason", async (_, call) => {
    const before = AbortSignal.abort(new Error("before"));
    await expect(call({ signal: before })).rejects.toThrow("before");
    expect(readdirSync(path("out"))).toEqual([]);
    const controller = new AbortController();
    const running = call({ signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    await expect(call({ signal: new AbortController().signal })).resolves.not.toThrow();
  });

  it.each(calls)("%s rejects an onProgress or a signal of the wrong type", async (_, call) => {
    await expect(call({ onProgress: 1 as never })).rejects.toThrow("onProgress must be a function");
    await expect(call({ signal: {} as never })).rejects.toThrow("signal must be an AbortSignal");
  });

  it("do not block the event loop", async () => {
    for (let i = 0; i < 20_000; i++) client.logEvent({ actionInput: { i } });
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    expect((await client.verify()).valid).toBe(true);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  it("stop before the end if they are aborted", async () => {
    for (let i = 0; i < 20_000; i++) client.logEvent({ actionInput: { i } });
    await client.flush(120);
    const controller = new AbortController();
    const seen: number[] = [];
    const onProgress = (done: number, total: number) => {
      seen.push(done / total);
      controller.abort("enough");
    };
    await expect(client.verify({ onProgress, signal: controller.signal })).rejects.toBe("enough");
    expect(seen.length).toBe(1);
  });
});

it("a closed client rejects verifications, exports, proofs, heads, keys and backups", async () => {
  await client.close();
  await expect(client.verify()).rejects.toThrow(ClosedError);
  await expect(client.export(path("a.plog"))).rejects.toThrow(ClosedError);
  await expect(client.prove("id")).rejects.toThrow(ClosedError);
  await expect(client.checkpoint()).rejects.toThrow(ClosedError);
  await expect(client.key()).rejects.toThrow(ClosedError);
  await expect(client.rotateKey()).rejects.toThrow(ClosedError);
  await expect(client.acknowledge()).rejects.toThrow(ClosedError);
  await expect(client.backup(path("b.db"))).rejects.toThrow(ClosedError);
});
