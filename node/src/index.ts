/**
 * provenlog: a flight recorder for AI agents.
 *
 * @example
 * ```ts
 * import { ProvenLogClient } from "provenlog";
 *
 * const client = new ProvenLogClient({ agentId: "my-agent", dbPath: "events.db" });
 * client.logEvent({ actionType: "TOOL_CALL", actionName: "search", actionInput: { query: "weather" } });
 * await client.close();
 * ```
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { addon } from "./native.js";

export type { Mapping } from "./arguments.js";
export { getClient, ProvenLogClient, setClient } from "./client.js";
export type { Entered, Stats } from "./client.js";
export {
  BusyError,
  ClosedError,
  ConfigError,
  CorruptLedgerError,
  FlushTimeoutError,
  InternalError,
  InvalidEventError,
  JournalFullError,
  NotFoundError,
  OperationCancelledError,
  OutOfMemoryError,
  ProvenLogError,
  StorageError,
  UnsupportedError,
} from "./errors.js";
export type { ActionType, EventInput, Json, ProvenLogEvent, ValidationWarning } from "./event.js";
export { restore, verify, verifyExport } from "./evidence.js";
export type {
  ExportFilter,
  ExportOptions,
  ExportReport,
  LedgerKey,
  ProofDocument,
  Report,
  RestoreOptions,
  RestoreReport,
  Trust,
  VerifyExportOptions,
  VerifyOptions,
} from "./evidence.js";
export type { EventFilter } from "./filter.js";
export { call } from "./operations.js";
export type { OperationResult } from "./operations.js";
export type { Capture, CapturePolicy, ClientOptions } from "./options.js";
export { Redactor } from "./redact.js";
export type { AllowLists, Detector, Finding, RedactionRule, RedactorOptions } from "./redact.js";
export { currentAgentId, currentParentId, currentSessionId } from "./scope.js";
export { Session } from "./session.js";
export type { SessionOptions } from "./session.js";
export { trail } from "./trail.js";
export type { TrailOptions } from "./trail.js";
export type { StopSignal, WorkOptions } from "./work.js";

/** The release of the package, "MAJOR.MINOR.PATCH". */
export const version: string = addon.version;
