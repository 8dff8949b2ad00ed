/**
 * A small agent that answers questions about a folder, with a flight recorder. The counterpart of agent.py.
 *
 * It has real tools (list, read, search, run a command) and rules instead of a model, so it needs no network and no
 * key. It records every question, plan, tool call, result and answer in a provenlog ledger. The report at the end is
 * read back from the ledger.
 *
 *     node agent.mts [--folder FOLDER] [--db LEDGER] [QUESTION...]     # Node 22.18 or newer; else compile it with tsc
 */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

import { type EventInput, type ProvenLogEvent, ProvenLogClient, trail } from "provenlog";

const QUESTIONS = [
  "What is this project?",
  "Which languages is it written in, and how many lines?",
  "What changed last?",
];
const SKIPPED = new Set([".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", "build", "dist", "target"]);
const LARGEST_FILE = 1 << 20;
const COMMANDS = new Set(["git"]);
const LANGUAGES: Readonly<Record<string, string>> = {
  ".c": "C",
  ".h": "C and C++ headers",
  ".cpp": "C++",
  ".py": "Python",
  ".ts": "TypeScript",
  ".mts": "TypeScript",
  ".js": "JavaScript",
  ".go": "Go",
  ".rs": "Rust",
  ".java": "Java",
  ".sh": "Shell",
  ".md": "Markdown",
  ".json": "JSON",
};
const STOP_WORDS = new Set(["what", "where", "which", "when", "does", "this", "that", "with", "from", "have", "about"]);

interface Hit {
  path: string;
  line: number;
  text: string;
}

/** The tools of the agent. They know nothing about the recorder. */
class Tools {
  readonly #folder: string;
  #paths: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  listFiles(): { count: number; paths: string[] } {
    this.#paths = [...this.#walk(this.#folder)].sort();
    return { count: this.#paths.length, paths: this.#paths };
  }

  readFile({ path }: { path: string }): { lines: number; text: string } {
    const text = this.#text(path);
    if (text === undefined) throw new TypeError(`${path} is not a text file, or is too large`);
    return { lines: lines(text).length, text };
  }

  /** Lines that match a regular expression, in files whose path matches `only`. */
  search({ pattern, only = /^/, limit = 200 }: { pattern: RegExp; only?: RegExp; limit?: number }): {
    count: number;
    hits: Hit[];
  } {
    const hits: Hit[] = [];
    for (const path of this.#paths.filter((name) => only.test(name))) {
      lines(this.#text(path) ?? "").forEach((text, index) => {
        if (pattern.test(text)) hits.push({ path, line: index + 1, text: text.trim().slice(0, 160) });
      });
    }
    return { count: hits.length, hits: hits.slice(0, limit) };
  }

  countLines(): Map<string, { files: number; lines: number }> {
    const found = new Map<string, { files: number; lines: number }>();
    for (const path of this.#paths) {
      const language = LANGUAGES[extname(path)];
      const text = language === undefined ? undefined : this.#text(path);
      if (language === undefined || text === undefined) continue;
      const entry = found.get(language) ?? { files: 0, lines: 0 };
      found.set(language, { files: entry.files + 1, lines: entry.lines + lines(text).length });
    }
    return found;
  }

  runCommand({ argv: [program = "", ...rest] }: { argv: string[] }): { stdout: string } {
    if (!COMMANDS.has(program)) throw new TypeError(`${program} is not one of the commands that this agent may run`);
    const stdio = ["ignore", "pipe", "ignore"] as const;
    return { stdout: execFileSync(program, rest, { cwd: this.#folder, encoding: "utf8", timeout: 20_000, stdio: [...stdio] }) };
  }

  *#walk(folder: string): Generator<string> {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isFile()) yield relative(this.#folder, path);
      else if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* this.#walk(path);
    }
  }

  #text(name: string): string | undefined {
    const path = join(this.#folder, name);
    if (statSync(path).size > LARGEST_FILE) return undefined;
    const data = readFileSync(path);
    return data.includes(0) ? undefined : data.toString();
  }
}

/** Records every use of a tool: the call before the tool runs, and the result (or the error) after it. */
class Recorder {
  /** The event that caused the next ones. */
  parent: string | undefined;
  /** The results that the answer is based on. */
  results: string[] = [];
  readonly client: ProvenLogClient;

