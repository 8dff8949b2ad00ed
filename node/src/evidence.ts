/** What proves a ledger to others: verification, exports, proofs, keys and copies. */
import { checkNames, optionalText, setting, text } from "./arguments.js";
import { InvalidEventError } from "./errors.js";
import { camelCase, type Json, type ProvenLogEvent } from "./event.js";
import { type EventFilter, filterText } from "./filter.js";
import { addon, type NativeClient } from "./native.js";
import { finished, type WorkOptions } from "./work.js";

/** Whom to believe. */
export interface Trust {
  /** A trusted public key (as `client.key()` gives it), or the path of a file with one. */
  key?: string | undefined;
  /** Paths of files with trusted heads. */
  heads?: readonly string[] | undefined;
}

export interface VerifyOptions extends Trust, WorkOptions {
  /** Only the chain of this agent. */
  agentId?: string | undefined;
  /**
   * "chain": the hash chains and the order of commit. "tree": also leaves, tree, heads, keys and schema. "full" (default):
   * also everything that repeats the octets of the events.
   */
  level?: "chain" | "tree" | "full" | undefined;
  /** Only the events behind the newest of `heads`, which vouches for those before it, if the ledger extends it. */
  incremental?: boolean | undefined;
  /** Never drains orphaned journals first; their records are counted as pending. */
  readOnly?: boolean | undefined;
  /** That read and hash, 0 to 64 (0: two). */
  threads?: number | undefined;
}
const VERIFY_OPTIONS: ReadonlySet<string> = new Set<keyof VerifyOptions>([
  "agentId",
  "level",
  "key",
  "heads",
  "incremental",
  "readOnly",
  "threads",
  "onProgress",
  "signal",
]);

/** What `plog verify --json` and `plog verify-export --json` report (docs/cli.md), and what is wrong in `error`. */
export interface Report {
  verdict: string;
  valid: boolean;
  events: number;
  agents: number;
  tail: number;
  /** "consistent", "signed" or "pinned". */
  assurance: string;
  /** Up to how many events the assurance reaches. */
  assurance_events: number;
  findings: { agent_id?: string; sequence?: number; what: string; [name: string]: Json | undefined }[];
  agent_id?: string;
  error?: string;
  [name: string]: unknown;
}

/** Which events go into an export: those of a query without its order and limits. */
export type ExportFilter = Omit<EventFilter, "order" | "limit" | "offset">;

export interface ExportOptions extends ExportFilter, WorkOptions {
  /** A directory of C2SP tlog-tiles, which is brought up to date if it is there, in place of a `.plog` file. */
  tiles?: boolean | undefined;
  /** Whether the file may be there already. */
  overwrite?: boolean | undefined;
}

/** What was exported: so many events, of a tree of that size and root; `tail` newer ones had no head yet. */
export interface ExportReport {
  path: string;
  events: number;
  treeSize: number;
  root: string;
  tail: number;
}

/** The document of a `.plog` file (docs/formats.md). */
export interface ProofDocument {
  version: string;
  exported_at: string;
  ledger_id: string;
  filter: Record<string, Json>;
  tree_size: number;
  merkle_root: string;
  /** The signed head. */
  checkpoint: string;
  /** The public key that signed it. */
  vkey: string;
  event_count: number;
  events: ProvenLogEvent[];
  merkle_proofs: {
    event_id: string;
    canonical: string;
    leaf: string;
    proof: { leaf_hash: string; leaf_index: number; siblings: string[]; tree_size: number };
  }[];
}

/** A ledger's name and present key; `head` is the newest signed head. */
export interface LedgerKey {
  origin: string;
  vkey: string;
  epoch: number;
  head: { size: number; root: string } | null;
  keyFile: string;
}

export interface VerifyExportOptions extends Trust, WorkOptions {}
const VERIFY_EXPORT_OPTIONS: ReadonlySet<string> = new Set<keyof VerifyExportOptions>([
  "key",
  "heads",
  "onProgress",
  "signal",
]);

const BACKUP_OPTIONS: ReadonlySet<string> = new Set<keyof WorkOptions>(["onProgress", "signal"]);

export interface RestoreOptions extends WorkOptions {
  /** Keeps a ledger that is there under another name. */
  replace?: boolean | undefined;
}
const RESTORE_OPTIONS: ReadonlySet<string> = new Set<keyof RestoreOptions>(["replace", "onProgress", "signal"]);

/** `replaced`: where the ledger is now that was there; `unsignedBecause`: why no head could be signed. */
export interface RestoreReport {
  dbPath: string;
  events: number;
  replaced: string | null;
  unsignedBecause: string | null;
}

/**
 * Verifies a ledger file without a client; by default the configured one. As `ProvenLogClient.verify`.
 *
 * @example
 * ```ts
 * import { verify } from "provenlog";
 *
 * const report = await verify("none.db", { level: "tree" });
 * console.log(report.verdict, report.valid); // MISSING_LOG false
 * ```
 */
