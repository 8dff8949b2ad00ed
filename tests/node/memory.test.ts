/** Events do not leak memory, neither in JavaScript's heap nor in the addon. */
import { expect, it } from "vitest";

import { LONG, runProgram } from "./support.js";

// `make test-long` logs 10 million events. Each round uses a new ledger, to limit the disk space.
const ROUNDS = LONG ? 40 : 3;
const EVENTS = LONG ? 250_000 : 100_000;

it(`${(ROUNDS * EVENTS).toLocaleString("en")} events do not increase the resident memory`, { timeout: 3_600_000 }, async () => {
  const { stdout, stderr, code } = await runProgram(`
    require("node:v8").setFlagsFromString("--expose-gc");
    const gc = require("node:vm").runInNewContext("gc");
    const { rmSync } = require("node:fs");
    class Odd { #x = 1; get y() { throw new Error("y"); } toJSON() { return { m: new Map([[1, new Set([2, "é", this.#x])]]) }; } }
    const event = (i) => ({
      actionName: "n", actionInput: { i, odd: new Odd(), big: 2n ** 70n, when: new Date(i), text: "x\ud800" + "é".repeat(i % 200) },
    });
    const round = async () => {
      const client = new ProvenLogClient({ agentId: "a", dbPath: db, labels: { env: "dev" }, onError: () => {} });
      for (let i = 0; i < ${EVENTS}; i++) {
        client.logEvent(event(i));
        if (i % 20000 === 19999) {
          await client.flush(600);
          await client.getEvents({ limit: 20, order: "desc" });
          await client.stats();
        }
      }
      await client.close();
      for (const suffix of ["", "-wal", "-shm", ".lock", ".journal", ".head", ".key"]) rmSync(db + suffix, { recursive: true, force: true });
    };
    const measure = () => { gc(); gc(); return process.memoryUsage().rss / 2 ** 20; };
    (async () => {
      let before;
      for (let n = 0; n < ${ROUNDS}; n++) {
        if (n === Math.ceil(${ROUNDS} / 10)) before = measure(); // caches are full
        await round();
      }
      console.log(JSON.stringify({ before, after: measure() }));
    })();
  `);
  expect([stderr, code]).toEqual(["", 0]);
  const { before, after } = JSON.parse(stdout) as { before: number; after: number };
  // A leak of 100 bytes per event would be 19 MB in the short run.
  expect(after - before).toBeLessThan(16);
});