  constructor(client: ProvenLogClient) {
    this.client = client;
  }

  log(actionType: string, actionName: string, fields: EventInput): string {
    return this.client.logEvent({ actionType, actionName, ...fields });
  }

  /** Runs a tool. An error is recorded and gives no result, so that the agent can continue. */
  use<A, R>(tool: string, work: (given: A) => R, given: A): R | undefined {
    const toolCallId = randomUUID();
    const parentEventId = this.log("TOOL_CALL", tool, { toolCallId, actionInput: given, parentEventId: this.parent });
    const began = performance.now();
    let result: R | undefined;
    let outcome: EventInput;
    try {
      result = work(given);
      outcome = { actionStatus: "success", actionOutput: result };
    } catch (error) {
      outcome = { actionStatus: "error", errorMessage: String(error) };
    }
    const durationMs = Math.round(performance.now() - began);
    this.results.push(this.log("TOOL_RESULT", tool, { toolCallId, parentEventId, durationMs, ...outcome }));
    return result;
  }
}

/** Returns the first rule that matches, and the topic. `trail` records arguments, result and duration. */
const choose = trail(
  (question: string, patterns: readonly RegExp[]): [rule: number | null, about: string] => {
    for (const [number, pattern] of patterns.entries()) {
      const match = pattern.exec(question);
      if (match !== null) return [number, match.slice(1).find((group) => Boolean(group)) ?? ""];
    }
    return [null, question];
  },
  { name: "plan" },
);

