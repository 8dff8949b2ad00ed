/** The package as its users see it: types, version, and the symbols that the addon imports and exports. */
import { spawnSync } from "node:child_process";
import { readFileSync, symlinkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { BUILD, PACKAGE, path, provenlog, SOURCE } from "./support.js";

const MODULES = join(SOURCE, "node/node_modules");

/** Compiles a program of a user who has only the package. Returns the compiler's output. */
function compile(name: string, code: string, options: Record<string, unknown>) {
  mkdirSync(path("node_modules"), { recursive: true });
  symlinkSync(PACKAGE, path("node_modules/provenlog"));
  writeFileSync(path(name), code);
  const compilerOptions = { strict: true, noEmit: true, types: [], target: "es2022", exactOptionalPropertyTypes: true, ...options };
  writeFileSync(path("tsconfig.json"), JSON.stringify({ compilerOptions, files: [name] }));
  const done = spawnSync(process.execPath, [join(MODULES, "typescript/bin/tsc"), "-p", path("tsconfig.json")], {
    encoding: "utf8",
  });
  return done.stdout;
}

const CONSUMER = `
import {
  ProvenLogClient, ProvenLogError, Redactor, restore, trail, verify, verifyExport, type ProofDocument, type ProvenLogEvent,
} from "provenlog";

const twice = trail((n: number): number => n * 2, { name: "twice" });
const four: number = twice(2);
const stream = trail(async function* (prefix: string) { yield prefix; });
const method = trail({ name: "m" })(async (a: string, b?: number) => [a, b] as const);

async function main(): Promise<void> {
  await using client = new ProvenLogClient({ agentId: "a", dbPath: "x.db", labels: { env: "dev" } });
  const id: string = client.logEvent({ actionType: "TOOL_CALL", actionName: "n", actionInput: { any: Symbol() } });
  const event: ProvenLogEvent | null = await client.getEvent(id);
  const name: string | undefined = event?.action_name;
  for await (const each of client.iterEvents({ since: new Date(), labels: { env: "dev" } })) console.log(each.sequence + 1);
  const length: number = await client.session("s", async (session) => session.id.length);
  { using session = client.session(); session.id; }
  const report = await client.verify("a", { onProgress: (done: number, total: number) => { done / total; } });
  const head: string = await client.checkpoint(5);
  const { vkey, keyFile } = await client.key();
  const { signal } = new AbortController();
  const again = await verify("x.db", { level: "tree", key: vkey, heads: [keyFile], incremental: true, threads: 1, signal });
  const exported = await client.export("x.plog", { agentId: "a", since: new Date(), overwrite: true, signal });
  const size: number = exported.treeSize + exported.events + again.assurance_events;
  const proof: ProofDocument = await client.prove(id);
  const leaf: number | undefined = proof.merkle_proofs[0]?.proof.leaf_index;
  const known: number = await client.acknowledge("why");
  await client.backup("y.db");
  const from: string | null = (await restore("y.db", "z.db", { replace: true })).replaced;
  const checked = await verifyExport("x.plog", { key: await client.rotateKey() });
  const [finding] = Redactor.default({ profile: "strict", keepLast: { visa: 4 } }).findings("x", { values: true });
  const where: [number, number, string | undefined] | undefined = finding && [finding.start, finding.end, finding.value];
  // @ts-expect-error: there is no such level
  await client.verify({ level: "all" });
  // @ts-expect-error: exports do not accept an order
  await client.export("x.plog", { order: "desc" });
  void [head, size, leaf, known, from, checked.valid, where];
  if (!report.valid) throw new Error(report.error);
  for await (const item of stream("p")) item.toUpperCase();
  const [first] = await method("a");
  const [text, hits]: [string, number] = Redactor.default().redactString("x");
  try { await client.flush(1); } catch (error) { if (error instanceof ProvenLogError) error.code.length; }
  // @ts-expect-error: there is no such option
  new ProvenLogClient({ agent: "a" });
  // @ts-expect-error: not a number
  client.logEvent({ durationMs: "long" });
  // @ts-expect-error: arguments keep their types
  twice("2");
  void [four, name, length, first, text, hits];
}
void main;
`;

describe("the types", () => {
  it.each([
    ["consumer.mts", { module: "node16" }],
    ["consumer.cts", { module: "node16" }],
    ["consumer.ts", { module: "esnext", moduleResolution: "bundler" }],
  ])("hold for %s under strict", (name, options) => {
    const code = `declare const console: { log(...values: unknown[]): void };\n${CONSUMER}`;
    expect(compile(name, code, options)).toBe("");
  });
});

describe("the package", () => {
  it("has the version of the release", () => {
    const version = readFileSync(join(SOURCE, "VERSION"), "utf8").trim();
    expect(provenlog.version).toBe(version);
    const manifest = JSON.parse(readFileSync(join(SOURCE, "node/package.json"), "utf8")) as { version: string };
    expect(manifest.version).toBe(version);
  });

  it("exports two functions, and imports nothing from libraries that are also part of node", () => {
    const nm = (...args: string[]) =>
      spawnSync("nm", ["-D", ...args, join(PACKAGE, "build/Release/provenlog.node")], { encoding: "utf8" });
    const listed = nm("--defined-only").stdout;
    const exported = [...listed.matchAll(/ [TDBVWRu] (\S+)/g)].map((found) => found[1]);
    if (!BUILD.includes("asan")) {
      expect(exported.sort()).toEqual(["napi_register_module_v1", "node_api_module_get_api_version_v1"]);
    }
    // node itself contains other versions of OpenSSL, SQLite and simdjson.
    expect(nm("--undefined-only").stdout).not.toMatch(/ (EVP_|SHA|OPENSSL|CRYPTO_|sqlite3|_ZNK?8simdjson)/);
  });

  it("can be loaded from the clone with require and with import", () => {
    if (BUILD !== join(SOURCE, "build/release")) return;
    const code = 'console.log(require("provenlog").version === require("./node").version)';
    mkdirSync(path("node_modules"), { recursive: true });
    symlinkSync(join(SOURCE, "node"), path("node_modules/provenlog"));
    writeFileSync(path("a.cjs"), code.replace("./node", join(SOURCE, "node")));
    writeFileSync(path("a.mjs"), 'import { version } from "provenlog"; console.log(typeof version);');
    expect(spawnSync(process.execPath, [path("a.cjs")], { encoding: "utf8" }).stdout).toBe("true\n");
    expect(spawnSync(process.execPath, [path("a.mjs")], { encoding: "utf8" }).stdout).toBe("string\n");
  });

  it("contains the plog command", () => {
    const done = spawnSync(process.execPath, [join(PACKAGE, "bin/plog.js"), "--version"], { encoding: "utf8" });
    expect(done.stdout + done.stderr).toContain(provenlog.version);
  });
});
