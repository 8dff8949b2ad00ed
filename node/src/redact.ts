/** The redaction engine, without a ledger, and its rules. */
import { checkNames } from "./arguments.js";
import { canonicalText } from "./encode.js";
import { ConfigError, InvalidEventError } from "./errors.js";
import type { Json } from "./event.js";
import { addon, type NativeRedactor } from "./native.js";
import { toRe2 } from "./pattern.js";

/**
 * A pattern to look for and the text that replaces each match. `pattern` is a text in RE2 syntax or a RegExp. A RegExp
 * that RE2 cannot express (look-around, back-references) is an InvalidEventError that names the obstacle. `replacement`
 * replaces each match literally; the default is `[REDACTED:name]`.
 */
export interface RedactionRule {
  readonly name: string;
  readonly pattern: string | RegExp;
  readonly replacement?: string | undefined;
}

/**
 * What is never redacted: values, texts that a pattern (RE2) matches as a whole, and values under a key or at or below
 * a path (RFC 6901).
 */
export interface AllowLists {
  values?: Iterable<string> | undefined;
  patterns?: Iterable<string> | undefined;
  keys?: Iterable<string> | undefined;
  paths?: Iterable<string> | undefined;
}

/** The redaction settings of a configuration file. All are optional. */
export interface RedactorOptions {
  /** Which detectors are on. */
  profile?: "default" | "strict" | "pii" | "secrets" | undefined;
  /** Names of detectors to switch off. */
  disable?: Iterable<string> | undefined;
  /** What is never redacted. */
  allow?: AllowLists | undefined;
  /**
   * How many characters stay visible in a detector's marker, 1 to 8: `{ visa: 4 }` gives `[REDACTED:visa:****1111]`.
   */
  keepLast?: Readonly<Record<string, number>> | undefined;
  /**
   * A secret text of at least 16 bytes. Equal texts then get equal markers and different texts, as a rule, different
   * ones: `[REDACTED:email:3f9a2c]`.
   */
  pseudonymKey?: string | undefined;
  /** Whether the redaction settings of the configuration files apply too. */
  configured?: boolean | undefined;
}
const OPTIONS: ReadonlySet<string> = new Set<keyof RedactorOptions>([
  "profile",
  "disable",
  "allow",
  "keepLast",
  "pseudonymKey",
  "configured",
]);

/**
 * One match. The matched text is `text.slice(start, end)`; offsets are in UTF-16 code units, as in all JavaScript
 * strings.
 */
export interface Finding {
  /** The name of the detector or rule. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The matched text, if `values` was given. */
  readonly value?: string;
}

/** A built-in detector, or a rule for keys: its `keys` is true, and it has no expression, checks or examples. */
export interface Detector {
  readonly name: string;
  readonly category: "secret" | "pii";
  /** A description of what it finds. */
  readonly about: string;
  readonly profiles: readonly string[];
  readonly keys?: boolean;
  /** RE2 syntax. */
  readonly regex?: string;
  readonly checks?: readonly string[];
  /** Offsets are in bytes of UTF-8. */
  readonly examples?: {
    readonly positive: readonly { readonly text: string; readonly start: number; readonly end: number }[];
    readonly negative: readonly string[];
  };
  readonly [member: string]: unknown;
}

/**
 * Replaces personal data and secrets with markers, on the caller's thread. Immutable.
 *
 * @example
 * ```ts
 * import { Redactor } from "provenlog";
 *
 * const redactor = new Redactor([{ name: "mrn", pattern: /MRN-\d{10}/ }]);
 * const [clean, count] = redactor.redactString("patient MRN-0123456789, 555-123-4567");
 * console.log(clean, count); // patient [REDACTED:mrn], [REDACTED:phone] 2
 * ```
 */
export class Redactor {
  readonly #native: NativeRedactor;

  /**
   * Creates a redactor with the built-in detectors and `rules`. Throws ConfigError if a rule or an option is invalid.
   */
  constructor(rules: Iterable<RedactionRule> = [], options: RedactorOptions = {}) {
    checkNames(options, OPTIONS, "options of a redactor");
    const { profile, disable, allow, keepLast, pseudonymKey } = options;
    const members = {
      rules: Array.from(rules, member),
      profile,
      disable: disable && listOf(disable, "disable"),
      allow: allow && allowed(allow),
      keep_last: keepLast,
      pseudonym_key: pseudonymKey,
    };
    try {
      this.#native = new addon.Redactor(JSON.stringify(members), options.configured === true);
    } catch (error) {
      // The core sees arguments; here they are settings, as in a file.
      throw error instanceof InvalidEventError ? new ConfigError(error.message) : error;
    }
  }