export function verify(dbPath: string | undefined, options: VerifyOptions): Promise<Report>;
export function verify(dbPath?: string, agentId?: string, options?: VerifyOptions): Promise<Report>;
export async function verify(
  dbPath?: string,
  agentOrOptions?: string | VerifyOptions,
  options?: VerifyOptions,
): Promise<Report> {
  return verifyLedger(undefined, setting(dbPath, "dbPath"), agentOrOptions, options);
}

/** @internal */
export async function verifyLedger(
  client: NativeClient | undefined,
  dbPath: string | undefined,
  agentOrOptions: string | VerifyOptions | undefined,
  last: VerifyOptions | undefined,
): Promise<Report> {
  const byOptions = typeof agentOrOptions === "object" && agentOrOptions !== null;
  const options = (byOptions ? agentOrOptions : last) ?? {};
  checkNames(options, VERIFY_OPTIONS, "options of verify");
  const agentId = setting((byOptions ? undefined : agentOrOptions) ?? options.agentId, "agentId");
  const settings = {
    dbPath,
    agentId,
    level: setting(options.level, "level"),
    ...trusted(options),
    incremental: options.incremental === true,
    readOnly: options.readOnly === true,
    threads: threadsOf(options.threads),
  };
  const result = report(await finished(options, (listener) => addon.verify(client, settings, listener)));
  if (agentId !== undefined) result.agent_id ??= agentId;
  return result;
}

/**
 * Checks a `.plog` file, or a directory of tiles, without the ledger, a configuration or a network. Without a key the one
 * that the export names is used, which shows that it is consistent, not who made it.
 *
 * @example
 * ```ts
 * import { ProvenLogClient, verifyExport } from "provenlog";
 *
 * const client = new ProvenLogClient({ agentId: "researcher", dbPath: "events.db" });
 * client.logEvent({ actionType: "TOOL_CALL", actionName: "search" });
 * await client.export("events.plog", { agentId: "researcher", overwrite: true });
 * const { vkey } = await client.key();
 * await client.close();
 *
 * const report = await verifyExport("events.plog", { key: vkey });
 * console.log(report.verdict, report.assurance); // OK signed
 * ```
 */
export async function verifyExport(path: string, options: VerifyExportOptions = {}): Promise<Report> {
  checkNames(options, VERIFY_EXPORT_OPTIONS, "options of verifyExport");
  const settings = { path: pathOf(path), ...trusted(options) };
  return report(await finished(options, (listener) => addon.verifyExport(settings, listener)));
}

/** @internal */
export async function exportEvents(client: NativeClient, path: string, options: ExportOptions): Promise<ExportReport> {
  const { tiles, overwrite, onProgress, signal, ...filter } = options;
  const given = filterText(filter);
  const settings = {
    path: pathOf(path),
    filter: given === "{}" ? undefined : given,
    tiles: tiles === true,
    overwrite: overwrite === true,
  };
  return camelCased(
    await finished({ onProgress, signal }, (listener) => addon.export(client, settings, listener)),
  ) as ExportReport;
}

/** @internal */
export async function prove(client: NativeClient, eventId: string, agentId?: string): Promise<ProofDocument> {
  const found = await addon.prove(client, text(eventId, "eventId"), optionalText(agentId, "agentId"));
  return JSON.parse(found) as ProofDocument;
}

/** @internal */
export async function keyOf(client: NativeClient): Promise<LedgerKey> {
  return camelCased(await addon.key(client)) as LedgerKey;
}

/** @internal */
export async function backup(client: NativeClient, path: string, options: WorkOptions): Promise<void> {
  checkNames(options, BACKUP_OPTIONS, "options of backup");
  const target = pathOf(path);
  await finished(options, (listener) => addon.backup(client, target, listener));
}

/**
 * Makes a copy of a backup the ledger at `dbPath` (by default the configured one). It verifies as ROLLED_BACK until
 * `client.acknowledge`. CorruptLedgerError when the backup does not verify.
 */
export async function restore(path: string, dbPath?: string, options: RestoreOptions = {}): Promise<RestoreReport> {
  checkNames(options, RESTORE_OPTIONS, "options of restore");
  const settings = { path: pathOf(path), dbPath: setting(dbPath, "dbPath"), replace: options.replace === true };
  return camelCased(await finished(options, (listener) => addon.restore(settings, listener))) as RestoreReport;
}

function report(found: string): Report {
  const result = JSON.parse(found) as Report;
  if (!result.valid) result.error ??= result.findings?.[0]?.what ?? result.verdict;
  return result;
}

function camelCased(found: string): unknown {
  const members = Object.entries(JSON.parse(found) as Record<string, Json>);
  return Object.fromEntries(members.map(([name, value]) => [camelCase(name), value]));
}

function trusted(options: Trust): { key: string | undefined; heads: readonly string[] } {
  const { heads = [] } = options;
  if (!Array.isArray(heads)) throw new InvalidEventError("heads must be a list of paths");
  return { key: setting(options.key, "key"), heads: heads.map((head: unknown) => pathOf(head, "heads")) };
}

function pathOf(value: unknown, name = "path"): string {
  return setting(text(value, name), name) as string;
}

function threadsOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidEventError("threads must be a whole number from 0 to 64");
  }
  return value;
}
