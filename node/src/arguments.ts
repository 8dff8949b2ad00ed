/** Checks arguments of public functions. A mistake in them is thrown, unlike a problem with a value of an event. */
import { canonicalText } from "./encode.js";
import { InternalError, InvalidEventError } from "./errors.js";
import { addon } from "./native.js";

/** A mapping of any values. */
export type Mapping = Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown>;

/** Throws for names that the function does not know, because they would otherwise be ignored silently. */
export function checkNames(given: object, known: ReadonlySet<string>, what: string): void {
  if (typeof given !== "object" || given === null) throw new InvalidEventError(`the ${what} must be an object`);
  for (const name of Object.keys(given)) {
    if (!known.has(name)) throw new InvalidEventError(`${name} is not one of the ${what}`);
  }
}

export function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a revoked proxy
  }
}

export function entriesOf(mapping: Mapping | undefined): Iterable<[string, unknown]> {
  if (mapping === undefined || mapping === null || typeof mapping !== "object") return [];
  return mapping instanceof Map ? (mapping as ReadonlyMap<string, unknown>) : Object.entries(mapping);
}

export function objectText(value: Mapping | undefined | null, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  const found = canonicalText(value);
  if (!found.startsWith("{")) throw new InvalidEventError(`${name} must be an object`);
  return found;
}

export function text(value: unknown, name: string): string {
  if (typeof value !== "string") throw new InvalidEventError(`${name} must be a string, not ${typeof value}`);
  return value;
}

export function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined || value === null ? undefined : text(value, name);
}

export function setting(value: unknown, name: string): string | undefined {
  const found = optionalText(value, name);
  if (found !== undefined && (found.includes("\0") || /\p{Surrogate}/u.test(found))) {
    throw new InvalidEventError(`${name} contains a NUL character or a lone surrogate, which is not allowed`);
  }
  return found;
}

export function milliseconds(seconds: unknown, name: string): number {
  if (typeof seconds !== "number" || !(seconds >= 0) || seconds === Infinity) {
    throw new InvalidEventError(`${name} must be a number of seconds, 0 or more`);
  }
  return Math.ceil(seconds * 1000);
}

// The core checks the ranges and choices of options, so that its message names what it accepts.

/** The value of an option that is a number of seconds, in whole milliseconds, rounded up. */
export function duration(seconds: unknown, name: string): number | undefined {
  if (seconds === undefined || seconds === null) return undefined;
  if (typeof seconds !== "number") throw new InvalidEventError(`${name} must be a number of seconds`);
  addon.checkOption(name, String(seconds));
  // The tolerance of a nanosecond keeps 0.07 s, which is not exact in binary, at 70 ms.
  return Math.ceil(seconds * 1000 - 1e-6);
}

/** The value of an option that is a whole number. */
export function whole(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw new InvalidEventError(`${name} must be a number`);
  addon.checkOption(name, String(value));
  return value;
}

/** The number in plog.h of a choice; 0 if none is given. */
export function choice(value: unknown, choices: Readonly<Record<string, number>>, name: string): number {
  if (value === undefined || value === null) return 0;
  const word = text(value, name);
  addon.checkOption(name, word);
  const found = choices[word];
  if (found === undefined) throw new InternalError(`internal error: the choice ${word} of ${name} has no number`);
  return found;
}

/** The plog_switch of plog.h for a boolean; 0 if none is given. */
export function toggle(value: unknown, name: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== "boolean") throw new InvalidEventError(`${name} must be a boolean`);
  return value ? 1 : 2;
}
