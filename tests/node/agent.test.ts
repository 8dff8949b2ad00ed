/** The demo agent in TypeScript: its answers, the events it records, and the redaction of personal data. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { open, PACKAGE, path, SOURCE } from "./support.js";

function run(...args: string[]) {
  return spawnSync(process.execPath, [path("agent.mjs"), "--db", path("events.db"), "--folder", path("project"), ...args], {
    encoding: "utf8",
    timeout: 120_000,
  });
}

describe("the demo agent", () => {
  beforeEach(() => {
    mkdirSync(path("node_modules/@types"), { recursive: true });
    symlinkSync(PACKAGE, path("node_modules/provenlog"));
    symlinkSync(join(SOURCE, "node/node_modules/@types/node"), path("node_modules/@types/node"));
    const compilerOptions = { strict: true, module: "node16", target: "es2022", skipLibCheck: true, types: ["node"] };
    writeFileSync(path("tsconfig.json"), JSON.stringify({ compilerOptions, files: ["agent.mts"] }));
    writeFileSync(path("agent.mts"), readFileSync(join(SOURCE, "examples/agent.mts")));
    const tsc = join(SOURCE, "node/node_modules/typescript/bin/tsc");
    expect(spawnSync(process.execPath, [tsc, "-p", path("tsconfig.json")], { encoding: "utf8" }).stdout).toBe("");
    mkdirSync(path("project"));
    writeFileSync(path("project/README.md"), "# Thing\n\nThing counts\nsheep.\n\nMore.\n");
    writeFileSync(path("project/sheep.py"), "# Write to carol@example.org\ndef count_sheep():\n    return 7\n");
  });

  it("answers questions about a folder, and records each step", async () => {
    const asked = [
      ["What is this project?", "Thing counts sheep."],
      ["How many lines is it?", "9 lines. Markdown: 6 lines in 1 file; Python: 3 lines in 1 file."],
      ["Where is count_sheep defined?", "count_sheep is defined in sheep.py:2."],
      ["Is carol@example.org mentioned anywhere?", "carol@example.org is mentioned 1 time: sheep.py:1."],
      ["Tell me about sheep counting", "The closest line is README.md:"],
      ["What changed last?", "No commits found (see the timeline)."],
    ] as const;
    const done = run(...asked.map(([question]) => question));
    expect([done.stderr, done.status]).toEqual(["", 0]);
    for (const [, answer] of asked) expect(done.stdout).toContain(answer);
    expect(done.stdout).toContain("\n  OK: ");

    const client = open();
    const events = await client.getEvents({ agentId: "folder-agent", limit: 1000 });
    const named = (name: string) => events.filter((event) => event.action_name === name);
    expect(new Set(events.map((event) => event.session_id)).size).toBe(1);
    const [question] = named("question");
    const [answer] = named("answer");
    expect(named("plan")[0]).toMatchObject({ parent_event_id: question?.id, action_output: { return: [0, ""] } });
    const [call, result] = named("list_files");
    expect(call).toMatchObject({ action_type: "TOOL_CALL", parent_event_id: question?.id });
    expect(result).toMatchObject({ action_type: "TOOL_RESULT", parent_event_id: call?.id, action_status: "success" });
    expect(result?.tool_call_id).toBe(call?.tool_call_id);
    expect(answer?.parents).toContain(result?.id);
    expect(named("run_command")[1]).toMatchObject({ action_status: "error" });

    // The agent can answer a question about an e-mail address, but the address is not stored.
    expect(named("question")[3]?.action_input).toEqual({ text: "Is [REDACTED:email] mentioned anywhere?" });
    await client.close();
    const files = readdirSync(path(".")).filter((name) => name.startsWith("events.db"));
    for (const name of files.filter((file) => statSync(path(file)).isFile())) {
      expect(readFileSync(path(name)).includes("carol@example.org")).toBe(false);
    }
  });
});
