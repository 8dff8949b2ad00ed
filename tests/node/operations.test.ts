/** Operations by name: `client.call` and `call`. Each gives the answer of the method beside it. */
import { existsSync, statSync } from "node:fs";

import { beforeEach, describe, expect, it } from "vitest";

import { type Client, open, path, provenlog } from "./support.js";

const { call, ClosedError, InvalidEventError, NotFoundError, Redactor } = provenlog;

let client: Client;
beforeEach(() => {
  client = open({ labels: { team: "blue" } });
  for (let number = 0; number < 5; number++) {
    client.logEvent({ id: `e${number}`, actionType: "TOOL_CALL", actionName: `n${number}`, sessionId: "s" });
  }
  client.logEvent({ agentId: "b", actionName: "other", actionStatus: "error" });
});

describe("an operation gives the answer of its method", () => {
  it("reads events and contexts", async () => {
    await client.setContext("team", { lead: "Ada" });
    expect(await client.call("get", { event_id: "e1" })).toEqual(await client.getEvent("e1"));
    expect((await client.call("query"))["events"]).toEqual(await client.getEvents());
    const some = await client.call("query", { action_type: "TOOL_CALL", order: "desc", limit: 3 });
    expect(some["events"]).toEqual(await client.getEvents({ actionType: "TOOL_CALL", order: "desc", limit: 3 }));
    expect(await client.call("get_context", { label_key: "team" })).toEqual({ lead: "Ada" });
    expect(await client.call("count", new Map([["agent_id", "b"]]))).toEqual({ count: 1 });
  });

  it("verifies, proves and copies", async () => {
    await client.checkpoint();
    expect(await client.call("verify")).toEqual(await client.verify());
    const key = await client.key();
    expect(await client.call("key")).toMatchObject({ vkey: key.vkey, key_file: key.keyFile });
    const proof = await client.prove("e1");
    expect(await client.call("prove", { event_id: "e1" })).toEqual({ ...proof, exported_at: expect.any(String) });
    expect(await client.call("export", { path: path("a.plog") })).toMatchObject({ tree_size: 7 });
    expect(await call("verify_export", { path: path("a.plog"), key: key.vkey })).toMatchObject({ assurance: "signed" });
    const { bytes } = await client.call("backup", { path: path("copy.db") });
    expect(bytes).toBe(statSync(path("copy.db")).size);
    expect(await call("restore", { path: path("copy.db"), db_path: path("again.db") })).toMatchObject({ replaced: null });
  });

  it("redacts without a client", async () => {
    const [text, count] = new Redactor().redactString("to ada@example.com");
    expect(await call("redact", { text: "to ada@example.com" })).toEqual({ text, count });
    expect((await call("detectors"))["detectors"]).toEqual(Redactor.detectors());
  });
});

it("continues a page where the last one ended", async () => {
  const found: unknown[] = [];
  for (let after: unknown; after !== null; ) {
    const page = await client.call("query", { limit: 4, after });
    found.push(...(page["events"] as unknown[]));
    after = page["next"];
  }
  expect(found).toEqual(await client.getEvents());
});

it("names the parameter that is wrong", async () => {
  await expect(client.call("nothing")).rejects.toThrow('there is no operation "nothing"');
  await expect(client.call("query", { limit: 0 })).rejects.toThrow("query: limit: 0 is out of range");
  await expect(client.call("query", { limt: 1 })).rejects.toThrow(InvalidEventError);
  await expect(client.call("get", { event_id: "nothing" })).rejects.toThrow(NotFoundError);
  await expect(call("query")).rejects.toThrow("query: needs a client");
  await expect(client.call("a\0b")).rejects.toThrow("NUL");
  await expect(client.call(1 as never)).rejects.toThrow("operation must be a string");
  await expect(client.call("query", [] as never)).rejects.toThrow("parameters must be an object");
  await expect(client.call("query", {}, { progress: 1 } as never)).rejects.toThrow("progress is not one of");
});

it("reports progress and can be stopped", async () => {
  const seen: [number, number][] = [];
  await client.call("verify", {}, { onProgress: (done, total) => seen.push([done, total]) });
  expect(seen.at(-1)).toEqual([7, 7]);
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  const stopped = client.call("export", { path: path("never.plog") }, { signal: controller.signal });
  await expect(stopped).rejects.toThrow("enough");
  expect(existsSync(path("never.plog"))).toBe(false);
});

it("needs an open client", async () => {
  await client.close();
  await expect(client.call("count")).rejects.toThrow(ClosedError);
});