  /** Creates a redactor with the built-in detectors. */
  static default(options?: RedactorOptions): Redactor {
    return new Redactor([], options);
  }

  /** Creates a redactor with the built-in detectors and these rules. */
  static defaultWithRules(rules: Iterable<RedactionRule>, options?: RedactorOptions): Redactor {
    return new Redactor(rules, options);
  }

  /** Creates a redactor with the settings of the configuration files, as a client uses it, and these rules. */
  static configured(rules: Iterable<RedactionRule> = [], options: RedactorOptions = {}): Redactor {
    return new Redactor(rules, { ...options, configured: true });
  }

  /** Returns the built-in detectors with their examples, and the rules for keys. */
  static detectors(): Detector[] {
    return JSON.parse(addon.Redactor.detectors()) as Detector[];
  }

  /**
   * Returns what `redactString` would replace, in the order of the text. Findings have a `value` only if `values` is
   * true.
   *
   * @example
   * ```ts
   * import { Redactor } from "provenlog";
   *
   * const text = "to ada@example.com";
   * for (const { name, start, end } of Redactor.default().findings(text)) {
   *   console.log(name, start, end, text.slice(start, end)); // email 3 18 ada@example.com
   * }
   * ```
   */
  findings(text: string, options: { values?: boolean | undefined } = {}): Finding[] {
    const found = JSON.parse(this.#native.findings(checked(text))) as { name: string; start: number; end: number }[];
    const place = placesIn(text);
    return found.map(({ name, start: from, end: to }) => {
      const [start, end] = [place(from), place(to)];
      return options.values === true ? { name, start, end, value: text.slice(start, end) } : { name, start, end };
    });
  }

  /** Returns the text with a marker in place of each match, and the number of matches. */
  redactString(text: string): [text: string, hits: number] {
    return this.#native.redact(checked(text));
  }

  /** Returns the JSON form of any value with all strings and keys redacted, and the number of matches. */
  redact(value: unknown): [value: Json, hits: number] {
    const [text, hits] = this.#native.redactJson(canonicalText(value));
    return [JSON.parse(text) as Json, hits];
  }
}

function allowed(lists: AllowLists): Record<string, string[]> {
  const named = Object.entries(lists) as [string, Iterable<string> | undefined][];
  return Object.fromEntries(named.map(([name, list]) => [name, listOf(list ?? [], name)]));
}

// A string is iterable too, but a list of its characters is certainly a mistake.
function listOf(list: Iterable<string>, name: string): string[] {
  if (typeof list === "string") throw new InvalidEventError(`${name} must be a list, not a string`);
  return Array.from(list);
}

function checked(text: unknown): string {
  if (typeof text !== "string") throw new InvalidEventError(`the text must be a string, not ${typeof text}`);
  return text;
}

/**
 * Returns a function that converts offsets in bytes of UTF-8 to offsets in the text. It must be called with ascending
 * offsets. A lone surrogate is three bytes: those of the U+FFFD that the core sees in its place.
 */
function placesIn(text: string): (octets: number) => number {
  let at = 0;
  let octets = 0;
  return (wanted) => {
    while (octets < wanted) {
      const point = text.codePointAt(at) ?? 0;
      at += point > 0xffff ? 2 : 1;
      octets += point > 0xffff ? 4 : point > 0x7ff ? 3 : point > 0x7f ? 2 : 1;
    }
    return at;
  };
}

const RULE: ReadonlySet<string> = new Set<keyof RedactionRule>(["name", "pattern", "replacement"]);

function member(rule: RedactionRule): { name: string; pattern: string; replace?: string } {
  checkNames(rule, RULE, "members of a rule");
  const { name, pattern, replacement } = rule;
  if (typeof name !== "string") throw new InvalidEventError("a rule's name must be a string");
  if (replacement !== undefined && typeof replacement !== "string") {
    throw new InvalidEventError(`rule '${name}': the replacement must be a string; a function is not supported`);
  }
  let text: string;
  if (pattern instanceof RegExp) text = toRe2(pattern, name);
  else if (typeof pattern === "string") text = pattern;
  else throw new InvalidEventError(`rule '${name}': the pattern must be a string or a RegExp`);
  return replacement === undefined ? { name, pattern: text } : { name, pattern: text, replace: replacement };
}
