// See evidence.py for the commands.
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { ProvenLogClient, verifyExport } = require(process.argv[2]);

async function make(folder) {
  const client = new ProvenLogClient({ agentId: "a", dbPath: join(folder, "events.db") });
  const ids = [];
  for (let i = 0; i < 20; ++i) ids.push(client.logEvent({ actionType: "TOOL_CALL", actionInput: { i, text: "é😀\n" } }));
  await client.export(join(folder, "all.plog"));
  writeFileSync(join(folder, "one.plog"), JSON.stringify(await client.prove(ids[7])));
  writeFileSync(join(folder, "kept.head"), await client.checkpoint());
  writeFileSync(join(folder, "kept.key"), (await client.key()).vkey);
  await client.close();
}

async function check(file, key, head) {
  const report = await verifyExport(file, { key: readFileSync(key, "utf8"), heads: [head] });
  console.log(report.verdict, report.assurance, report.events);
}

const [command, ...rest] = process.argv.slice(3);
(command === "make" ? make : check)(...rest).catch((error) => {
  console.error(error);
  process.exit(1);
});
