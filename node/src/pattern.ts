/**
 * Translates JavaScript's regular expressions to RE2 syntax, where RE2 can express them. Flags and escapes mean in RE2
 * what they mean in JavaScript. The flags `g`, `y` and `d` do not change what matches, and are ignored.
 */
import { InvalidEventError } from "./errors.js";

// The characters that \s matches, for use inside brackets.
const SPACE = String.raw`\t\n\x{0b}\f\r\x{20}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const NOT_SPACE = String.raw`\x{00}-\x{08}\x{0e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`;
const CLASSES: Readonly<Record<string, string>> = {
  d: "0-9",
  D: String.raw`\x{00}-/:-\x{10ffff}`,
  w: "0-9A-Za-z_",
  W: String.raw`\x{00}-/:-@[-^\x{60}{-\x{10ffff}`,
  s: SPACE,
  S: NOT_SPACE,
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 };

/** Returns the pattern in RE2 syntax. Throws InvalidEventError if RE2 cannot express it. `name` is the rule's name. */
export function toRe2(pattern: RegExp, name: string): string {
  return new Writer(pattern, name).write();
}

class Writer {
  readonly #source: string;
  readonly #unicode: boolean;
  readonly #flags: string;
  readonly #name: string;
  #at = 0;

  constructor(pattern: RegExp, name: string) {
    this.#source = pattern.source;
    this.#flags = pattern.flags;
    this.#unicode = pattern.flags.includes("u");
    this.#name = name;
  }

  write(): string {
    if (this.#flags.includes("v")) this.#refuse("character sets of the flag v");
    let text = "";
    while (this.#at < this.#source.length) text += this.#item();
    // Only the case flag is passed on to RE2. The effect of the other flags is written out.
    return this.#flags.includes("i") ? `(?i:${text})` : text;
  }

  #refuse(what: string): never {
    throw new InvalidEventError(`rule '${this.#name}': RE2 has no ${what}, which the pattern /${this.#source}/ uses`);
  }

  #take(expected: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(expected.source, "yu");
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#source);
    if (found !== null) this.#at = sticky.lastIndex;
    return found;
  }

  #item(): string {
    if (this.#take(/\(\?<?[=!]/) !== null) this.#refuse("look-around");
    const named = this.#take(/\(\?<([^>]+)>/);
    if (named !== null) return "(";
    if (this.#take(/\(\?:/) !== null) return "(?:";
    if (this.#take(/\(\?/) !== null) this.#refuse("groups with their own flags");
    if (this.#source[this.#at] === "[") return this.#brackets();
    if (this.#source[this.#at] === "\\") return this.#escape();
    const counted = this.#take(/\{(\d+)(,?)(\d*)\}/);
    if (counted !== null) {
      if (Number(counted[1]) > 1000 || Number(counted[3]) > 1000) this.#refuse("repetition beyond 1,000");
      return counted[0];
    }
    const multiline = this.#flags.includes("m");
    const character = (this.#take(/./su) as RegExpExecArray)[0];
    switch (character) {
      case ".":
        return this.#flags.includes("s") ? "(?s:.)" : String.raw`[^\n\r\x{2028}\x{2029}]`;
      case "^":
        return multiline ? "(?m:^)" : String.raw`\A`;
      case "$":
        return multiline ? "(?m:$)" : String.raw`\z`;
      case "(":
      case ")":
      case "|":
      case "*":
      case "+":
      case "?":
        return character;
      default:
        return this.#literal(character.codePointAt(0) as number);
    }
  }

  #literal(code: number): string {
    if (code >= 0xd800 && code <= 0xdfff) this.#refuse("surrogates");
    const character = String.fromCodePoint(code);
    return /[0-9A-Za-z_ ]/.test(character) || code >= 0x80 ? character : `\\x{${code.toString(16)}}`;
  }

  /** Translates an escape outside brackets. */
  #escape(): string {
    if (this.#take(/\\b/) !== null) return String.raw`\b`;
    if (this.#take(/\\B/) !== null) return String.raw`\B`;
    if (this.#take(/\\(?:[1-9]|k<)/) !== null) this.#refuse("back-references");
    const found = this.#class();
    return found === undefined ? this.#literal(this.#code()) : `[${found}]`;
  }

  /** Reads a class such as \d or \p{L}, if one is next, and returns it in the form for use inside brackets. */
  #class(): string | undefined {
    const short = this.#take(/\\([dDwWsS])/);
    if (short !== null) return CLASSES[short[1] as string];
    const property = this.#unicode ? this.#take(/\\([pP])\{([^}]+)\}/) : null;
    if (property === null) return undefined;
    const [, letter, value] = property as unknown as [string, string, string];
    const script = value.replace(/^(?:Script|sc|General_Category|gc)=/, "");
    if (script.includes("=") || !/^(?:[A-Z][a-z]?|[A-Z][a-z]+(?:_[A-Z][a-z]+)*)$/.test(script)) {
      this.#refuse(`property ${value}`);
    }
    return `\\${letter}{${script}}`;
  }

  /** Reads one escaped character and returns its code. */
  #code(): number {
    const hex = this.#take(/\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]+)\})/);
    if (hex !== null) {
      if (hex[3] !== undefined && !this.#unicode) this.#refuse("escape of the form \\u{…} without the flag u");
      const code = parseInt((hex[1] ?? hex[2] ?? hex[3]) as string, 16);
      if (code < 0xd800 || code > 0xdbff) return code;
      const low = this.#take(/\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})/);
      return low === null ? code : 0x10000 + ((code - 0xd800) << 10) + (parseInt(low[1] as string, 16) - 0xdc00);
    }
    const control = this.#take(/\\c([A-Za-z])/);
    if (control !== null) return (control[1] as string).charCodeAt(0) % 32;
    this.#at++;
    const character = (this.#take(/./su) as RegExpExecArray)[0];
    return CONTROLS[character] ?? (character.codePointAt(0) as number);
  }

  #brackets(): string {
    this.#at++;
    const negated = this.#take(/\^/) !== null;
    let text = "";
    while (this.#take(/\]/) === null) {
      const found = this.#class();
      if (found !== undefined) {
        text += found;
        continue;
      }
      const first = this.#member();
      if (this.#source[this.#at] !== "-" || this.#source[this.#at + 1] === "]") {
        text += this.#literal(first);
        continue;
      }
      const dash = this.#at++;
      if (/^\\[dDwWsSpP]/.test(this.#source.slice(this.#at))) {
        this.#at = dash; // not a range: the hyphen is literal
        text += this.#literal(first);
      } else {
        text += `${this.#literal(first)}-${this.#literal(this.#member())}`;
      }
    }
    if (text === "") return negated ? "(?s:.)" : String.raw`[^\x{00}-\x{10ffff}]`;
    return `[${negated ? "^" : ""}${text}]`;
  }

  /** Reads one character inside brackets and returns its code. */
  #member(): number {
    if (this.#take(/\\b/) !== null) return 8;
    if (this.#source[this.#at] === "\\") return this.#code();
    return ((this.#take(/./su) as RegExpExecArray)[0]).codePointAt(0) as number;
  }
}
