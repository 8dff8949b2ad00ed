/** Operations by name: everything that a person or a program can ask of provenlog. */
import { checkNames, type Mapping, objectText, setting, text } from "./arguments.js";
import type { Json } from "./event.js";
import { addon, type NativeClient } from "./native.js";
import { finished, type WorkOptions } from "./work.js";

const CALL_OPTIONS: ReadonlySet<string> = new Set<keyof WorkOptions>(["onProgress", "signal"]);

/**
 * The result of an operation, with the member names that docs/operations.md describes. The result of an operation with
 * many elements is a page; `next` is null at the end.
 */
export type OperationResult = Record<string, Json>;

/**
 * Calls an operation that needs no client, as `ProvenLogClient.call` does.
 *
 * @example
 * ```ts
 * import { call } from "provenlog";
 *
 * console.log(await call("redact", { text: "to ada@example.com" })); // { count: 1, text: 'to [REDACTED:email]' }
 * ```
 */
export async function call(
  operation: string,
  parameters: Mapping = {},
  options: WorkOptions = {},
): Promise<OperationResult> {
  return callOperation(undefined, operation, parameters, options);
}

/** @internal */
export async function callOperation(
  client: NativeClient | undefined,
  operation: string,
  parameters: Mapping,
  options: WorkOptions,
): Promise<OperationResult> {
  checkNames(options, CALL_OPTIONS, "options of call");
  const name = setting(text(operation, "operation"), "operation") as string;
  const given = objectText(parameters, "parameters") ?? "{}";
  const result = await finished(options, (listener) => addon.call(client, name, given, listener));
  return JSON.parse(result) as OperationResult;
}
