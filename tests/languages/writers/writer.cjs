// See writer.py for the commands.
const { ProvenLogClient } = require(process.argv[2]);

async function main(command, dbPath, prefix, count) {
  const client = new ProvenLogClient({ agentId: "polyglot", dbPath });
  if (command === "count") {
    for (let i = 0; i < Number(count); ++i) {
      client.logEvent({ actionType: "CUSTOM", actionName: `${prefix}-${i}`, actionInput: { i } });
    }
  } else {
    client.logEvent({
      id: "0190163d-8694-739b-aea5-966c26f8ad91",
      timestamp: new Date(Date.UTC(2026, 1, 17, 10, 20, 30, 123)),
      sessionId: "séance",
      source: "test",
      captureMethod: "test",
      actionType: "TOOL_CALL",
      actionName: "every kind of value",
      actionInput: {
        text: 'é😀\0"\\/<&>\u2028\x7f\n',
        mail: "ada@example.com",
        integers: [0, -7, 9007199254740992n, 9007199254740993n],
        numbers: [0.1, 1e21, 1e-7, -0, 5e-324, NaN, -Infinity],
        truth: [true, false, null],
        bytes: Buffer.from([0, 255]),
        empty: [{}, [], ""],
        "\ufb33": 1,
        "😀": 2,
      },
      actionOutput: "x",
      durationMs: 1500,
      labels: { env: "dev", ключ: "значение" },
      metadata: { nested: { deep: [[1]] } },
      parents: ["a", "b"],
    });
  }
  await client.close();
}

main(...process.argv.slice(3)).catch((error) => {
  console.error(error);
  process.exit(1);
});
