/** Checks arguments of public functions. A mistake in them is thrown, unlike a problem with a value of an event. */
import { canonicalText } from "./encode.js";
import { InvalidEventError } from "./errors.js";

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

export function interval(seconds: unknown, name: string): number | undefined {
  if (seconds === undefined || seconds === null) return undefined;
  const wait = milliseconds(seconds, name);
  if (wait === 0 || wait > 3_600_000) {
    throw new InvalidEventError(`${name} must be more than 0 and at most 3600 seconds`);
  }
  return wait;
}

export function whole(value: unknown, name: string, most = Number.MAX_SAFE_INTEGER): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || value > most) {
    throw new InvalidEventError(`${name} must be a whole number${most === 4096 ? " from 1 to 4096" : ", 1 or more"}`);
  }
  return value;
}

export function choice(value: unknown, choices: Readonly<Record<string, number>>, name: string): number {
  if (value === undefined || value === null) return 0;
  const found = typeof value === "string" && Object.hasOwn(choices, value) ? choices[value] : undefined;
  if (found === undefined) {
    throw new InvalidEventError(`${name} must be one of ${Object.keys(choices).join(", ")}`);
  }
  return found;
}
