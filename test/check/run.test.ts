/** Each check on a plugin that keeps every rule, and on the same plugin with one fault. */
import path from "node:path";
import { describe, expect, test } from "vitest";
import { checks } from "../../src/check/checks.ts";
import { groups, summaryOf } from "../../src/check/check.ts";
import { checked, failedIds } from "./checked.ts";

const plugin = path.join(import.meta.dirname, "../fixtures/check/plugin.mjs");

/** For faults that show in that nothing comes. */
const silenceMs = 3000;

test("a plugin that keeps every rule passes every check", { timeout: 120_000 }, async () => {
  const results = await checked(plugin);
  expect(results.filter(({ status }) => status !== "passed")).toEqual([]);
  expect(results.map(({ id }) => id)).toEqual(checks.map(({ id }) => id));
});

test("a fault fails the check that is about it, and no other", { timeout: 120_000 }, async () => {
  const results = await checked(plugin, { args: ["print"] });
  expect(failedIds(results)).toEqual(["stdout"]);
  expect(summaryOf(results)).toEqual({ passed: checks.length - 1, failed: 1, warnings: 0, skipped: 0 });
  expect(results.find(({ id }) => id === "stdout")).toMatchObject({
    status: "failed",
    reason: expect.stringContaining("echoing"),
    fix: expect.stringContaining("descriptor 1"),
  });
});

describe("a plugin fails where it", () => {
  test.each<[fault: string, what: string, ...ids: string[]]>([
    ["version", "has a version that is none", "description"],
    ["same-names", "has two methods of one name", "description"],
    ["activate", "does not get ready", "activate"],
    ["random", "describes itself differently each time", "stable-description"],
    ["listens", "listens before it is activated", "no-side-effects"],
    ["opens", "opens a file before it is activated", "no-side-effects"],
    ["early-call", "calls its host before it is activated", "no-side-effects"],
    ["equal-protocol", "wants just its own protocol", "protocol-range"],
    ["any-protocol", "accepts any protocol", "incompatible-protocol"],
    ["once", "dies of a second initialize", "second-initialize"],
    ["config-kind", "wants a configuration of an unsupported kind", "config-schema"],
    ["any-config", "takes a wrong configuration", "config-invalid", "configure-invalid"],
    ["unknown", "answers an unknown method with another error", "unknown-method"],
    ["twice", "answers twice", "interleaved", "answers"],
    ["notifications", "answers notifications", "notifications"],
    ["characters", "counts characters instead of bytes", "unicode", "valid-messages"],
    ["int64", "takes no large integers", "int64"],
    ["crash", "crashes on what is no JSON", "not-json"],
    ["result", "answers with something else than it said", "valid-calls"],
    ["internal", "answers with an internal error", "valid-calls"],
    ["reserved", "answers with an error of the supervisor's", "valid-calls"],
    ["undeclared", "answers with an error that it has not declared", "declared-errors"],
    ["lax", "takes wrong params", "wrong-params"],
    ["no-path", "does not say where params are wrong", "wrong-params"],
    ["bulk-whole", "takes data for JSON", "bulk-frames"],
    ["bulk-range", "takes a range outside of the data", "bulk-calls"],
    ["text-only", "takes no bytes beside the JSON", "bulk-calls"],
    ["bulk-unasked", "answers with data that nobody asked for", "bulk-calls", "valid-messages"],
    ["bulk-reference", "refers to data that it does not send", "bulk-calls", "valid-messages"],
    ["progress", "reports progress in another form", "progress"],
    ["greedy", "sends items without credit", "stream-credit", "stream-rules"],
    ["seq", "counts items from 1", "stream-items", "stream-rules"],
    ["item", "sends items of another kind", "stream-items"],
    ["stream-result", "ends a stream with something else", "stream-result"],
    ["goes-on", "sends items after its answer", "stream-rules"],
    ["cursor", "begins anew whatever the cursor", "stream-cursor"],
    ["event", "answers an event with a value", "events"],
    ["needs-log", "dies when a service is refused", "refused-service"],
    ["parent", "names a parent that is none", "host-requests"],
    ["eager", "does not drain", "shutdown-drains"],
    ["status", "leaves with another status", "exit"],
    ["stays", "stays when its input ends", "exit", "end-ready", "end-in-frame"],
    ["terminal", "does not explain itself in a terminal", "terminal"],
    ["descriptors", "leaves files open", "descriptors"],
    ["leak", "keeps what it was sent", "memory"],
    ["binary-log", "logs bytes", "stderr"],
  ])("%s: %s", { timeout: 120_000 }, async (fault, _what, ...ids) => {
    const results = await checked(plugin, { args: [fault], only: ids });
    expect(failedIds(results)).toEqual(checks.map(({ id }) => id).filter((id) => ids.includes(id)));
  });

  test.concurrent.each<[fault: string, what: string, ...ids: string[]]>([
    ["busy", "does not answer ping while a call runs", "ping-busy"],
    ["no-cancel", "does not answer what was cancelled", "cancel", "stream-cancel"],
    ["ids", "turns ids into texts", "ids", "interleaved"],
    ["batch", "takes a batch", "batch"],
    ["header-case", "knows one spelling of a header only", "header-names"],
    ["one-frame", "takes one frame of each read", "frames-together"],
    ["tolerant", "goes on after a header without a length", "no-content-length"],
  ])("%s: %s", { timeout: 120_000 }, async (fault, _what, ...ids) => {
    const results = await checked(plugin, { args: [fault], only: ids, patienceMs: silenceMs });
    expect(failedIds(results)).toEqual(checks.map(({ id }) => id).filter((id) => ids.includes(id)));
  });
});

