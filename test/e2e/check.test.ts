/** `bulkhead check` on the plugins of this repository: they keep the rules, and chaos breaks those that it says it does. */
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { checked, failedIds } from "../check/checked.ts";

const root = path.join(import.meta.dirname, "../..");
const file = (name: string): string => path.join(root, name);
/** In CI nothing is skipped. */
const without = (name: string): boolean => !existsSync(file(name)) && process.env["CI"] === undefined;
const firstThere = (...names: string[]): string => names.find((name) => !without(name)) ?? names[0] ?? "";

/** A whole run is some seventy processes, which take their time where each is an interpreter. */
const timeout = 300_000;
const patienceMs = 60_000;

const chaos = "sample-plugins/target/release/chaos";

const plugins: readonly { readonly name: string; readonly config?: Record<string, unknown> }[] = [
  { name: "sample-plugins/target/release/min" },
  { name: "sample-plugins/target/release/todo-scan" },
  { name: "sample-plugins/target/release/todo-command", config: { command: ["true"] } },
  {
    name: "sample-plugins/target/release/todo-tasks",
    config: { directory: file("sample-plugins/todo-tasks/example") },
  },
  { name: "sample-plugins/wordcount/build/wordcount" },
  { name: "sample-plugins/metronome/build/metronome" },
  { name: "sample-plugins/journal-source/build/journal-source" },
  { name: "sample-plugins/reverse/reverse.py" },
  { name: "sample-plugins/view-stats/view-stats.ts", config: { root: file("sample-plugins/view-stats") } },
  { name: "protocol/sdk/c/build/conformance" },
  { name: "protocol/sdk/go/build/conformance" },
  { name: "protocol/sdk/python/examples/conformance.py" },
  {
    name: firstThere(
      "protocol/sdk/rust/target/debug/examples/conformance",
      "protocol/sdk/rust/target/release/examples/conformance",
    ),
  },
  { name: "protocol/sdk/typescript/examples/conformance.ts" },
];

describe.each(plugins)("$name", ({ name, config }) => {
  test.skipIf(without(name))("passes every check that applies to it", { timeout }, async () => {
    const results = await checked(file(name), { patienceMs, ...(config && { config }) });
    expect(results.filter(({ status }) => status === "failed")).toEqual([]);
    expect(results.filter(({ status }) => status === "passed").length).toBeGreaterThan(45);
  });
});

test.skipIf(without("protocol/sdk/c/build/conformance"))(
  "a service that is refused is asked for by the reference plugin, which lives on",
  { timeout },
  async () => {
    const given = new Map([
      ["conformance.ask", { method: "host.storage.get", params: { key: "a" } }],
      ["conformance.progress", { steps: 3 }],
    ]);
    const only = ["refused-service", "progress", "valid-calls"];
    const results = await checked(file("protocol/sdk/c/build/conformance"), { given, only, patienceMs });
    expect(results.map(({ id, status }) => [id, status])).toEqual([
      ["valid-calls", "passed"],
      ["progress", "passed"],
      ["refused-service", "passed"],
    ]);
  },
);

describe.skipIf(without(chaos))("chaos", () => {
  test("passes as long as nobody asks it to misbehave", { timeout }, async () => {
    expect(failedIds(await checked(file(chaos), { patienceMs }))).toEqual([]);
  });

  test.each<[method: string, params: object, only: string[], failed: string[], reason: string]>([
    ["strayStdout", { text: "stray" }, ["stdout"], ["stdout"], "stray"],
    ["garbage", { kind: "text" }, ["stdout"], ["stdout"], "stdout had"],
    ["garbage", { kind: "badLength" }, ["valid-calls"], ["valid-calls"], "bad_content_length"],
    ["garbage", { kind: "invalidUtf8" }, ["valid-calls"], ["valid-calls"], "not_utf8"],
    ["reservedCode", {}, ["valid-calls"], ["valid-calls"], "-31950"],
    ["panic", {}, ["valid-calls"], ["valid-calls"], "exit status 101"],
    ["exit", { code: 7 }, ["valid-calls"], ["valid-calls"], "exit status 7"],
    ["segfault", {}, ["valid-calls"], ["valid-calls"], "SIGSEGV"],
    ["alloc", { bytes: 65_536 }, ["memory"], ["memory"], "MiB more"],
  ])("%s %o fails where it should", { timeout }, async (method, params, only, failed, reason) => {
    const given = new Map([[`chaos.${method}`, { ...params }]]);
    const results = await checked(file(chaos), { given, only, patienceMs });
    expect(failedIds(results)).toEqual(failed);
    expect(results.find(({ status }) => status === "failed")).toMatchObject({
      reason: expect.stringContaining(reason),
    });
  });

  test("a call that is never answered fails in time, with advice", { timeout }, async () => {
    const given = new Map([["chaos.hang", {}]]);
    const results = await checked(file(chaos), { given, only: ["valid-calls"], patienceMs: 2000 });
    expect(results).toMatchObject([
      { id: "valid-calls", status: "failed", reason: "no answer to chaos.hang: nothing came for 2 s" },
    ]);
  });

  test.each<[args: string[], failed: string, reason: string]>([
    [["--never-read"], "initialize", "nothing came for 2 s"],
    [["--exit-in-handshake", "3"], "initialize", "exit status 3"],
    [["--protocol", "7"], "initialize", "-32001"],
    [["--bad-description"], "description", ""],
    [["--no-activate-answer"], "activate", "nothing came for 2 s"],
    [["--config-invalid"], "activate", "-32002"],
  ])(
    "%s fails before there is a call, and the rest is skipped",
    { timeout },
    async (args, failed, reason) => {
      const results = await checked(file(chaos), { args, patienceMs: 2000, only: ["initialize", "ping"] });
      expect(results.filter(({ status }) => status === "failed")).toMatchObject([
        { id: failed, reason: expect.stringContaining(reason) },
      ]);
      expect(results.at(-1)).toMatchObject({ id: "ping", status: "skipped", blockedBy: failed });
    },
  );
});