/** Answers questions: a rule picks a skill, and the skill uses the tools. */
class Agent {
  readonly #recorder: Recorder;
  readonly #tools: Tools;
  readonly #skills: [RegExp, (about: string) => string][] = [
    [/what is (?:this|it)\b/i, () => this.#describe()],
    [/\blanguages?\b|how many lines|how (?:big|large)/i, () => this.#measure()],
    [/what changed|last (?:change|commit)|recent/i, () => this.#recentChanges()],
    [/where is [`'"]?([\w:.]+?)[`'"]? (?:defined|declared|implemented)/i, (name) => this.#definitionOf(name)],
    [/([\w.+-]+@[\w.-]+\w)/i, (text) => this.#mentionsOf(text)],
  ];

  constructor(recorder: Recorder, tools: Tools) {
    this.#recorder = recorder;
    this.#tools = tools;
  }

  answer(question: string): string {
    const recorder = this.#recorder;
    recorder.parent = recorder.log("CUSTOM", "question", { actionInput: { text: question } });
    recorder.results = [];
    const patterns = this.#skills.map(([pattern]) => pattern);
    const [rule, about] = recorder.client.parent(recorder.parent, () => choose(question, patterns));
    recorder.use("list_files", () => this.#tools.listFiles(), {});
    const skill = rule === null ? undefined : this.#skills[rule]?.[1];
    const text = skill === undefined ? this.#bestGuess(question) : skill(about);
    const parents = recorder.results;
    recorder.log("CUSTOM", "answer", { actionOutput: { text }, parentEventId: recorder.parent, parents });
    return text;
  }

  #search(given: { pattern: RegExp; only?: RegExp; limit?: number }): Hit[] {
    return this.#recorder.use("search", (arguments_) => this.#tools.search(arguments_), given)?.hits ?? [];
  }

  #describe(): string {
    const [readme] = this.#search({ pattern: /\S/, only: /^readme(\.\w+)?$/i, limit: 1 });
    if (readme === undefined) return "There is no README in this folder.";
    const content = this.#recorder.use("read_file", (given) => this.#tools.readFile(given), { path: readme.path });
    const paragraphs = (content?.text ?? "").split(/\n\s*\n/);
    const first = paragraphs.find((paragraph) => /^[A-Za-z*_`]/.test(paragraph.trim()));
    return first === undefined ? "The README has no text." : first.split(/\s+/).join(" ").trim();
  }

  #measure(): string {
    const found = this.#recorder.use("count_lines", () => this.#tools.countLines(), {});
    const languages = [...(found ?? [])].sort(([, a], [, b]) => b.lines - a.lines);
    const all = languages.reduce((sum, [, { lines: count }]) => sum + count, 0);
    const parts = languages
      .slice(0, 6)
      .map(([name, count]) => `${name}: ${plural(count.lines, "line")} in ${plural(count.files, "file")}`);
    return `${plural(all, "line")}. ${parts.join("; ")}.`;
  }

  #recentChanges(): string {
    const argv = ["git", "log", "-3", "--format=%h %s"];
    const log = this.#recorder.use("run_command", (given) => this.#tools.runCommand(given), { argv });
    const commits = lines(log?.stdout.trim() ?? "").filter(Boolean);
    return commits.length > 0 ? `The last commits: ${commits.join("; ")}.` : "No commits found (see the timeline).";
  }

  #definitionOf(name: string): string {
    const symbol = escape(name.split(/::|\./).pop() ?? name);
    const keyword = "(?:def|class|struct|enum|interface|trait|type|fn|func|function|#define|const|let|var)";
    const [hit] = this.#search({ pattern: new RegExp(`^\\s*(?:\\w+ )*${keyword} ${symbol}\\b(?!;)`) });
    return hit === undefined ? `No definition of ${name} was found.` : `${name} is defined in ${at(hit)}.`;
  }

  #mentionsOf(text: string): string {
    const hits = this.#search({ pattern: new RegExp(escape(text)) });
    if (hits.length === 0) return `${text} is not mentioned anywhere.`;
    return `${text} is mentioned ${plural(hits.length, "time")}: ${hits.slice(0, 3).map(at).join(", ")}.`;
  }

  #bestGuess(question: string): string {
    const words = (question.toLowerCase().match(/\w{4,}/g) ?? []).filter((word) => !STOP_WORDS.has(word));
    const hits = words.length > 0 ? this.#search({ pattern: new RegExp(words.join("|"), "i") }) : [];
    const score = (hit: Hit): number => words.filter((word) => hit.text.toLowerCase().includes(word)).length;
    const best = hits.reduce<Hit | undefined>((top, hit) => (!top || score(hit) > score(top) ? hit : top), undefined);
    return best === undefined ? "I found nothing about that." : `The closest line is ${at(best)}: ${best.text}`;
  }
}

function lines(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function at(hit: Hit): string {
  return `${hit.path}:${hit.line}`;
}

/** Prints the session as the ledger records it. Returns whether the ledger verifies. */
async function report(client: ProvenLogClient, sessionId: string): Promise<boolean> {
  console.log(`\nTimeline of session ${sessionId}, read back from the ledger`);
  let first: number | undefined;
  const kinds = new Map<string, number>();
  for await (const event of client.iterEvents({ sessionId })) {
    first ??= Date.parse(event.timestamp);
    const kind = event.action_type ?? "";
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    const when = ((Date.parse(event.timestamp) - first) / 1000).toFixed(3).padStart(8);
    console.log(`${when} s  ${(event.action_name ?? "").padEnd(14)} ${summary(event)}`.trimEnd().slice(0, 110));
  }
  console.log(`\nStatistics\n  ${[...kinds].map(([kind, count]) => `${kind}: ${count}`).join("; ")}`);
  const { redactions } = await client.stats();
  console.log(`  ${redactions} personal or secret values were redacted before anything was stored`);
  const found = await client.verify();
  console.log(`\nVerification\n  ${found.verdict}: ${found.events} events of ${found.agents} agents`);
  if (found.error !== undefined) console.log(`  ${found.error}`);
  return found.valid;
}

function summary(event: ProvenLogEvent): string {
  const content = event.error_message ?? event.action_output ?? event.action_input ?? "";
  return typeof content === "string" ? content : JSON.stringify(content);
}

async function main(): Promise<void> {
  const options = { folder: { type: "string", default: "." }, db: { type: "string" } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const folder = resolve(values.folder);
  const client = new ProvenLogClient({
    agentId: "folder-agent",
    dbPath: values.db,
    labels: { folder: basename(folder), example: "agent.mts" },
    metadata: { node: process.version },
  });
  await client.setContext("folder", { path: folder });
  const agent = new Agent(new Recorder(client), new Tools(folder));
  const sessionId = `${new Date().toISOString().slice(0, 19)}-${randomUUID().slice(0, 4)}`;
  await client.session(sessionId, () => {
    for (const question of positionals.length > 0 ? positionals : QUESTIONS) {
      console.log(`\n? ${question}\n  ${agent.answer(question)}`);
    }
  });
  process.exitCode = (await report(client, sessionId)) ? 0 : 1;
  await client.close();
}

await main();
