/** A plugin that this SDK runs, as its host sees it, beyond what the golden transcripts say. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { description } from "../../protocol/description.ts";
import { play, type Step } from "../helpers/transcript.ts";
import { Host, initialize, sdk } from "./host.ts";

const odd = path.join(import.meta.dirname, "fixtures/odd.ts");
const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-sdk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const request = (id: number, method: string, params: object = {}, ctx: object = {}): Step => ({
  send: { jsonrpc: "2.0", id, method, params: { ...params }, ctx: { ...ctx } },
});
const expectation = (message: object): Step => ({ expect: { ...message } });
const ready: readonly Step[] = [
  request(1, "initialize", initialize),
  expectation({ id: 1, result: { protocol: 1 } }),
  request(2, "activate", { apis: [], config: {}, dataDir: "/data" }),
  expectation({ id: 2, result: {} }),
];
const playing = (...steps: readonly Step[]): Promise<void> =>
  play({ name: "steps", title: "", steps: [...ready, ...steps] }, process.execPath, [odd]);

test("a plugin describes itself as the protocol wants it", async () => {
  const described = await Host.start(process.execPath, [odd]).activate();
  expect(description.parse(described)).toEqual(described);
  expect(described).toMatchObject({
    plugin: { name: "odd", version: "1.2.3" },
    build: { language: "typescript" },
    exclusive: true,
    capabilities: { ping: true },
  });
  expect(described).not.toHaveProperty("config");
});

test("an activation tells who, where and what is granted, in a structured line of the log", async () => {
  const host = await Host.ready(odd);
  await host.end();
  const [line = ""] = host.stderr.split("\n");
  expect(JSON.parse(line)).toEqual({
    level: "info",
    msg: "activated",
    plugin: "test",
    generation: 7,
    dataDir: "/data",
    services: ["host.storage"],
  });
});

test("of an api in two versions the agreed one is served, without an agreement the last", async () => {
  const old = Host.start(process.execPath, [odd]);
  await old.activate({}, [{ name: "old", version: "1.0.0" }]);
  expect(await old.call("old.which")).toBe(1);
  expect(await (await Host.ready(odd)).call("old.which")).toBe(2);
});

describe("a handler", () => {
  test("that throws fails its call, and its stack is a line of the log", async () => {
    const host = await Host.ready(odd);
    expect(await host.failure("odd.throws")).toMatchObject({
      code: -32603,
      message: "out of range",
      data: { code: "internal_error" },
    });
    expect(await host.call("ping")).toEqual({});
    await host.end();
    expect(host.stderr).toMatch(/"level":"error","msg":"odd\.throws: RangeError: out of range\\n.*odd\.ts/);
  });

  test("that fails in code nobody waits for ends the process as Node does", async () => {
    const host = await Host.ready(odd);
    host.call("odd.detached").catch(() => {});
    expect(await host.left).toBe(1);
    expect(host.stderr).toMatch(/odd\.ts:\d+[^]*Error: nobody catches this/);
  });

  test("that returns something else than its schema says is named", async () => {
    const host = await Host.ready(odd);
    expect(await host.failure("odd.wrong")).toMatchObject({
      code: -32603,
      message: expect.stringContaining("odd.wrong"),
      data: { code: "invalid_result", path: "/n/1" },
    });
    expect(await host.call("odd.strips")).toEqual({ a: 1 });
  });

  test.each(["bigint", "half"])("that returns what is no JSON (%s) fails its call alone", async (method) => {
    const host = await Host.ready(odd);
    expect(await host.failure(`odd.${method}`)).toMatchObject({ code: -32603, data: { code: "not_json" } });
    expect(await host.call("odd.backslash")).toBe(String.raw`\ud83d`);
  });

  test("takes and gives 64-bit integers as strings", async () => {
    const host = await Host.ready(odd);
    expect(await host.call("odd.next", { n: "9223372036854775806" })).toBe("9223372036854775807");
    for (const n of ["9223372036854775808", "007", "", "-0", 5])
      expect(await host.failure("odd.next", { n })).toMatchObject({ code: -32602, data: { path: "/n" } });
  });

  test("knows how much time it has", () =>
    playing(
      request(3, "odd.time", {}, { ms: 5000 }),
      expectation({ id: 3, result: { $type: "number" } }),
      request(4, "odd.time"),
      expectation({ id: 4, result: null }),
    ));

  test("reports progress of its method's own shape", () =>
    playing(
      request(3, "odd.ownProgress"),
      expectation({ method: "$/progress", params: { $exact: { id: 3, value: { percent: 50 } } } }),
      expectation({ id: 3, result: "done" }),
    ));
});

const cancel = (id: number): Step => ({
  send: { jsonrpc: "2.0", method: "$/cancelRequest", params: { id } },
});
const answer = (id: string, result: Extract<Step, { send: unknown }>["send"]): Step => ({
  send: { jsonrpc: "2.0", id: { $id: id }, result },
});
const asked = (id: string, method: string, params: object, ctx: object = {}): Step =>
  expectation({ id: { $id: id }, method, params: { $exact: params }, ctx: { parent: 3, ...ctx } });

describe("a stream", () => {
  test("that waits for something else ends at once when it is cancelled", () =>
    playing(
      request(3, "odd.stuck", {}, { credit: 5 }),
      expectation({ method: "$/item", params: { id: 3, seq: 0, value: 1 } }),
      cancel(3),
      expectation({ id: 3, error: { code: -32800 } }),
    ));

  test("that never waits does not keep the plugin from hearing that it is cancelled", () =>
    playing(
      request(3, "odd.endless", {}, { credit: 1e9 }),
      request(4, "ping"),
      { ignore: { method: "$/item" } },
      expectation({ id: 4, result: {} }),
      cancel(3),
      expectation({ id: 3, error: { code: -32800 } }),
      request(5, "odd.closed"),
      expectation({ id: 5, result: 1 }),
    ));

  test("with an item that does not fit ends there", () =>
    playing(
      request(3, "odd.wrongItem", {}, { credit: 5 }),
      expectation({ method: "$/item", params: { id: 3, value: 1 } }),
      expectation({ id: 3, error: { code: -32603, data: { code: "invalid_result" } } }),
    ));
});

describe("the host", () => {
  test("is asked for each of its services", () =>
    playing(
      request(3, "odd.host"),
      asked("log", "host.log", { level: "info", msg: "hello", fields: { n: 1 } }),
      answer("log", null),
      asked("set", "host.storage.set", { key: "a", value: [1] }),
      answer("set", null),
      asked("get", "host.storage.get", { key: "a" }),
      answer("get", { value: [1] }),
      asked("miss", "host.storage.get", { key: "b" }),
      answer("miss", {}),
      asked("list", "host.storage.list", { prefix: "a" }),
      answer("list", { keys: ["a"], more: false }),
      asked("call", "host.call", { target: "other/api.sum", params: { a: 1 } }, { ms: 500 }),
      answer("call", 5),
      asked("misfit", "host.call", { target: "other/api.sum", params: {} }),
      answer("misfit", 5),
      asked("slow", "todo.slow", {}),
      { send: { jsonrpc: "2.0", method: "$/progress", params: { id: { $id: "slow" }, value: { done: 1 } } } },
      answer("slow", null),
      asked("delete", "host.storage.delete", { key: "a" }),
      answer("delete", { deleted: true }),
      expectation({
        id: 3,
        result: {
          $exact: {
            found: [[1], null],
            keys: { keys: ["a"], more: false },
            sum: 5,
            misfit: "unexpected_result",
            seen: [{ done: 1 }],
            deleted: true,
          },
        },
      }),
    ));

  test("is told when the plugin does not want to know any more", () =>
    playing(
      request(3, "odd.abort"),
      asked("never", "todo.never", {}),
      expectation({ method: "$/cancelRequest", params: { id: { $id: "never" } } }),
      {
        send: {
          jsonrpc: "2.0",
          id: { $id: "never" },
          error: { code: -32800, message: "", data: { code: "cancelled" } },
        },
      },
      expectation({ id: 3, result: "cancelled" }),
    ));

  test("refuses, and that is the answer where the handler says nothing else", () =>
    playing(
      request(3, "odd.hostError"),
      asked("refused", "todo.refused", {}),
      {
        send: {
          jsonrpc: "2.0",
          id: { $id: "refused" },
          error: { code: -31950, message: "no", data: { code: "service_not_granted" } },
        },
      },
      expectation({ id: 3, error: { code: -32603, message: "no", data: { code: "service_not_granted" } } }),
    ));

  test("is asked by the plugin itself without a parent", () =>
    playing(
      request(3, "odd.emit", { event: "odd.happened" }),
      expectation({
        id: { $id: "emit" },
        method: "host.emit",
        params: { event: "odd.happened" },
        ctx: { $absent: true },
      }),
      answer("emit", null),
      expectation({ id: 3, result: null }),
    ));
});

describe("standard output", () => {
  test("can be moved away by the first line, so that not even a child writes between the frames", async () => {
    const launcher = path.join(folder, "odd.sh");
    const line = `#!/usr/bin/env -S sh -c 'BULKHEAD_STDOUT=3 exec "${process.execPath}" "${odd}" 3>&1 1>&2'\n`;
    writeFileSync(launcher, line, { mode: 0o755 });
    const host = Host.start(launcher);
    await host.activate();
    expect(await host.call("odd.child")).toBeNull();
    expect(await host.end()).toBe(0);
    expect(host.stderr).toContain("from a child\n");
  });

  test("that nobody reads any more ends the plugin", async () => {
    const host = await Host.ready(odd);
    host.child.stdout.destroy();
    host.call("ping").catch(() => {});
    expect(await host.left).toBe(0);
  });
});

test("broken framing ends the plugin, and says why", async () => {
  const host = await Host.ready(path.join(sdk, "examples/min.ts"));
  host.child.stdin.write("Content-Length: many\r\n\r\n");
  expect(await host.left).toBe(65);
  expect(host.stderr).toContain('not in step with the protocol: Content-Length "many"');
});
