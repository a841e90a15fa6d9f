import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { greet } from "./greet.ts";

test("a name is greeted", () => {
  assert.deepEqual(greet({ name: "Ann" }), { greeting: "Hello, Ann!" });
});

test("nobody is not greeted", () => {
  assert.throws(() => greet({ name: "" }), { data: { code: "nobody" } });
});

test("the plugin serves over stdio", async () => {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, [main], { stdio: ["pipe", "pipe", "inherit"] });
  const reader = new StreamMessageReader(child.stdout);
  const host = createMessageConnection(reader, new StreamMessageWriter(child.stdin));
  host.listen();
  await host.sendRequest("initialize", { protocol: { min: 1, max: 1 }, plugin: "{{name}}" });
  await host.sendRequest("activate", { apis: [], config: {}, dataDir: "" });
  assert.deepEqual(await host.sendRequest("{{name}}.greet", { name: "Ann" }), { greeting: "Hello, Ann!" });
  child.stdin.end();
  await new Promise((resolve) => child.once("close", resolve));
  assert.equal(child.exitCode, 0);
});
