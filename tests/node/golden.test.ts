/** The golden file, logged from Node, gives the same bytes, warnings and hashes as in the other languages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { parseExact } from "./exact_json.js";
import { open, SOURCE, stored, warningsOf } from "./support.js";

const LEDGER_FIELDS = ["sequence", "hash", "prev_hash", "validation_warnings"];
// Cases that JavaScript cannot express: 1e400 is already Infinity in JavaScript.
const LOST = ["a number beyond a double keeps its text"];

const cases = readFileSync(join(SOURCE, "tests/golden/events.txt"), "utf8")
  .split("\n\n")
  .filter((block) => block.trim() !== "")
  .map((block) =>
    Object.fromEntries(
      block
        .split("\n")
        .filter((line) => line.includes(": "))
        .map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
    ),
  );

describe("the golden file", () => {
  it.each(cases.filter((one) => !LOST.includes(one["name"] as string)))("$name", async (one) => {
    const client = open({
      dbPath: undefined,
      agentId: undefined,
      salt: false,
      labels: one["labels"] === undefined ? undefined : (parseExact(one["labels"]) as Record<string, unknown>),
      metadata: one["metadata"] === undefined ? undefined : (parseExact(one["metadata"]) as Record<string, unknown>),
      maxEventBytes: one["max_event_bytes"] === undefined ? undefined : Number(one["max_event_bytes"]),
    });
    const id = client.logEvent(parseExact(one["input"] as string) as Record<string, unknown>);
    const event = await stored(client, id);
    // JSON.stringify keeps the order of the stored bytes and writes numbers and strings by the rules of RFC 8785.
    const content = Object.fromEntries(Object.entries(event).filter(([name]) => !LEDGER_FIELDS.includes(name)));
    expect(canonical(content)).toBe(one["canonical"]);
    expect(event.hash).toBe(one["hash"]);
    // A key that occurs twice in the text occurs once in the object.
    const warnings = (one["warnings"] ?? "").split("\t").filter((text) => text && !text.startsWith("duplicate_key "));
    expect(warningsOf(event)).toEqual(warnings.sort());
  });

  it("has enough cases, including those left out here", () => {
    expect(cases.length).toBeGreaterThanOrEqual(38);
    expect(LOST.every((name) => cases.some((one) => one["name"] === name && one["native"] === "no"))).toBe(true);
  });
});

/** Writes a value with its keys in the order of RFC 8785, by UTF-16 code units. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}
