/** Processes that end in every way, and worker threads. What logEvent acknowledged is in the ledger afterwards. */
import { describe, expect, it } from "vitest";

import { ended, hasPlog, open, path, plog, provenlog, ProvenLogClient, runProgram, startProgram } from "./support.js";

/** Ids that a program printed, one a line. */
function ids(stdout: string): string[] {
  return stdout.split("\n").filter((line) => /^[0-9a-f-]{36}$/.test(line));
}

async function expectRecorded(expected: readonly string[], agent = "a"): Promise<void> {
  const client = new ProvenLogClient({ dbPath: path("events.db") });
  const found = new Set<string>();
  const sequences: number[] = [];
  for await (const event of client.iterEvents({ agentId: agent })) {
    found.add(event.id);
    sequences.push(event.sequence);
  }
  await client.close();
  expect(expected.filter((id) => !found.has(id))).toEqual([]);
  expect(sequences).toEqual(sequences.map((_, i) => i + 1));
  expect(await provenlog.verify(path("events.db"))).toMatchObject({ valid: true });
  if (hasPlog) expect(plog("verify", "--db", path("events.db")).status).toBe(0);
}

const LOG = `
const { writeSync } = require("node:fs");
const client = new ProvenLogClient({ agentId: "a", dbPath: db });
let i = 0;
const log = () => writeSync(1, client.logEvent({ actionName: "n", actionInput: { i: i++, text: "é".repeat(i % 300) } }) + "\\n");
`;

describe("what was acknowledged survives", () => {
  it.each([1, 2, 3])("kill -9 (%i)", async (round) => {
    const child = startProgram(`${LOG} for (;;) log();`);
    const result = ended(child);
    await new Promise((done) => child.stdout.once("data", done));
    await new Promise((done) => setTimeout(done, 150 * round));
    child.kill("SIGKILL");
    const { stdout, signal } = await result;
    expect(signal).toBe("SIGKILL");
    const acknowledged = ids(stdout.slice(0, stdout.lastIndexOf("\n") + 1));
    expect(acknowledged.length).toBeGreaterThan(10);
    await expectRecorded(acknowledged);
  });

  it("SIGTERM, which nobody handles", async () => {
    const child = startProgram(`${LOG} setInterval(() => { for (let n = 0; n < 20; n++) log(); }, 1);`);
    const result = ended(child);
    await new Promise((done) => child.stdout.once("data", done));
    child.kill("SIGTERM");
    const { stdout, signal } = await result;
    expect(signal).toBe("SIGTERM");
    await expectRecorded(ids(stdout));
  });

  it("an uncaught error", async () => {
    const { stdout, stderr, code } = await runProgram(`${LOG} for (let n = 0; n < 500; n++) log(); throw new Error("!");`);
    expect(code).toBe(1);
    expect(stderr).toContain("Error: !");
    expect(ids(stdout)).toHaveLength(500);
    await expectRecorded(ids(stdout));
  });

  it("an unhandled rejection, with calls under way", async () => {
    const { stdout, code } = await runProgram(
      `${LOG} for (let n = 0; n < 500; n++) log(); client.flush(); client.verify(); Promise.reject(new Error("!"));`,
    );
    expect(code).toBe(1);
    await expectRecorded(ids(stdout));
  });

  it("process.abort", async () => {
    const { stdout, signal } = await runProgram(`${LOG} for (let n = 0; n < 100; n++) log(); process.abort();`);
    expect(signal).toBe("SIGABRT");
    await expectRecorded(ids(stdout));
  });
});

describe("a program that exits", () => {
  it("without a word commits what is left", async () => {
    const { stdout, stderr, code } = await runProgram(`${LOG} for (let n = 0; n < 500; n++) log();`);
    expect([stderr, code]).toEqual(["", 0]);
    if (hasPlog) expect(plog("verify", "--db", path("events.db"), "--read-only", "--json").stdout).toContain('"pending":0');
    await expectRecorded(ids(stdout));
  });

  it("with process.exit, calls in flight and events from exit listeners, loses nothing", async () => {
    const { stdout, stderr, code } = await runProgram(`${LOG}
      process.on("exit", log);
      for (let n = 0; n < 2000; n++) log();
      for (let n = 0; n < 10; n++) { client.flush(); client.getEvents(); client.verify(); client.stats(); }
      client.close();
      const other = new ProvenLogClient({ agentId: "a", dbPath: db, onError: () => {} });
      writeSync(1, other.logEvent({}) + "\\n");
      setImmediate(() => process.exit(7));
      process.on("exit", () => writeSync(1, other.logEvent({}) + "\\n"));
    `);
    expect(stderr).toContain("ClosedError"); // of the listener that logs by the closed client
    expect(code).not.toBeNull();
    expect(ids(stdout).length).toBeGreaterThanOrEqual(2001);
    await expectRecorded(ids(stdout));
  });

  it("while another program holds the ledger waits no longer than the deadline", async () => {
    const { stdout, code } = await runProgram(`
      const { spawn } = require("node:child_process");
      ${LOG}
      log();
      client.flush().then(() => {
        // It ends when the pipe to it does, which is when this process has ended.
        const holder = spawn("flock", [db + ".lock", "-c", "echo; read line"], { stdio: ["pipe", "pipe", "ignore"] });
        holder.stdout.once("data", () => {
          log();
          client.flush().catch(() => {});
          process.exit(4);
        });
      });
    `);
    expect(code).toBe(4);
    expect(ids(stdout)).toHaveLength(2);
    await expectRecorded(ids(stdout));
  });

  it("keeps running for promises, and not for clients", async () => {
    const { stdout, code } = await runProgram(`
      const client = new ProvenLogClient({ agentId: "a", dbPath: db, onError: console.error });
      client.logEvent({});
      client.getEvents().then((events) => console.log("events", events.length));
    `);
    expect([stdout, code]).toEqual(["events 1\n", 0]);
  });
});

