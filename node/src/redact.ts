/** The redaction engine by itself, and its rules. */
import { canonicalText } from "./canonical.js";
import { encode } from "./encode.js";
import { InvalidEventError } from "./errors.js";
import type { Json } from "./event.js";
import { addon, type NativeRedactor } from "./native.js";
import { toRe2 } from "./pattern.js";

/**
 * What to look for and what to write in its place. `pattern` is RE2 syntax, or a RegExp if RE2 can express it (no
 * look-around, no back-references); InvalidEventError says what is in the way. `replacement` stands for each hit
 * literally and defaults to `[REDACTED:name]`.
 */
export interface RedactionRule {
  readonly name: string;
  readonly pattern: string | RegExp;
  readonly replacement?: string | undefined;
}

/**
 * Replaces personal data and secrets by markers. Immutable.
 *
 *     const redactor = new Redactor([{ name: "mrn", pattern: /MRN-\d{10}/ }]);
 *     redactor.redactString("patient MRN-0123456789, 555-123-4567");
 *     // ["patient [REDACTED:mrn], [REDACTED:phone]", 2]
 */
export class Redactor {
  readonly #native: NativeRedactor;

  /** The built-in patterns and `rules`; with `configured` also those of the configuration files. */
  constructor(rules: Iterable<RedactionRule> = [], options: { configured?: boolean | undefined } = {}) {
    this.#native = new addon.Redactor(JSON.stringify(Array.from(rules, member)), options.configured === true);
  }

  /** The built-in patterns. */
  static default(): Redactor {
    return new Redactor();
  }

  /** The built-in patterns and these rules. */
  static defaultWithRules(rules: Iterable<RedactionRule>): Redactor {
    return new Redactor(rules);
  }

  /** The built-in patterns, those of the configuration files, and these: what a client uses. */
  static configured(rules: Iterable<RedactionRule> = []): Redactor {
    return new Redactor(rules, { configured: true });
  }

  /** The text with a marker in place of each hit, and the number of hits. */
  redactString(text: string): [text: string, hits: number] {
    if (typeof text !== "string") throw new InvalidEventError(`the text must be a string, not ${typeof text}`);
    return this.#native.redact(text);
  }

  /** The same for any value: its JSON form, with all strings and keys redacted, and the number of hits. */
  redact(value: unknown): [value: Json, hits: number] {
    const [text, hits] = this.#native.redactJson(canonicalText(encode(value)));
    return [JSON.parse(text) as Json, hits];
  }
}

function member(rule: RedactionRule): { name: string; pattern: string; replace?: string } {
  const { name, pattern, replacement } = rule;
  if (typeof name !== "string") throw new InvalidEventError("a rule's name must be a string");
  if (replacement !== undefined && typeof replacement !== "string") {
    throw new InvalidEventError(`rule '${name}': the replacement must be a string; functions are not called`);
  }
  let text: string;
  if (pattern instanceof RegExp) text = toRe2(pattern, name);
  else if (typeof pattern === "string") text = pattern;
  else throw new InvalidEventError(`rule '${name}': the pattern must be a string or a RegExp`);
  return replacement === undefined ? { name, pattern: text } : { name, pattern: text, replace: replacement };
}
