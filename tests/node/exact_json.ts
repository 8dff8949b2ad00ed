/** Parses JSON text without a loss of digits: integers that do not fit a double become BigInt. */
export function parseExact(text: string): unknown {
  let at = 0;
  const token = /\s*([[\]{},:]|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)\s*/sy;
  const next = (): string => {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) throw new SyntaxError(`malformed JSON at offset ${at}`);
    at = token.lastIndex;
    return found[1] as string;
  };
  const value = (word: string): unknown => {
    if (word === "[") {
      const elements: unknown[] = [];
      for (let w = next(); w !== "]"; w = next()) if (w !== ",") elements.push(value(w));
      return elements;
    }
    if (word === "{") {
      const members: [string, unknown][] = [];
      for (let w = next(); w !== "}"; w = next()) {
        if (w === ",") continue;
        next(); // the colon
        members.push([JSON.parse(w) as string, value(next())]);
      }
      return Object.fromEntries(members);
    }
    if (/^-?\d+$/.test(word) && !Number.isSafeInteger(Number(word))) return BigInt(word);
    return JSON.parse(word) as unknown;
  };
  return value(next());
}
