/** The addon (bindings/node). There is one instance for each environment, however the package was loaded. */
import { join } from "node:path";

import load from "node-gyp-build";

import { fromStatus } from "./errors.js";
import { SCHEMA_NAMES } from "./event.js";
import type { Listener, Running } from "./work.js";

/**
 * The settings that a client is opened with. Times are in milliseconds, objects are JSON text. `durability`, `onFull` and
 * `salt` are numbers of plog.h, where 0 means not given.
 */
export interface Settings {
  baseUrl: string | undefined;
  dbPath: string | undefined;
  agentId: string | undefined;
  sessionId: string | undefined;
  labels: string | undefined;
  metadata: string | undefined;
  context: string | undefined;
  source: string | undefined;
  captureMethod: string | undefined;
  captureContent: string | undefined;
  batchSize: number | undefined;
  flushInterval: number | undefined;
  blockTimeout: number | undefined;
  maxEventBytes: number | undefined;
  journalLimitBytes: number | undefined;
  readConnections: number | undefined;
  durability: number;
  onFull: number;
  salt: number;
}

export interface NativeCursor {
  fetch(count: number): Promise<string[]>;
  close(): Promise<void>;
}

export interface NativeStats {
  accepted: number;
  stored: number;
  recovered: number;
  duplicates: number;
  conflicts: number;
  dropped: number;
  gaps: number;
  queuedEvents: number;
  queuedBytes: number;
  truncated: number;
  redactions: number;
  errors: number;
  lastError: Error | null;
}

export interface NativeClient {
  record(from: number, to: number): string;
  flush(milliseconds: number): Promise<void>;
  close(milliseconds: number): Promise<void>;
  release(): Promise<void>;
  releaseNow(): void;
  statsNow(): NativeStats;
  flushNow(milliseconds: number): void;
  closeNow(milliseconds: number): void;
  setContext(key: string, value: string | undefined, context: string): Promise<void>;
  getContext(key: string, value: string): Promise<string | undefined>;
  getEvent(id: string, agent: string | undefined): Promise<string | undefined>;
  query(filter: string): Promise<NativeCursor>;
  stats(): Promise<NativeStats>;
  nextError(): [status: number, message: string] | undefined;
  watch(callback: (status: number, message: string) => void): void;
  dbPath(): string;
}

interface NativeTrust {
  key: string | undefined;
  heads: readonly string[];
}

export interface NativeVerification extends NativeTrust {
  dbPath: string | undefined;
  agentId: string | undefined;
  level: string | undefined;
  incremental: boolean;
  readOnly: boolean;
  threads: number;
}

export interface NativeExport {
  path: string;
  filter: string | undefined;
  tiles: boolean;
  overwrite: boolean;
}

export interface NativeRestore {
  path: string;
  dbPath: string | undefined;
  replace: boolean;
}

export interface NativeRedactor {
  findings(text: string): string;
  redact(text: string): [text: string, hits: number];
  redactJson(text: string): [text: string, hits: number];
}

interface Addon {
  readonly version: string;
  configure(makeError: (status: number, message: string) => Error, names: readonly string[]): void;
  setTape(buffer: ArrayBufferLike): void;
  canonical(from: number, to: number): string;
  stop(): void;
  statusName(status: number): string;
  checkOption(name: string, value: string): void;
  call(client: NativeClient | undefined, name: string, parameters: string, listener: Listener | undefined): Running;
  verify(client: NativeClient | undefined, settings: NativeVerification, listener: Listener | undefined): Running;
  export(client: NativeClient, settings: NativeExport, listener: Listener | undefined): Running;
  verifyExport(settings: NativeTrust & { path: string }, listener: Listener | undefined): Running;
  backup(client: NativeClient, path: string, listener: Listener | undefined): Running;
  restore(settings: NativeRestore, listener: Listener | undefined): Running;
  prove(client: NativeClient, id: string, agent: string | undefined): Promise<string>;
  key(client: NativeClient): Promise<string>;
  checkpoint(client: NativeClient, milliseconds: number): Promise<string>;
  rotateKey(client: NativeClient, milliseconds: number): Promise<string>;
  acknowledge(client: NativeClient, comment: string, milliseconds: number): Promise<number>;
  Client: new (settings: Settings) => NativeClient;
  Redactor: {
    new (options: string, configured: boolean): NativeRedactor;
    detectors(): string;
  };
}

function loadAddon(): Addon {
  const root = join(__dirname, "..");
  try {
    return load(root) as Addon;
  } catch (cause) {
    const advice = `provenlog: there is no addon for this machine; to build one: node ${join(root, "native/install.js")}`;
    throw new Error(`${advice}\n${String(cause)}`, { cause });
  }
}

export const addon = loadAddon();

addon.configure(fromStatus, SCHEMA_NAMES);
