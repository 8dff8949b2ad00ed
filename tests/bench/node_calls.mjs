// usage: node_calls.mjs PACKAGE DIRECTORY ROUNDS CALLS
//
// Measures what one logEvent of the Node SDK costs its caller, compared with JSON.stringify of the same event. The two
// take turns. Prints JSON with nanoseconds per call, one number per round.
import { createRequire } from "node:module";
import { join } from "node:path";

import { sampleEvent } from "./node_sample.mjs";

const [path, directory, rounds, calls] = process.argv.slice(2);
const { ProvenLogClient } = createRequire(import.meta.url)(path);

const events = Array.from({ length: Number(calls) }, (_, number) => sampleEvent(number));
const client = new ProvenLogClient({ agentId: "research-agent", dbPath: join(directory, "calls.db") });

// Using the results keeps the compiler from removing the work.
let kept = 0;
const works = {
  stringify: (event) => JSON.stringify(event).length,
  provenlog: (event) => client.logEvent(event).length,
  nothing: (event) => event.actionName.length,
};
const result = { stringify: [], provenlog: [], nothing: [] };
for (let turn = -1; turn < Number(rounds); turn++) {
  for (const [name, work] of Object.entries(works)) {
    const began = process.hrtime.bigint();
    for (const event of events) kept += work(event);
    const nanos = Number(process.hrtime.bigint() - began) / events.length;
    await client.flush();
    if (turn >= 0) result[name].push(nanos); // the first turn is a warm-up
  }
}
await client.close();
for (const name of ["stringify", "provenlog"]) {
  result[name] = result[name].map((nanos, turn) => nanos - result.nothing[turn]); // without the benchmark's own loop
}
console.log(JSON.stringify({ ...result, kept, node: process.versions.node }));