test("what builds on a check that failed is skipped, and says why", async () => {
  const results = await checked(plugin, { args: ["activate"], only: ["ping", "terminal"] });
  expect(results).toMatchObject([
    { id: "activate", status: "failed" },
    { id: "ping", status: "skipped", reason: "it could not be activated", blockedBy: "activate" },
    { id: "terminal", status: "passed" },
  ]);
});

test("what is said of bulk data is not asked of a plugin that does not offer it", async () => {
  const results = await checked(plugin, { args: ["no-bulk"], only: ["bulk-frames", "bulk-calls"] });
  expect(results.map(({ status }) => status)).toEqual(["skipped", "skipped"]);
});

test("a description that is wrong is refused with the place", async () => {
  const results = await checked(plugin, { args: ["version"], only: ["configure"] });
  expect(results).toMatchObject([
    { id: "description", status: "failed", reason: expect.stringContaining("/apis/0/version") },
    { id: "configure", status: "skipped" },
  ]);
});

test("a check that is not known is named, with the nearest one that is", async () => {
  await expect(checked(plugin, { only: ["pign"] })).rejects.toMatchObject({
    code: "usage",
    message: "there is no check pign; did you mean ping?",
  });
});

test("params that the author gives must be answered with a result", async () => {
  const given = new Map([["good.echo", { text: 5 }]]);
  const results = await checked(plugin, { only: ["valid-calls"], given });
  expect(results).toMatchObject([{ status: "failed", reason: expect.stringContaining("-32602") }]);
});

test("a run can be given up", async () => {
  const controller = new AbortController();
  const run = checked(plugin, {
    signal: controller.signal,
    onResult: () => controller.abort(new Error("enough")),
  });
  await expect(run).rejects.toThrow("enough");
});

test("each name stands for one check or group, and every check says what to do", () => {
  const names = [...checks.map(({ id }) => id), ...groups.map((group) => group.toLowerCase())];
  expect(new Set(names).size).toBe(names.length);
  for (const { fix } of checks) expect(fix).toMatch(/^[A-Z].*\.$/s);
});
