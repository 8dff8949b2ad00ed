/** However a process ends, the events that logEvent accepted are in the ledger afterwards. */
import { describe, expect, it } from "vitest";

import { ended, hasPlog, path, plog, provenlog, ProvenLogClient, runProgram, startProgram } from "./support.js";

/** Returns the ids that a program printed, one per line. */
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

describe("accepted events survive", () => {
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

  it("SIGTERM without a handler", async () => {
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

  it("an unhandled rejection, with calls in flight", async () => {
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
  it("without closing its client commits the remaining events", async () => {
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
    expect(stderr).toContain("ClosedError"); // from the listener that logs with the closed client
    expect(code).not.toBeNull();
    expect(ids(stdout).length).toBeGreaterThanOrEqual(2001);
    await expectRecorded(ids(stdout));
  });

  it("waits no longer than the deadline while another program holds the writer lock", async () => {
    const { stdout, code } = await runProgram(`
      const { spawn } = require("node:child_process");
      ${LOG}
      log();
      client.flush().then(() => {
        // The holder ends when its standard input is closed, that is when this process has ended.
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

  it("waits for pending promises, but not for open clients", async () => {
    const { stdout, code } = await runProgram(`
      const client = new ProvenLogClient({ agentId: "a", dbPath: db, onError: console.error });
      client.logEvent({});
      client.getEvents().then((events) => console.log("events", events.length));
    `);
    expect([stdout, code]).toEqual(["events 1\n", 0]);
  });
});
