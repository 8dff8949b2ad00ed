/** The redactor, and regular expressions of JavaScript as its rules. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { open, path, provenlog, stored } from "./support.js";

const { ProvenLogError, Redactor } = provenlog;

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

  it("goes through values and keys", () => {
    const value = { to: ["ada@example.com"], "bob@example.com": new Map([[1, new Date(0)]]), n: 1 };
    expect(new Redactor().redact(value)).toEqual([
      { to: ["[REDACTED:email]"], "[REDACTED:email]": { "1": "1970-01-01T00:00:00.000000Z" }, n: 1 },
      2,
    ]);
    expect(new Redactor().redact("x\ud800")).toEqual(["x\ufffd", 0]);
  });

  it("takes the rules of the configuration if asked", async () => {
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
  ])("refuses the rule %o", (rule, message) => {
    expect(() => new Redactor([rule as never])).toThrow(ProvenLogError);
    expect(() => new Redactor([rule as never])).toThrow(message);
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
  ])("%s finds what it finds in JavaScript", (pattern) => {
    const redactor = new Redactor([{ name: "own", pattern }]);
    const all = new RegExp(pattern.source, `${pattern.flags.replace("g", "")}g`);
    for (const sample of samples) {
      const [text, hits] = redactor.redactString(sample);
      const found = sample.match(all) ?? [];
      // Hits side by side are hidden as one or as several.
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
  ])("%s is refused by name", (pattern, what) => {
    const make = () => new Redactor([{ name: "bad", pattern }]);
    expect(make).toThrow(ProvenLogError);
    expect(make).toThrow(/rule .bad/);
    if (what !== undefined) expect(make).toThrow(what);
  });
});

describe("what is kept of content", () => {
  it("is what the option says", async () => {
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