describe("clients that nobody closes", () => {
  it("are collected, off the event loop, and their events committed", async () => {
    const { stdout, stderr, code } = await runProgram(`
      require("node:v8").setFlagsFromString("--expose-gc");
      const gc = require("node:vm").runInNewContext("gc");
      (async () => {
        let gone = 0;
        const registry = new FinalizationRegistry(() => gone++);
        for (let i = 0; i < 50; i++) {
          const client = new ProvenLogClient({ agentId: "a", dbPath: db, onError: i % 2 ? () => {} : undefined });
          registry.register(client, i);
          client.logEvent({ actionInput: { i } });
          if (i % 10 === 0) { const cursor = client.iterEvents(); await cursor.next(); }
        }
        provenlog.setClient(undefined);
        for (let i = 0; i < 100 && gone < 50; i++) { gc(); await new Promise((done) => setTimeout(done, 20)); }
        const reader = new ProvenLogClient({ dbPath: db });
        console.log(gone >= 45, (await reader.getEvents()).length);
        await reader.close();
      })();
    `);
    expect([stdout, stderr, code]).toEqual(["true 50\n", "", 0]);
  });
});

describe("worker threads", () => {
  const WORKER = `
    const { Worker, isMainThread, parentPort, workerData } = require("node:worker_threads");
  `;

  it("each record with a client of their own into one ledger", async () => {
    const { stdout, stderr, code } = await runProgram(`${WORKER}
      if (isMainThread) {
        const client = new ProvenLogClient({ agentId: "a", dbPath: db });
        const workers = [0, 1, 2, 3].map((n) => new Worker(__filename, { workerData: n }));
        for (let i = 0; i < 500; i++) client.logEvent({ actionInput: { i } });
        Promise.all(workers.map((w) => new Promise((done) => w.on("exit", done)))).then(async (codes) => {
          console.log(codes.join(), (await client.getEvents({ limit: 10000 })).length, (await client.verify()).valid);
          await client.close();
        });
      } else {
        const client = new ProvenLogClient({ agentId: "a", dbPath: db, onError: () => {} });
        for (let i = 0; i < 500; i++) client.logEvent({ actionInput: { worker: workerData, i } });
        if (workerData === 0) client.close();
        if (workerData === 1) process.exit(0);
        if (workerData === 2) client.session("s", () => client.flush());
      }
    `);
    expect([stdout, stderr, code]).toEqual(["0,0,0,0 2502 true\n", "", 0]);
  });

  it("may be terminated at any time, with calls in flight", async () => {
    const { stdout, stderr, code } = await runProgram(`${WORKER}
      if (isMainThread) {
        (async () => {
          let acknowledged = 0;
          for (let round = 0; round < 8; round++) {
            const shared = new Int32Array(new SharedArrayBuffer(4));
            const worker = new Worker(__filename, { workerData: shared });
            await new Promise((done) => worker.once("message", done));
            await new Promise((done) => setTimeout(done, round * 7));
            await worker.terminate();
            acknowledged += shared[0];
          }
          const client = new ProvenLogClient({ dbPath: db });
          let found = 0;
          for await (const event of client.iterEvents({ agentId: "a" })) found++;
          console.log(found >= acknowledged, (await client.verify()).valid);
          await client.close();
        })();
      } else {
        const client = new ProvenLogClient({ agentId: "a", dbPath: db, onError: () => {} });
        const turn = () => {
          for (let i = 0; i < 50; i++) {
            client.logEvent({ actionInput: { get i() { return i; }, m: new Map([[1, new Set([2, 1])]]) } });
            workerData[0]++;
          }
          client.flush(); client.verify(undefined, { progress: () => {} }); client.getEvents(); client.getEvent("x");
          if (workerData[0] > 100) parentPort.postMessage(0);
          setImmediate(turn);
        };
        turn();
      }
    `);
    expect([stdout, stderr, code]).toEqual(["true true\n", "", 0]);
  });

  it("that throw or are abandoned at exit take nothing with them", async () => {
    const { stdout, code } = await runProgram(`${WORKER}
      if (isMainThread) {
        const throwing = new Worker(__filename, { workerData: "throw" });
        throwing.on("error", (error) => {
          const running = new Worker(__filename, { workerData: "run" });
          running.once("message", () => { console.log(error.message); process.exit(3); });
        });
      } else {
        const client = new ProvenLogClient({ agentId: "a", dbPath: db });
        for (let i = 0; i < 100; i++) client.logEvent({ actionInput: { i } });
        if (workerData === "throw") throw new Error("from the worker");
        setInterval(() => { client.logEvent({}); client.flush(); parentPort.postMessage(0); }, 1);
      }
    `);
    expect([stdout, code]).toEqual(["from the worker\n", 3]);
    const client = open();
    expect((await client.getEvents({ agentId: "a", limit: 10_000 })).length).toBeGreaterThanOrEqual(200);
    expect((await client.verify()).valid).toBe(true);
  });
});
