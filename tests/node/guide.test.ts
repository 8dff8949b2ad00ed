/**
 * Runs the examples in docs/getting-started-node.md, the README and the comments of the sources. `ts` blocks are
 * compiled with tsc --strict. `ts` and `sh` blocks run in order in one folder. A `text` block is the expected output of
 * the block before it.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, it } from "vitest";

import { BUILD, hasPlog, PACKAGE, path, SOURCE } from "./support.js";

interface Block {
  language: string | undefined;
  body: string | undefined;
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(SOURCE, document), "utf8");
  return [...text.matchAll(/^```(\w+)[^\n]*\n(.*?)^```$/gms)].map(([, language, body]) => ({ language, body }));
}

it.runIf(hasPlog)("every block of the guide runs and prints the documented output", () => {
  expect(runBlocks(blocksOf("docs/getting-started-node.md"))).toBeGreaterThan(3);
});

it("the TypeScript of the README runs", () => {
  const blocks = blocksOf("README.md").filter((block) => block.language === "ts");
  expect(blocks.length).toBeGreaterThan(0);
  runBlocks(blocks);
});

it("the examples in the comments of the sources run and print the documented output", () => {
  const folder = join(SOURCE, "node/src");
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const examples = sources.flatMap((name) =>
    [...readFileSync(join(folder, name), "utf8").matchAll(/^ *\* ```ts\n(.*?)^ *\* ```$/gms)].map((found) =>
      (found[1] as string).replace(/^ *\* ?/gm, ""),
    ),
  );
  // The expected output of a line is the comment at its end.
  const blocks = examples.flatMap((body) => [
    { language: "ts", body },
    { language: "text", body: [...body.matchAll(/console\.log\(.*; \/\/ (.*)$/gm)].map((found) => found[1]).join("\n") },
  ]);
  expect(examples.length).toBeGreaterThan(5);
  expect(runBlocks(blocks)).toBe(examples.length);
});

/** Runs the blocks and returns the number of outputs that it compared. */
function runBlocks(blocks: readonly Block[]): number {
  mkdirSync(path("node_modules/@types"), { recursive: true });
  symlinkSync(PACKAGE, path("node_modules/provenlog"));
  symlinkSync(join(SOURCE, "node/node_modules/@types/node"), path("node_modules/@types/node"));

  const files = blocks.map((block, number) => (block.language === "ts" ? `block${number}.mts` : ""));
  files.forEach((file, number) => file !== "" && writeFileSync(path(file), blocks[number]?.body ?? ""));
  const compilerOptions = { strict: true, module: "node16", target: "es2022", skipLibCheck: true, types: ["node"] };
  writeFileSync(path("tsconfig.json"), JSON.stringify({ compilerOptions, files: files.filter(Boolean) }));
  const tsc = join(SOURCE, "node/node_modules/typescript/bin/tsc");
  const compiled = spawnSync(process.execPath, [tsc, "-p", path("tsconfig.json")], { encoding: "utf8" });
  expect(compiled.stdout).toBe("");

  const folder = path(".");
  const env = { ...process.env, PATH: `${BUILD}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1" };
  let output: string | undefined;
  let compared = 0;
  blocks.forEach((block, number) => {
    if (block.language === "text") {
      const lines = (printed: string | undefined) => printed?.trim().split("\n").map((line) => line.trimEnd());
      expect(lines(output)).toEqual(lines(block.body));
      compared++;
      return;
    }
    const command =
      block.language === "ts"
        ? [process.execPath, `block${number}.mjs`]
        : ["bash", "-euo", "pipefail", "-c", block.body ?? ""];
    expect(["ts", "sh"]).toContain(block.language);
    const done = spawnSync(command[0] ?? "", command.slice(1), { cwd: folder, encoding: "utf8", env });
    expect([done.stderr, done.status]).toEqual(["", 0]);
    output = done.stdout;
  });
  return compared;
}
