/** Recorded traffic, logged from Node and with `plog ingest`, gives the same content in both ledgers. */
import { writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { type Event, hasPlog, path, plog, provenlog, ProvenLogClient, sharedLines } from "./support.js";

const agentEvents = sharedLines("agent-events.jsonl");
const exchanges = sharedLines("llm-exchanges.jsonl");

/** Returns each exchange as an LLM_CALL event and an LLM_RESPONSE event. */
function llmEvents(): Record<string, unknown>[] {
  return (exchanges ?? []).flatMap((exchange, number) => {
    const common = {
      agent_id: exchange["host"] || "llm",
      session_id: String(exchange["source"]).split("#")[0],
      action_name: exchange["path"],
      tool_call_id: `exchange-${number}`,
      labels: { method: exchange["method"], status: String(exchange["status"]) },
    };
    return [
      { ...common, action_type: "LLM_CALL", action_input: exchange["request"] },
      {
        ...common,
        action_type: "LLM_RESPONSE",
        action_output: { content_type: exchange["content_type"], body: exchange["response"] },
        action_status: (exchange["status"] as number) < 400 ? "success" : "error",
      },
    ];
  });
}

// The fields that differ between two recordings of the same event.
const OWN = ["id", "salt", "timestamp", "source", "capture_method", "sequence", "hash", "prev_hash", "validation_warnings"];

async function content(db: string): Promise<string[]> {
  const client = new ProvenLogClient({ agentId: "reader", dbPath: db });
  const texts: string[] = [];
  for await (const event of client.iterEvents()) texts.push(JSON.stringify(withoutOwn(event)));
  await client.close();
  return texts;
}

function withoutOwn(event: Event): object {
  return Object.fromEntries(Object.entries(event).filter(([name]) => !OWN.includes(name)));
}

describe.runIf(agentEvents !== undefined && exchanges !== undefined && hasPlog)("recorded traffic", () => {
  it.each([
    ["agent events", () => agentEvents ?? []],
    ["model calls", llmEvents],
  ])("of %s has the same content in both ledgers", async (_, read) => {
    const events = read();
    expect(events.length).toBeGreaterThan(100);
    const client = new ProvenLogClient({ dbPath: path("node.db") });
    const ids = events.map((event) => client.logEvent(event));
    expect(new Set(ids).size).toBe(events.length);
    await client.close();
    writeFileSync(path("events.jsonl"), events.map((event) => JSON.stringify(event) + "\n").join(""));
    expect(plog("ingest", path("events.jsonl"), "--db", path("ingest.db")).status).toBe(0);
    for (const db of [path("node.db"), path("ingest.db")]) {
      const report = await provenlog.verify(db);
      expect(report).toMatchObject({ valid: true });
      expect(plog("verify", "--db", db).status).toBe(0);
    }
    expect(await content(path("node.db"))).toEqual(await content(path("ingest.db")));
  });
});
