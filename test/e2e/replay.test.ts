/** `bulkhead replay`, `crashes --quarantine` and `call --retry`, with daemons and plugins of their own. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import type { Client } from "../../src/client/client.ts";
import { DaemonProcess, table } from "../helpers/daemon.ts";
import { failure } from "../helpers/supervisor.ts";

const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const fixture = fileURLToPath(new URL("../fixtures/plugin/plugin.mjs", import.meta.url));
const chaos = fileURLToPath(new URL("../../sample-plugins/target/release/chaos", import.meta.url));

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function running(config: string | DaemonProcess) {
  const daemon = typeof config === "string" ? new DaemonProcess(config) : config;
  const client = await daemon.up();
  clients.push(client);
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
  const bulkhead = (...words: string[]): Promise<Run> =>
    new Promise((resolve) => {
      const env = { PATH: process.env["PATH"], HOME: daemon.directory, NO_COLOR: "1" };
      const args = [entry, "--state-dir", daemon.stateDir, ...words];
      execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
      });
    });
  return { daemon, client, bulkhead };
}

const quick = 'restart = { min_delay = "5ms", max_failures = 100 }';

/** Calls in flight together until one of them kills the plugin; the report's id. */
async function crash(
  client: Client,
  calls: readonly (readonly [method: string, params: object])[],
): Promise<string> {
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
  const made = calls.map(([method, params]) => failure(client.call(`one/${method}`, params)));
  const [error] = await Promise.all(made);
  return error?.report ?? "";
}

describe.skipIf(!existsSync(chaos))("a Rust plugin that panics", () => {
  test("is replayed beside the one that serves: together, then each alone", async () => {
    const { client, bulkhead } = await running(
      `[plugins.one]\ncommand = ${JSON.stringify(chaos)}\n${quick}\n`,
    );
    const id = await crash(client, [
      ["chaos.hang", {}],
      ["chaos.panic", { message: "the hull is breached" }],
    ]);
    const [report] = await client.control("crash.list");
    expect(report?.lostCalls).toMatchObject([
      { method: "chaos.hang" },
      {
        method: "chaos.panic",
        params: { kept: "whole", text: '{"message":"the hull is breached"}', secrets: [], dataBytes: 0 },
      },
    ]);
    const before = await client.control("plugin.wait", { plugin: "one", until: "ready" });
    const { code, stdout, stderr } = await bulkhead("replay", id, "--yes", "--timeout", "1s");
    expect(stderr).toContain(`to run: ${chaos}`);
    expect(stderr).toContain(", as in the report");
    expect(stdout).toMatch(/^report one-1-\w+: panicked at .*api\.rs:\d+:\d+: the hull is breached$/m);
    expect(stdout).toMatch(/^2 calls together: panicked at .*api\.rs.*the hull is breached$/m);
    expect(stdout).toMatch(/^call 1, chaos\.hang: it does not crash$/m);
    expect(stdout).toMatch(/^call 2, chaos\.panic: panicked at/m);
    expect(stdout).toContain("It crashes again: call 2 (chaos.panic) alone is enough.");
    expect(code).toBe(6);
    // What serves was not touched, and nothing was counted.
    expect(await client.control("plugin.status", { plugin: "one" })).toMatchObject({
      pid: before.pid,
      restarts: before.restarts,
    });
    expect(await client.control("crash.list")).toHaveLength(1);
  });
});

test("what does not crash any more is said so, and another file is pointed out", async () => {
  const program = `import ${JSON.stringify(fixture)};`;
  const daemon = new DaemonProcess(`[plugins.one]\ncommand = "./one.mjs"\n${quick}\n`);
  const build = (text: string): void => {
    const file = path.join(daemon.directory, "one.mjs");
    rmSync(file, { force: true });
    writeFileSync(file, `#!${process.execPath}\n// ${text}\n${text}\n${program}\n`, { mode: 0o755 });
  };
  build("");
  const { client, bulkhead } = await running(daemon);
  const id = await crash(client, [["fixture.die", { signal: "SIGKILL" }]]);
  build("process.kill = () => true;");
  const run = await bulkhead("replay", id, "--yes", "--timeout", "500ms");
  expect(run.stderr).toContain("not the file that crashed");
  expect(run.stdout).toContain("It does not crash any more.");
  expect(run.code).toBe(0);
});

