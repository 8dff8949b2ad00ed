/** How values are named in texts and warnings. Whatever a value does, these functions do not throw. */
import { types } from "node:util";

// Constructor names that are less specific than the tag. Which of the two an iterator has depends on the Node version.
const VAGUE: ReadonlySet<string> = new Set(["", "Object", "Iterator"]);

/** A name for a thrown value, which may be of any type. */
export function readFailure(error: unknown): string {
  if (typeof error !== "object" || error === null) return error === null ? "null" : typeof error;
  return className(error);
}

/** The name of a value's class, whatever its prototype and constructor do. */
export function className(v: object): string {
  if (types.isProxy(v)) return "Proxy";
  try {
    const prototype = Object.getPrototypeOf(v) as { constructor?: { name?: unknown } } | null;
    const name = prototype?.constructor?.name;
    if (typeof name === "string" && !VAGUE.has(name)) return name.slice(0, 200);
    return Object.prototype.toString.call(v).slice(8, -1);
  } catch {
    // A getter threw.
  }
  return "Object";
}

