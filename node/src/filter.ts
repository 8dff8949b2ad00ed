/** The filter of a query or an export. */
import { canonicalText } from "./encode.js";
import { InvalidEventError } from "./errors.js";

/** Selects events. All members are optional, and an event must match all that are given. */
export interface EventFilter {
  agentId?: string | undefined;
  actionType?: string | undefined;
  sessionId?: string | undefined;
  actionName?: string | undefined;
  actionStatus?: string | undefined;
  source?: string | undefined;
  /** RFC 3339 text or a Date. Selects events with since <= timestamp < until. */
  since?: string | Date | undefined;
  until?: string | Date | undefined;
  labels?: Readonly<Record<string, string>> | undefined;
  parentEventId?: string | undefined;
  toolCallId?: string | undefined;
  provenanceId?: string | undefined;
  artifactId?: string | undefined;
  auditId?: string | undefined;
  interventionId?: string | undefined;
  /** The order of commit: "asc" (the default: oldest first) or "desc". */
  order?: "asc" | "desc" | undefined;
  /** The largest number of events. */
  limit?: number | undefined;
  /** The number of matching events to skip. */
  offset?: number | undefined;
  /** Includes the events of the reserved agent `provenlog`. */
  includeSystem?: boolean | undefined;
}

const MEMBERS: Readonly<Record<string, string>> = {
  agentId: "agent_id",
  actionType: "action_type",
  sessionId: "session_id",
  actionName: "action_name",
  actionStatus: "action_status",
  source: "source",
  since: "since",
  until: "until",
  labels: "labels",
  parentEventId: "parent_event_id",
  toolCallId: "tool_call_id",
  provenanceId: "provenance_id",
  artifactId: "artifact_id",
  auditId: "audit_id",
  interventionId: "intervention_id",
  order: "order",
  limit: "limit",
  offset: "offset",
  includeSystem: "include_system",
};

/** Converts a filter to JSON text for the core. */
export function filterText(filter: EventFilter): string {
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(filter)) {
    const member = MEMBERS[name];
    if (member === undefined) throw new InvalidEventError(`${name} is not a filter`);
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      throw new InvalidEventError(`${name} must be a whole number`);
    }
    members[member] = value;
  }
  return canonicalText(members);
}
