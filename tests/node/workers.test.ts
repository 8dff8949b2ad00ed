/** Worker threads, and clients that are not closed. */
import { describe, expect, it } from "vitest";

import { open, runProgram } from "./support.js";

describe("clients that are not closed", () => {
  it("are garbage collected outside the event loop, and their events are committed", async () => {
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

  it("can each record with their own client into one ledger", async () => {
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
        let turns = 0;
        const turn = () => {
          for (let i = 0; i < 50; i++) {
            client.logEvent({ actionInput: { get i() { return i; }, m: new Map([[1, new Set([2, 1])]]) } });
            workerData[0]++;
          }
          client.flush(); client.verify({ onProgress: () => {} }); client.getEvents(); client.getEvent("x");
          const longer = [
            () => client.export(db + ".plog", { overwrite: true, onProgress: () => {} }),
            () => client.backup(db + process.hrtime.bigint(), { signal: new AbortController().signal }),
            () => client.checkpoint(),
            () => client.key(),
          ];
          longer[turns++ % longer.length]();
          if (workerData[0] > 100) parentPort.postMessage(0);
          setImmediate(turn);
        };
        turn();
      }
    `);
    expect([stdout, stderr, code]).toEqual(["true true\n", "", 0]);
  });

  // From the termination on, the engine refuses calls of the addon, which may be in the middle of a function.
  it("may be terminated in the middle of any call", async () => {
    const { stdout, stderr, code } = await runProgram(`${WORKER}
      if (isMainThread) {
        (async () => {
          for (let round = 0; round < 40; round++) {
            const worker = new Worker(__filename);
            await new Promise((done) => worker.once("message", done));
            await new Promise((done) => setTimeout(done, round % 4));
            await worker.terminate();
          }
          console.log("survived");
        })();
      } else {
        const client = new ProvenLogClient({ agentId: "a", dbPath: db });
        const redactor = new provenlog.Redactor();
        const calls = [
          () => client.logEvent({ actionInput: new Map([[1, [2]]]) }),
          () => client.getEvent("x"),
          () => client.verify({ onProgress: () => {} }),
          () => client.export(db + ".plog", { overwrite: true }),
          () => client.call("agents"),
          () => redactor.redact("text"),
          () => new provenlog.Redactor({ enable: ["unknown"] }),
          () => new ProvenLogClient({ batchSize: 0 }),
        ];
        parentPort.postMessage(0);
        for (;;) for (const call of calls) try { call(); } catch {}
      }
    `);
    expect([stdout, stderr, code]).toEqual(["survived\n", "", 0]);
  });

  it("lose no events if they throw or if the process exits", async () => {
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
