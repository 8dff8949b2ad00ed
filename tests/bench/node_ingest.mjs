// usage: node_ingest.mjs PACKAGE DB EVENTS
//
// Records events as fast as it can and waits until all are committed. Prints JSON.
import { createRequire } from "node:module";

import { sampleEvent } from "./node_sample.mjs";

const [path, db, count] = process.argv.slice(2);
const { ProvenLogClient } = createRequire(import.meta.url)(path);

const events = Array.from({ length: Number(count) }, (_, number) => sampleEvent(number));
// logEvent never waits for space, which would block the event loop. So the journal must hold all uncommitted events.
const client = new ProvenLogClient({
  agentId: "research-agent",
  sessionId: "session",
  dbPath: db,
  journalLimitBytes: 2 ** 33,
});
const cpu = process.cpuUsage();
const began = performance.now();
for (const event of events) if (client.logEvent(event) === "") throw new Error("the journal is full");
const accepted = performance.now() - began;
await client.flush(600);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
await client.close();
console.log(
  JSON.stringify({
    events: events.length,
    seconds,
    accepted_seconds: accepted / 1000,
    cpu_seconds: (user + system) / 1e6,
  }),
);