test("a method that the file does not have any more is not said to be harmless", async () => {
  const daemon = new DaemonProcess(`[plugins.one]\ncommand = "./one.mjs"\n${quick}\n`);
  const build = (text: string): void => {
    const file = path.join(daemon.directory, "one.mjs");
    rmSync(file, { force: true });
    const program = `await import(${JSON.stringify(fixture)});`;
    writeFileSync(file, `#!${process.execPath}\n${text}\n${program}\n`, { mode: 0o755 });
  };
  build("");
  const { client, bulkhead } = await running(daemon);
  const id = await crash(client, [
    ["fixture.die", { signal: "SIGKILL" }],
    ["fixture.hang", {}],
  ]);
  const methods = [{ name: "hang", params: {}, result: {} }];
  const apis = [{ name: "fixture", version: "1.0.0", methods }];
  const described = { protocol: 1, plugin: { name: "fixture", version: "1.0.0" }, apis };
  build(`process.argv.push(${JSON.stringify(`--describe=${JSON.stringify(described)}`)});`);
  const some = await bulkhead("replay", id, "--yes", "--timeout", "500ms");
  expect(some.stderr).toContain("call 1, fixture.die, can't be replayed: one has no such method any more");
  expect(some.stdout).toContain("It does not crash any more; 1 call could not be replayed.");
  const none = await bulkhead("replay", id, "--call", "1", "--yes", "--timeout", "500ms");
  expect(none.stderr).toContain("none of the methods");
  expect(none.code).toBe(2);
});

test("one call is chosen, a shell is not needed to run it under another program, and its exit counts", async () => {
  const { daemon, client, bulkhead } = await running(table("one", {}, quick));
  const id = await crash(client, [
    ["fixture.die", { signal: "SIGSEGV" }],
    ["fixture.hang", { "a b": "$(touch x)" }],
  ]);
  const wrapper = path.join(daemon.directory, "wrap");
  writeFileSync(wrapper, `#!/bin/sh\nprintf '%s\\n' "$1" > "$2"\nshift 2\n"$@"\nexit 9\n`, { mode: 0o755 });
  const out = path.join(daemon.directory, "out");
  const under = `${wrapper} 'a  "quoted" $HOME' ${out}`;
  const run = await bulkhead(
    "replay",
    id,
    "--call",
    "2",
    "--under",
    under,
    "--yes",
    "--json",
    "--timeout",
    "500ms",
  );
  expect(JSON.parse(run.stdout)).toMatchObject({
    report: id,
    verdict: { kind: "alone", calls: [2] },
    trials: [{ calls: [2], crashed: true, crash: null, summary: expect.stringContaining("9") }],
  });
  expect(run.code).toBe(6);
  expect(readFileSync(out, "utf8")).toBe('a  "quoted" $HOME\n');
  const without = await bulkhead("replay", id, "--call", "2", "--yes", "--timeout", "500ms");
  expect(without).toMatchObject({ code: 0 });
  expect(without.stdout).toContain("It does not crash any more.");
});

test("nothing is run without a yes, and nothing that can not be what it was", async () => {
  const schema = { type: "object", properties: { password: { type: "string", writeOnly: true } } };
  const { client, bulkhead } = await running(table("one", { params: JSON.stringify(schema) }, quick));
  const id = await crash(client, [["fixture.die", { signal: "SIGKILL", password: "hunter2" }]]);
  const report = await client.control("crash.get", { id });
  expect(JSON.stringify(report)).not.toContain("hunter2");
  const secretive = await bulkhead("replay", id, "--yes");
  expect(secretive.stderr).toContain("can't be replayed: secrets were taken out of it: /password");
  expect(secretive.code).toBe(2);

  const large = await crash(client, [["fixture.garbage", { kind: "json", filler: "x".repeat(70_000) }]]);
  const cut = await bulkhead("replay", large, "--yes");
  expect(cut.stderr).toContain("only the beginning of its 70027 bytes was kept");
  expect(cut.code).toBe(2);

  const plain = await crash(client, [["fixture.exit", { code: 3 }]]);
  const asked = await bulkhead("replay", plain);
  expect(asked.stderr).toContain("say --yes");
  expect(asked.code).toBe(2);
});

test("a call that kills is listed and released, and one that is retried survives", async () => {
  const { bulkhead } = await running(table("one", { idempotent: "die" }, quick));
  const killed = await bulkhead("call", "one.die", "signal=SIGKILL", "--retry", "--json");
  expect(killed.code).toBe(6);
  expect(JSON.parse(killed.stderr)).toMatchObject({ error: { code: "quarantined" } });
  const listed = await bulkhead("crashes", "--quarantine");
  expect(listed.stdout).toMatch(/^one-[0-9a-f]{10} +one +fixture\.die +refused +3 /m);
  const id = /^one-[0-9a-f]{10}/m.exec(listed.stdout)?.[0] ?? "";
  expect((await bulkhead("crashes", "--release", id)).stdout).toBe(`${id}: one/fixture.die is let go\n`);
  expect((await bulkhead("crashes", "--quarantine")).stderr).toBe("no call is held back\n");
  expect((await bulkhead("crashes", "--release", id)).code).toBe(4);
  expect((await bulkhead("call", "one.echo", "--retry")).stderr).toContain("not described as idempotent");
});
