/** The redactor, and rules given as JavaScript regular expressions. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { RedactorOptions } from "../../node/src/index.js";
import { open, path, provenlog, stored } from "./support.js";

const { ConfigError, ProvenLogError, Redactor } = provenlog;

describe("the redactor", () => {
  it("replaces built-in patterns and its own", () => {
    expect(Redactor.default().redactString("write to ada@example.com")).toEqual(["write to [REDACTED:email]", 1]);
    const redactor = Redactor.defaultWithRules([
      { name: "mrn", pattern: "MRN-\\d{10}", replacement: "[REDACTED:patient]" },
      { name: "ticket", pattern: /TICKET-\d{4}/ },
    ]);
    expect(redactor.redactString("MRN-0123456789, TICKET-1234, 555-123-4567")).toEqual([
      "[REDACTED:patient], [REDACTED:ticket], [REDACTED:phone]",
      3,
    ]);
  });

  it("redacts values and keys of nested data", () => {
    const value = { to: ["ada@example.com"], "bob@example.com": new Map([[1, new Date(0)]]), n: 1 };
    expect(new Redactor().redact(value)).toEqual([
      { to: ["[REDACTED:email]"], "[REDACTED:email]": { "1": "1970-01-01T00:00:00.000000Z" }, n: 1 },
      2,
    ]);
    expect(new Redactor().redact("x\ud800")).toEqual(["x\ufffd", 0]);
  });

  it("uses the rules of the configuration if asked to", async () => {
    const file = path("config.yaml");
    writeFileSync(file, 'redaction: {rules: [{name: badge, pattern: "BADGE-[0-9]+"}]}\n');
    process.env["PROVENLOG_CONFIG"] = file;
    expect(Redactor.configured().redactString("BADGE-7")).toEqual(["[REDACTED:badge]", 1]);
    expect(Redactor.default().redactString("BADGE-7")).toEqual(["BADGE-7", 0]);
    const client = open();
    expect((await stored(client, client.logEvent({ actionInput: "BADGE-7" }))).action_input).toBe("[REDACTED:badge]");
  });

  it.each([
    [{ name: 1, pattern: "a" }, /name/],
    [{ name: "a", pattern: 1 }, /pattern/],
    [{ name: "a", pattern: "a", replacement: () => "b" }, /replacement/],
    [{ name: "a", pattern: "(" }, /a/],
    [{ name: "two words", pattern: "a" }, /two words|name/],
    [{ name: "empty", pattern: "x*" }, /empty/],
    [{ name: "a", pattern: "a", flags: "i" }, /flags is not one of the members of a rule/],
    [{ name: "a" }, /pattern/],
  ])("rejects the rule %o", (rule, message) => {
    expect(() => new Redactor([rule as never])).toThrow(ProvenLogError);
    expect(() => new Redactor([rule as never])).toThrow(message);
  });
});

it("invalid options are configuration errors", () => {
  for (const options of [{ disable: ["nosuch"] }, { profile: "off" }, { keepLast: { visa: 9 } }]) {
    expect(() => Redactor.default(options as RedactorOptions)).toThrow(ConfigError);
  }
});

describe("findings", () => {
  it("have offsets that suit slice(), and contain values only if asked to", () => {
    const redactor = Redactor.default();
    const text = "\u00e9\u{1f600} ada@example.com \u65e5 10.0.0.1";
    const found = redactor.findings(text);
    expect(found.map((each) => [each.name, text.slice(each.start, each.end)])).toEqual([
      ["email", "ada@example.com"],
      ["ipv4", "10.0.0.1"],
    ]);
    expect(JSON.stringify(found)).not.toContain("ada");
    expect(redactor.findings(text, { values: true }).map((each) => each.value)).toEqual(["ada@example.com", "10.0.0.1"]);
    expect(redactor.findings("nothing")).toEqual([]);
    expect(redactor.findings("")).toEqual([]);
  });

  it("count a lone surrogate as one code unit", () => {
    const text = "\ud800\udfff\udc00 ada@example.com \ud83d";
    const [found] = Redactor.default().findings(text);
    expect(text.slice(found?.start, found?.end)).toBe("ada@example.com");
  });

  it("are the places that redactString replaces", () => {
    const redactor = Redactor.defaultWithRules([{ name: "word", pattern: /geheim|秘密/ }]);
    for (const text of ["geheim", "秘密 geheim", "€ 秘密, ada@example.com; 192.168.0.1 😀", "x".repeat(5000) + " 秘密"]) {
      let built = "";
      let at = 0;
      for (const { name, start, end } of redactor.findings(text)) {
        built += `${text.slice(at, start)}[REDACTED:${name}]`;
        at = end;
      }
      expect(built + text.slice(at)).toBe(redactor.redactString(text)[0]);
    }
  });
});

describe("options", () => {
  const text = '10.0.0.1 4111111111111111 {"password": "x"}';
  const clean = (options: RedactorOptions, given = text) => Redactor.default(options).redactString(given)[0];

  it("select a profile", () => {
    expect(clean({ profile: "secrets" })).toBe('10.0.0.1 4111111111111111 {"password": "[REDACTED:password]"}');
    expect(clean({ profile: "pii" })).toBe('[REDACTED:ipv4] [REDACTED:visa] {"password": "x"}');
    expect(clean({ profile: "strict" }, "fe80::1ff:fe23:4567:890a")).toBe("[REDACTED:ipv6]");
    expect(clean({ profile: "default" }, "fe80::1ff:fe23:4567:890a")).toBe("fe80::1ff:fe23:4567:890a");
  });

  it("switch detectors off, and keep the last characters", () => {
    expect(clean({ disable: ["ipv4", "password"], keepLast: { visa: 4 } })).toBe(
      '10.0.0.1 [REDACTED:visa:****1111] {"password": "x"}',
    );
  });

  it("allow values, patterns, keys and paths", () => {
    expect(clean({ allow: { values: ["10.0.0.1"] } }, "10.0.0.1 10.0.0.2")).toBe("10.0.0.1 [REDACTED:ipv4]");
    expect(clean({ allow: { patterns: [".*@example\\.com"] } }, "a@example.com a@other.org")).toBe(
      "a@example.com [REDACTED:email]",
    );
    const value = { note: "a@example.com", deep: { mail: "a@example.com" } };
    expect(Redactor.default({ allow: { keys: new Set(["note"]) } }).redact(value)).toEqual([
      { note: "a@example.com", deep: { mail: "[REDACTED:email]" } },
      1,
    ]);
    expect(Redactor.default({ allow: { paths: ["/deep"] } }).redact(value)[0]).toEqual({
      note: "[REDACTED:email]",
      deep: { mail: "a@example.com" },
    });
  });

  it("give equal texts equal pseudonyms", () => {
    const redactor = Redactor.default({ pseudonymKey: "a key of sixteen bytes" });
    const [marked, count] = redactor.redactString("a@b.example a@b.example c@d.example");
    const [first, second, third] = marked.split(" ");
    expect(count).toBe(3);
    expect(first).toMatch(/^\[REDACTED:email:[0-9a-f]{6}\]$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it.each([
    [{ profile: "all" }, /profile/],
    [{ allow: { what: [] } }, /what/],
    [{ allow: { values: "abc" } }, /values/],
    [{ disable: ["no-such"] }, /no-such/],
    [{ disable: "ipv4" }, /disable/],
    [{ keepLast: { visa: 9 } }, /visa|keep_last/],
    [{ keep_last: { visa: 4 } }, /keep_last/],
    [{ pseudonymKey: 7 }, /pseudonym_key/],
    [{ pseudonymKey: "" }, /pseudonym_key: has 0 bytes; use a secret of at least 16 bytes/],
    [{ pseudonymKey: "0123456789abcde" }, /pseudonym_key: has 15 bytes/],
    ["strict", /object/],
  ])("reject %o", (options, message) => {
    expect(() => Redactor.default(options as never)).toThrow(ProvenLogError);
    expect(() => Redactor.default(options as never)).toThrow(message);
  });

  it("values that are not strings are rejected", () => {
    expect(() => Redactor.default().redactString(7 as never)).toThrow(provenlog.InvalidEventError);
    expect(() => Redactor.default().findings(null as never)).toThrow(provenlog.InvalidEventError);
  });
});

describe("keys", () => {
  it("with telling names have their values redacted", () => {
    const value = { password: "x", max_tokens: 5, ssn: 123456789, api_key: ["a"], token_count: "7" };
    expect(Redactor.default().redact(value)).toEqual([
      {
        password: "[REDACTED:password]",
        max_tokens: 5,
        ssn: "[REDACTED:ssn]",
        api_key: ["[REDACTED:api_key]"],
        token_count: "7",
      },
      3,
    ]);
  });
});

describe("the detectors", () => {
  const detectors = Redactor.detectors();

  it("are listed with examples", () => {
    expect(detectors.length).toBeGreaterThan(200);
    for (const { name, about, category, keys, regex, examples } of detectors) {
      expect([name, typeof about, ["pii", "secret"].includes(category)]).toEqual([name, "string", true]);
      expect([name, keys !== true]).toEqual([name, regex !== undefined && examples !== undefined]);
    }
    expect(detectors.filter((each) => (each.examples?.positive.length ?? 0) >= 3).length).toBeGreaterThan(150);
  });

  it("redact their examples at the places that findings report", () => {
    for (const { name, profiles, examples } of detectors) {
      const profile = ["default", "strict"].find((each) => profiles.includes(each)) ?? profiles[0];
      const redactor = Redactor.default({ profile: profile as "default" });
      for (const example of examples?.positive ?? []) {
        const secret = Buffer.from(example.text).subarray(example.start, example.end).toString();
        const place = example.text.indexOf(secret);
        expect([name, redactor.redactString(example.text)[0].includes(secret)]).toEqual([name, false]);
        const [first, last] = [place, place + secret.length];
        const covered = redactor.findings(example.text).some((each) => each.start <= first && each.end >= last);
        expect([name, example.text, covered]).toEqual([name, example.text, true]);
      }
    }
  });
});

const MARKER = "[REDACTED:own]";

function merged(text: string): string {
  while (text.includes(MARKER + MARKER)) text = text.replaceAll(MARKER + MARKER, MARKER);
  return text;
}

describe("regular expressions", () => {
  const samples = [
    "id-0042",
    "ID-7",
    "a.b",
    "axb",
    "line\nnext",
    "tab\there",
    "é ü ß",
    "Ωμέγα",
    "x\u00a0y",
    "\u2028",
    "😀 smile",
    "back\\slash",
    "[brackets] {braces} (parens)",
    "^start $end",
    "a-b_c/d",
    "foo123bar",
    "AAAbbb",
    "0x1F",
    "",
  ];
  it.each([
    /id-\d+/,
    /id-\d{2,}/i,
    /a.b/,
    /a\.b/,
    /e.n/s,
    /^next/m,
    /line$/m,
    /^id/,
    /7$/,
    /[^\s\w]+/,
    /\s/,
    /\S+ü/,
    /\W+/,
    /\D+x/,
    /[\d-]+/,
    /[a-c_/]+/,
    /[\w.-]+x/,
    /[^\D]+/,
    /\p{Lu}+/u,
    /\p{Script=Greek}+/u,
    /[\p{L}\d]+r/u,
    /\u{1f600}/u,
    /\ud83d\ude00/,
    /\x41+/,
    /\u0041+b/,
    /\cI/,
    /\t/,
    /back\\/,
    /\[\w+\] \{/,
    /[\]^]/,
    /[\b]|\^s/,
    /\$e/,
    /(?<word>foo)(\d+)(?:bar)/,
    /foo|AAA/g,
    /b{2}/,
    /b{2,}?/,
    /\bid\b/,
    /o\B/,
    /[^]/,
    /x[]|7/,
    /\//,
    /[😀é]/u,
    /0x[0-9a-f]{2}/i,
    /A{1,2}?A/,
    /\0|\(/,
    /#| &/,
  ])("%s matches the same text as in JavaScript", (pattern) => {
    const redactor = new Redactor([{ name: "own", pattern }]);
    const all = new RegExp(pattern.source, `${pattern.flags.replace("g", "")}g`);
    for (const sample of samples) {
      const [text, hits] = redactor.redactString(sample);
      const found = sample.match(all) ?? [];
      // Adjacent matches may be replaced by one marker or by several.
      expect([sample, hits > 0]).toEqual([sample, found.length > 0]);
      expect(merged(text)).toBe(merged(sample.replace(all, MARKER)));
    }
  });

  it.each([
    [/(?=a)a/, "look-around"],
    [/(?<!a)b/, "look-around"],
    [/(a)\1/, "back-references"],
    [/(?<x>a)\k<x>/, "back-references"],
    [/a{1001}/, "repetition"],
    [/\p{Emoji_Presentation}/u, undefined],
    [/[\ud800]/, "surrogates"],
  ])("%s is rejected, and the error names the rule", (pattern, what) => {
    const make = () => new Redactor([{ name: "bad", pattern }]);
    expect(make).toThrow(ProvenLogError);
    expect(make).toThrow(/rule .bad/);
    if (what !== undefined) expect(make).toThrow(what);
  });
});

describe("captureContent", () => {
  it("selects how content is recorded", async () => {
    const client = open({ captureContent: { default: "digest", fields: { action_output: "none" } } });
    const event = await stored(client, client.logEvent({ actionInput: "abc", actionOutput: [1] }));
    expect(event.action_input).toEqual({
      bytes: 5,
      omitted: true,
      sha256: createHash("sha256").update('"abc"').digest("hex"),
    });
    expect(event.action_output).toEqual({ bytes: 3, omitted: true });
    const full = open({ captureContent: "full" });
    expect((await stored(full, full.logEvent({ actionInput: "ada@example.com" }))).action_input).toBe("ada@example.com");
    expect(() => open({ captureContent: "all" as "none" })).toThrow(/capture_content/);
  });
});
