/** The event of schema 1.0, as `logEvent` takes it and as queries return it. */

/** A value in an event may be of any type. docs/native-values.md specifies how it becomes JSON. */
export type Loggable = unknown;

/** The action types that the schema names. Any other text is stored too. */
export type ActionType =
  | "LLM_CALL"
  | "LLM_RESPONSE"
  | "TOOL_CALL"
  | "TOOL_RESULT"
  | "CUSTOM"
  | (string & Record<never, never>);

/**
 * An event to be logged. All fields are optional, but an agent is required: the event's, the scope's or the client's. A
 * field may have the name used here or the schema's own name (`action_type`). Other fields are stored under their own
 * names.
 */
export interface EventInput {
  id?: string | null | undefined;
  agentId?: string | null | undefined;
  sessionId?: string | null | undefined;
  source?: string | null | undefined;
  captureMethod?: string | null | undefined;
  actionType?: ActionType | null | undefined;
  actionName?: string | null | undefined;
  actionInput?: Loggable;
  actionOutput?: Loggable;
  actionStatus?: string | null | undefined;
  errorMessage?: string | null | undefined;
  timestamp?: string | Date | null | undefined;
  durationMs?: number | bigint | null | undefined;
  labels?: Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown> | null | undefined;
  metadata?: Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown> | null | undefined;
  provenanceId?: string | null | undefined;
  parentEventId?: string | null | undefined;
  parents?: readonly string[] | null | undefined;
  toolCallId?: string | null | undefined;
  artifactId?: string | null | undefined;
  auditId?: string | null | undefined;
  interventionId?: string | null | undefined;
  salt?: string | null | undefined;
  [field: string]: unknown;
}

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A problem that was found or repaired when the event was recorded. `field` is a JSON pointer (RFC 6901). */
export interface ValidationWarning {
  field: string;
  code: string;
  detail: string;
}

/** An event as it is stored, with the schema's own names. */
export interface ProvenLogEvent {
  id: string;
  schema_version: string;
  agent_id: string;
  session_id?: string;
  source: string;
  capture_method: string;
  action_type?: ActionType;
  action_name?: string;
  action_input?: Json;
  action_output?: Json;
  action_status?: string;
  error_message?: string;
  timestamp: string;
  duration_ms?: number;
  labels?: Record<string, string>;
  metadata?: Record<string, Json>;
  provenance_id?: string;
  parent_event_id?: string;
  parents?: string[];
  tool_call_id?: string;
  artifact_id?: string;
  audit_id?: string;
  intervention_id?: string;
  salt?: string;
  sequence: number;
  hash: string;
  prev_hash: string;
  validation_warnings: ValidationWarning[];
  [field: string]: Json | ValidationWarning[] | undefined;
}

/** The names of the schema's fields, including the fields that the ledger adds. */
export const SCHEMA_NAMES = [
  "id",
  "schema_version",
  "agent_id",
  "session_id",
  "source",
  "capture_method",
  "action_type",
  "action_name",
  "action_input",
  "action_output",
  "action_status",
  "error_message",
  "timestamp",
  "duration_ms",
  "labels",
  "metadata",
  "provenance_id",
  "parent_event_id",
  "parents",
  "tool_call_id",
  "artifact_id",
  "audit_id",
  "intervention_id",
  "salt",
  "sequence",
  "hash",
  "prev_hash",
  "validation_warnings",
] as const;

export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
