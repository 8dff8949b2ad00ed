/** Helpers: the built package, a directory for each test, and programs that run in a child process. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect } from "vitest";

import type * as Package from "../../node/src/index.js";

export const SOURCE = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const BUILD = process.env["PLOG_BUILD_DIR"] ?? join(SOURCE, "build/release");
/** The directory of the built package. */
export const PACKAGE = join(BUILD, "node/provenlog");
export const LONG = process.env["PLOG_TEST_LONG"] === "1";

const require = createRequire(import.meta.url);
export const provenlog = require(PACKAGE) as typeof Package;
export const { ProvenLogClient } = provenlog;
export type Client = Package.ProvenLogClient;
export type Event = Package.ProvenLogEvent;

let directory = "";
let opened: Client[] = [];

// Each test has a home directory of its own and none of the user's configuration. Its files are deleted afterwards.
const home = process.env["HOME"];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "provenlog-node-"));
  for (const name of Object.keys(process.env)) if (name.startsWith("PROVENLOG_")) delete process.env[name];
  process.env["HOME"] = directory;
});
afterEach(async () => {
  for (const client of opened) await client.close();
  opened = [];
  rmSync(directory, { recursive: true, force: true });
  if (home !== undefined) process.env["HOME"] = home;
});

/** Returns a path in the directory of the test. */
export function path(name: string): string {
  return join(directory, name);
}

/** Opens a client for agent "tester" on events.db. It is closed after the test. */
export function open(options: Package.ClientOptions = {}): Client {
  const client = new ProvenLogClient({ agentId: "tester", dbPath: path("events.db"), ...options });
  opened.push(client);
  return client;
}

/** Logs a value as a member of action_input and reads it back. */
export async function recorded(client: Client, value: unknown): Promise<unknown> {
  const event = await stored(client, client.logEvent({ actionInput: { v: value } }));
  return (event.action_input as Record<string, unknown> | undefined)?.["v"];
}

export async function stored(client: Client, id: string): Promise<Event> {
  const event = await client.getEvent(id);
  expect(event).not.toBeNull();
  return event as Event;
}

export function warningsOf(event: Event): string[] {
  return event.validation_warnings.map((warning) => `${warning.code} ${warning.field}`).sort();
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs a CommonJS program in a child process. In it, `provenlog` is the package and `db` the path of a ledger. */
export async function runProgram(code: string, ...args: string[]): Promise<Ended> {
  return ended(startProgram(code, ...args));
}

export function startProgram(code: string, ...args: string[]) {
  const file = path(`program-${Math.random().toString(36).slice(2)}.cjs`);
  const prelude = `const provenlog = require(${JSON.stringify(PACKAGE)});
const { ProvenLogClient } = provenlog;
const db = ${JSON.stringify(path("events.db"))};
`;
  writeFileSync(file, prelude + code);
  return spawn(process.execPath, [file, ...args], { stdio: ["pipe", "pipe", "pipe"] });
}

export async function ended(child: ReturnType<typeof startProgram>): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

/** Runs the plog program of the same build. */
export function plog(...args: string[]) {
  const program = process.env["PLOG_BIN"] ?? join(BUILD, "plog");
  return spawnSync(program, args, { encoding: "utf8" });
}
export const hasPlog = existsSync(process.env["PLOG_BIN"] ?? join(BUILD, "plog"));

/** Runs `work` while another program holds the writer lock of events.db, so that no event can be committed. */
export async function whileLocked(work: () => Promise<void> | void): Promise<void> {
  const holder = spawn("flock", [path("events.db.lock"), "-c", "echo locked; read line"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await new Promise((done) => holder.stdout.once("data", done));
  try {
    await work();
  } finally {
    holder.stdin.end("\n");
    await new Promise((done) => holder.once("close", done));
  }
}

/** Returns the records of a JSON Lines file in ../shared/data, or undefined if the file does not exist. */
export function sharedLines(name: string): Record<string, unknown>[] | undefined {
  const file = join(SOURCE, "../shared/data", name);
  if (!existsSync(file)) return undefined;
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
