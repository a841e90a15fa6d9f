import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Supervisor } from "../../../src/supervisor/supervisor.ts";
import { event, fixture, supervise } from "../../helpers/supervisor.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function stateDir(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
  directories.push(directory);
  return directory;
}

const storing = () => fixture({}, { services: ["host.storage"], restart: { min_delay: "10ms" } });
const call = (supervisor: Supervisor, method: string, params: object, plugin = "one") =>
  supervisor.call(`${plugin}/fixture.ask`, { method: `host.storage.${method}`, params });
const code = async (supervisor: Supervisor, method: string, params: object) =>
  ((await call(supervisor, method, params)) as { error?: { data: { code: string } } }).error?.data.code;

describe("host.storage", () => {
  test("keeps JSON values by key, each plugin its own", async () => {
    const supervisor = await supervise({ one: storing(), two: storing() });
    const value = { text: "Grüße 🌍", list: [1, null, { a: false }], big: 9007199254740991 };
    expect(await call(supervisor, "get", { key: "a" })).toEqual({ result: {} });
    expect(await call(supervisor, "set", { key: "a", value })).toEqual({ result: null });
    expect(await call(supervisor, "set", { key: "nil", value: null })).toEqual({ result: null });
    expect(await call(supervisor, "get", { key: "a" })).toEqual({ result: { value } });
    expect(await call(supervisor, "get", { key: "nil" })).toEqual({ result: { value: null } });
    expect(await call(supervisor, "get", { key: "a" }, "two")).toEqual({ result: {} });
    expect(await call(supervisor, "delete", { key: "a" })).toEqual({ result: { deleted: true } });
    expect(await call(supervisor, "delete", { key: "a" })).toEqual({ result: { deleted: false } });
  });

  test("lists keys in byte order, from any point on", async () => {
    const supervisor = await supervise({ one: storing() });
    for (const key of ["b", "a/2", "ä", "a/1", "a", "a0", "🌍", "B"]) {
      await call(supervisor, "set", { key, value: 1 });
    }
    const list = async (params: object) => (await call(supervisor, "list", params)) as object;
    expect(await list({})).toEqual({
      result: { keys: ["B", "a", "a/1", "a/2", "a0", "b", "ä", "🌍"], more: false },
    });
    expect(await list({ prefix: "a/" })).toEqual({ result: { keys: ["a/1", "a/2"], more: false } });
    expect(await list({ limit: 2 })).toEqual({ result: { keys: ["B", "a"], more: true } });
    expect(await list({ prefix: "a", after: "a/1", limit: 2 })).toEqual({
      result: { keys: ["a/2", "a0"], more: false },
    });
  });

  test.each([
    ["get", { key: "" }],
    ["get", {}],
    ["set", { key: "a" }],
    ["set", { key: "ä".repeat(129), value: 1 }],
    ["set", { key: "a", value: "x".repeat(64 * 1024) }],
    ["list", { limit: 0 }],
  ])("refuses %s with params that do not fit", async (method, params) => {
    const supervisor = await supervise({ one: storing() });
    expect(await code(supervisor, method, params)).toBe("invalid_params");
  });

  test("survives the plugin, its removal, and the supervisor", async () => {
    const directory = stateDir();
    const first = await supervise({ one: storing() }, { stateDir: directory });
    await call(first, "set", { key: "a", value: 1 });
    const crash = event(first, "session.crash");
    process.kill(first.status("one").pid ?? 0, "SIGKILL");
    await crash;
    await first.start("one");
    expect(await call(first, "get", { key: "a" })).toEqual({ result: { value: 1 } });
    await first.close();
    await (await supervise({}, { stateDir: directory })).close();
    const again = await supervise({ one: storing() }, { stateDir: directory });
    expect(await call(again, "get", { key: "a" })).toEqual({ result: { value: 1 } });
  });

  test("has what it answered that it has, however often the plugin is killed", async () => {
    const supervisor = await supervise({ one: storing() }, { stateDir: stateDir() });
    let answered = 0;
    for (let life = 0; life < 3; life++) {
      await supervisor.start("one");
      const writes = Array.from({ length: 200 }, async (_, n) => {
        await call(supervisor, "set", { key: "n", value: life * 1000 + n });
        answered = life * 1000 + n;
      });
      await writes[50];
      process.kill(supervisor.status("one").pid ?? 0, "SIGKILL");
      await Promise.allSettled(writes);
      await supervisor.start("one");
      const { result } = (await call(supervisor, "get", { key: "n" })) as { result: { value: number } };
      expect(result.value).toBeGreaterThanOrEqual(answered);
    }
  });

  test("is closed to what could not be written", async () => {
    const supervisor = await supervise({ one: storing() });
    await supervisor.wait("one", "ready");
    await supervisor.journal.close();
    expect(await code(supervisor, "set", { key: "a", value: 1 })).toBe("service_unavailable");
  });
});
