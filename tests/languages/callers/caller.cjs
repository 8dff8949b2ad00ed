// See caller.py for the command.
const { createInterface } = require("node:readline");

const { ProvenLogClient } = require(process.argv[2]);

async function main(dbPath) {
  const client = new ProvenLogClient({ dbPath });
  for await (const line of createInterface({ input: process.stdin })) {
    const { name, parameters } = JSON.parse(line);
    console.log(
      await client.call(name, parameters).then(
        (result) => JSON.stringify(result),
        (error) => `error: ${error.message}`,
      ),
    );
    console.log("end");
  }
  await client.close();
}

main(...process.argv.slice(3)).catch((error) => {
  console.error(error);
  process.exit(1);
});
