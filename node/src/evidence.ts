/** Verification, exports, proofs, keys and copies: everything that proves a ledger to others. */
import { checkNames, optionalText, setting, text } from "./arguments.js";
import { InvalidEventError } from "./errors.js";
import { camelCase, type Json, type ProvenLogEvent } from "./event.js";
import { type EventFilter, filterText } from "./filter.js";
import { addon, type NativeClient } from "./native.js";
import { finished, type WorkOptions } from "./work.js";

/** Trusted keys and heads. */
export interface Trust {
  /** A trusted public key (such as `(await client.key()).vkey`), or the path of a file with one. */
  key?: string | undefined;
  /** Paths of trusted heads. */
  heads?: readonly string[] | undefined;
}

/** Options of `verify`. */
export interface VerifyOptions extends Trust, WorkOptions {
  /** Verifies only the chain of this agent. An unknown agent is never valid. */
  agentId?: string | undefined;
  /**
   * "chain": the hash chains and the order of commit. "tree": also leaves, tree, heads, keys and schema. "full" (the
   * default): also every column, table and sum that repeats content of events, and the database's structure.
   */
  level?: "chain" | "tree" | "full" | undefined;
  /** Reads only the events after the newest of `heads`, if the ledger extends it. */
  incremental?: boolean | undefined;
  /** Does not commit journals first. Their events are counted as pending. */
  readOnly?: boolean | undefined;
  /** The number of threads that read and hash, 0 to 64 (0: two). */
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

/**
 * The report of a verification, with the members of `plog verify --json` or `plog verify-export --json`. A ledger or an
 * export that was changed is a verdict, not an error.
 */
export interface Report {
  /** "OK", "TAMPERED", ... */
  verdict: string;
  valid: boolean;
  events: number;
  agents: number;
  /** Events after the newest head. */
  tail: number;
  /** "consistent", "signed" or "pinned". */
  assurance: string;
  /** The number of events that the assurance covers, from the first one. */
  assurance_events: number;
  findings: { agent_id?: string; sequence?: number; what: string; [name: string]: Json | undefined }[];
  agent_id?: string;
  /** What is wrong, if `valid` is false. */
  error?: string;
  [name: string]: unknown;
}

/** Selects the events of an export: the filter of a query without order and limits. */
export type ExportFilter = Omit<EventFilter, "order" | "limit" | "offset">;

/** Options of `client.export`. */
export interface ExportOptions extends ExportFilter, WorkOptions {
  /** Writes a directory of C2SP tlog-tiles instead of a `.plog` file, or updates an earlier export in it. */
  tiles?: boolean | undefined;
  /** Replaces an existing file. */
  overwrite?: boolean | undefined;
}

/**
 * The result of an export: the number of events written, and the size and root hash of the tree that they belong to.
 * `tail` newer events were left out because no head covers them.
 */
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

/** A ledger's origin, current public key and epoch, its newest signed head and the path of its key file. */
export interface LedgerKey {
  origin: string;
  vkey: string;
  epoch: number;
  head: { size: number; root: string } | null;
  keyFile: string;
}

/** Options of `verifyExport`. */
export interface VerifyExportOptions extends Trust, WorkOptions {}
const VERIFY_EXPORT_OPTIONS: ReadonlySet<string> = new Set<keyof VerifyExportOptions>([
  "key",
  "heads",
  "onProgress",
  "signal",
]);

const BACKUP_OPTIONS: ReadonlySet<string> = new Set<keyof WorkOptions>(["onProgress", "signal"]);

/** Options of `restore`. */
export interface RestoreOptions extends WorkOptions {
  /** Renames a ledger that is at the target path. Without it, such a ledger is an InvalidEventError. */
  replace?: boolean | undefined;
}
const RESTORE_OPTIONS: ReadonlySet<string> = new Set<keyof RestoreOptions>(["replace", "onProgress", "signal"]);

/**
 * The result of a restore. `replaced` is the new path of a ledger that was renamed, or null; `unsignedBecause` is the
 * reason why no head could be signed, or null.
 */
export interface RestoreReport {
  dbPath: string;
  events: number;
  replaced: string | null;
  unsignedBecause: string | null;
}

/**
 * Verifies a ledger file without a client. The default is the configured ledger. See `ProvenLogClient.verify`.
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
 * Checks a `.plog` file or a directory of tiles. It needs no ledger, no configuration and no network. Without `key`,
 * the key that the export names is used, which proves that the export is consistent, not who wrote it.
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
 * Copies the backup at `path` to `dbPath` (default: the configured path), where it becomes the ledger. The restored
 * ledger verifies as ROLLED_BACK until `client.acknowledge`. Throws CorruptLedgerError if the backup does not verify.
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
