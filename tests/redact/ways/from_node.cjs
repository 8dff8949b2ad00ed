// Plants the secrets of a plan file through every interface of the npm package.
// Arguments: PLAN LEDGER END, where END is how the process ends: kill or close.
"use strict";
const { readFileSync } = require("node:fs");
const { ProvenLogClient, trail } = require(process.env.PLOG_PACKAGE);

const [planFile, dbPath, end] = process.argv.slice(2);
const { events, secrets } = JSON.parse(readFileSync(planFile, "utf8"));
const camel = (name) => name.replace(/^(action|error|duration)_([a-z])/, (_, first, c) => first + c.toUpperCase());

async function main() {
  const client = new ProvenLogClient({
    agentId: "planted",
    dbPath,
    labels: { first: secrets[0] },
    metadata: { second: secrets[1], [secrets[2]]: 1 },
    context: { first: { [secrets[3]]: secrets[4] } },
  });
  for (const event of events) {
    client.logEvent(Object.fromEntries(Object.entries(event).map(([name, value]) => [camel(name), value])));
  }
  for (const secret of secrets) {
    const circle = [secret];
    circle.push(circle);
    client.logEvent({
      actionName: "native",
      actionInput: { map: new Map([[{ [secret]: 1 }, secret]]), set: new Set([secret]), circle },
      actionOutput: new Error(secret, { cause: new Error(secret) }),
      errorMessage: secret,
      metadata: { url: secret, get failing() { throw new Error(secret); }, toJSON: undefined },
    });
    await client.setContext("label", { [secret]: secret }, { value: secret });
    await client.setContext(secret, { text: secret }, { value: "value" });
    const work = trail(async (text, fail) => {
      if (fail) throw new Error(text);
      return text;
    });
    await work(secret, false);
    await work(secret, true).catch(() => {});
  }
  console.log("planted");
  if (end === "kill") process.kill(process.pid, "SIGKILL");
  await client.close();
}
main().catch((error) => { console.error(error); process.exit(1); });
