/** Nothing is left behind by what an event took: of the addon's memory too, which no garbage collector knows. */
import { expect, it } from "vitest";

import { LONG, runProgram } from "./support.js";

// In `make test-long` as many as the release promises.
const EVENTS = LONG ? 10_000_000 : 300_000;

it(`${EVENTS.toLocaleString()} events leave the resident memory as it was`, { timeout: 3_600_000 }, async () => {
  const { stdout, stderr, code } = await runProgram(`
    require("node:v8").setFlagsFromString("--expose-gc");
    const gc = require("node:vm").runInNewContext("gc");
    const client = new ProvenLogClient({ agentId: "a", dbPath: db, labels: { env: "dev" }, onError: () => {} });
    class Odd { #x = 1; get y() { throw new Error("y"); } toJSON() { return { m: new Map([[1, new Set([2, "é", this.#x])]]) }; } }
    const event = (i) => ({
      actionName: "n", actionInput: { i, odd: new Odd(), big: 2n ** 70n, when: new Date(i), text: "x\\ud800" + "é".repeat(i % 200) },
    });
    const measure = () => { gc(); gc(); return process.memoryUsage().rss / 2 ** 20; };
    (async () => {
      const log = async (count) => {
        for (let i = 0; i < count; i++) {
          client.logEvent(event(i));
          if (i % 20000 === 19999) {
            await client.flush(600);
            await client.getEvents({ limit: 20, order: "desc" });
            await client.stats();
          }
        }
        await client.flush(600);
      };
      await log(${EVENTS} / 3); // caches fill
      const before = measure();
      await log(${EVENTS} * 2 / 3);
      const after = measure();
      console.log(JSON.stringify({ before, after }));
      await client.close();
    })();
  `);
  expect([stderr, code]).toEqual(["", 0]);
  const { before, after } = JSON.parse(stdout) as { before: number; after: number };
  // A leak of 100 octets an event would be 19 MB in the short run.
  expect(after - before).toBeLessThan(16);
});
