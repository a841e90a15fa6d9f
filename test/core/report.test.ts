import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EndCause, LostCall, ProcessExit } from "../../protocol/state.ts";
import { classify } from "../../src/core/policy.ts";
import { examine, type Facts, report, summarise } from "../../src/core/report.ts";
import { samples } from "./report.samples.ts";

const folder = new URL("../fixtures/stderr/", import.meta.url);
const tail = (name: string) => readFileSync(new URL(`${name}.txt`, folder), "utf8").split("\n");

const status = (code: number): ProcessExit => ({ code, signal: null, core: false });
const killed = (signal: string, core = false): ProcessExit => ({ code: null, signal, core });
const exited: EndCause = { kind: "exit" };

const facts: Facts = {
  id: "chaos-7-k3f9",
  plugin: "chaos",
  generation: 7,
  at: 1_800_000_000_000,
  cause: exited,
  exit: status(101),
  pid: 4711,
  uptimeMs: 5000,
  readyMs: 4900,
  stderrTail: tail("rust-main"),
  messages: [{ beforeMs: 3, direction: "to_plugin", bytes: 40, head: '{"jsonrpc":"2.0"' }],
  lostCalls: [{ method: "chaos.die", settlement: "maybe_executed", ageMs: 3 }],
  executable: { path: "/opt/chaos", sha256: "ab".repeat(32) },
  version: "1.2.3",
  profile: "debug",
  class: "transient",
  decision: { action: "restart", delayMs: 500, attempt: 1, why: "1st failure in 10 minutes; waiting 0.5 s" },
};

describe("what real runtimes write when they die is read", () => {
  test.each(samples)("$name: $summary", ({ name, end, summary, panic = null, diagnosis = null }) => {
    const exit = typeof end === "number" ? status(end) : killed(end);
    const lines = tail(name);
    expect(examine(lines, exit)).toEqual({ panic, diagnosis });
    expect(report({ ...facts, exit, stderrTail: lines })).toMatchObject({ summary, panic, diagnosis });
  });

  test("every sample is listed", () => {
    const files = readdirSync(folder).filter((file) => file.endsWith(".txt"));
    expect(samples.map(({ name }) => `${name}.txt`).sort()).toEqual(files.sort());
  });

  test("a want of memory is classed as such", () => {
    const starved = samples.filter(({ name, end }) => {
      const exit = typeof end === "number" ? status(end) : killed(end);
      return classify(exited, exit, examine(tail(name), exit).diagnosis) === "resource";
    });
    expect(starved.map(({ name }) => name).sort()).toEqual([
      "cpp-alloc",
      "node-memory",
      "python-memory",
      "rust-oom",
    ]);
  });
});

test("a plugin that goes down with its guard is not taken for one in want of memory", () => {
  const lost: ProcessExit = { ...killed("SIGKILL"), guardLost: true };
  expect(classify(exited, lost)).toBe("transient");
  expect(classify(exited, killed("SIGKILL"))).toBe("resource");
});

test("a report holds the facts, and what was found in them", () => {
  const made = report(facts);
  const { lostCalls: _, ...same } = facts;
  expect(made).toMatchObject(same);
  expect(made.panic).toMatchObject({ thread: "main", file: "src/main.rs", line: 26, column: 32 });
  expect(made.summary).toBe(
    "panicked at src/main.rs:26:32: index out of bounds: the len is 3 but the index is 7",
  );
  expect(made.durable).toBe(false);
});

test("a hundred lost calls are listed, all are counted", () => {
  const lostCalls = Array.from({ length: 1000 }, (_, i): LostCall => ({
    method: `m.${i}`,
    settlement: "not_sent",
    ageMs: i,
  }));
  const made = report({ ...facts, lostCalls });
  expect(made.lostCalls).toEqual(lostCalls.slice(0, 100));
  expect(made.lostCallCount).toBe(1000);
});

const failed = (code: "exited_in_handshake" | "incompatible_protocol", message: string): EndCause => ({
  kind: "start_failure",
  failure: { code, message },
});

describe("the summary tells the most telling fact", () => {
  const nothing = { panic: null, diagnosis: null };
  const panic = { thread: "main", message: "boom", file: "src/a.rs", line: 1, column: 2 };
  const found = { panic, diagnosis: { kind: "assertion failed", message: "x" } };

  test.each([
    [
      "a violation before everything",
      { kind: "violation", reason: "bad_content_length", detail: '"12abc" is not a number' } as const,
      killed("SIGKILL"),
      found,
      'broke the wire\'s rules: bad_content_length: "12abc" is not a number',
    ],
    [
      "a hang before the signal that ended it",
      { kind: "hung", detail: "2048 of 4096 calls are overdue" } as const,
      killed("SIGKILL"),
      nothing,
      "hung: 2048 of 4096 calls are overdue",
    ],
    [
      "a failure to start, in its own words",
      failed("incompatible_protocol", "it speaks protocol 2, we speak 1"),
      status(0),
      found,
      "it speaks protocol 2, we speak 1",
    ],
    [
      "and in the process's, when it left during the handshake",
      failed("exited_in_handshake", "exited with status 101 in the handshake"),
      status(101),
      found,
      "exited with status 101 in the handshake: panicked at src/a.rs:1:2: boom",
    ],
    ["a panic before a diagnosis", exited, killed("SIGABRT"), found, "panicked at src/a.rs:1:2: boom"],
    [
      "a diagnosis before the signal",
      exited,
      killed("SIGABRT"),
      { ...found, panic: null },
      "assertion failed: x",
    ],
    [
      "a fault before a survived panic",
      exited,
      killed("SIGBUS"),
      found,
      "killed by SIGBUS (bus error) after: panicked at src/a.rs:1:2: boom",
    ],
    [
      "a signal, and the core",
      exited,
      killed("SIGSEGV", true),
      nothing,
      "killed by SIGSEGV (segmentation fault), core dumped",
    ],
    [
      "the guard's end before the plugin's, and what the plugin said of it",
      exited,
      { ...killed("SIGKILL"), guardLost: true as const },
      { ...found, panic: null },
      "its guard was killed, and it with it, after: assertion failed: x",
    ],
    ["an exit status", exited, status(3), nothing, "exited with status 3"],
    ["nothing, when nothing is known", exited, null, nothing, "gone; nothing is known of its exit"],
    [
      "a request",
      { kind: "requested", by: "operator" } as const,
      status(0),
      nothing,
      "stopped on request (operator)",
    ],
  ])("%s", (_, cause: EndCause, exit, findings, summary) => {
    expect(summarise(cause, exit, findings)).toBe(summary);
  });

  test("the compiler's own paths are shortened", () => {
    const file = `/rustc/${"5a".repeat(20)}/library/core/src/panicking.rs`;
    const findings = { panic: { ...panic, file }, diagnosis: null };
    expect(summarise(exited, status(101), findings)).toBe(
      "panicked at library/core/src/panicking.rs:1:2: boom",
    );
  });
});

test("a panic that the process survived is not blamed for what came later", () => {
  const note = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
  const lines = [
    "",
    "thread 'main' panicked at src/a.rs:1:2:",
    "survived",
    note,
    "serving on",
    "free(): invalid size",
  ];
  expect(examine(lines, killed("SIGABRT"))).toEqual({
    panic: null,
    diagnosis: { kind: "heap corruption", message: "free(): invalid size" },
  });
});

describe("no text on stderr can break a report", () => {
  const real = samples.flatMap(({ name }) => tail(name));
  const line = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...real) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 100 }) },
    { weight: 1, arbitrary: fc.constantFrom(...real).map((text) => text.slice(0, text.length / 2)) },
    { weight: 1, arbitrary: fc.constantFrom(...real).map((text) => `${text}\u202E\u001B[2J\r`) },
  );
  const end = fc.constantFrom(
    null,
    status(0),
    status(1),
    status(139),
    killed("SIGABRT"),
    killed("SIGSEGV", true),
  );
  const cause = fc.oneof(
    fc.constant(exited),
    fc.string({ unit: "binary" }).map((detail): EndCause => ({ kind: "hung", detail })),
    fc.string({ unit: "binary" }).map((detail): EndCause => ({ kind: "violation", reason: "noise", detail })),
    fc.string({ unit: "binary" }).map((message): EndCause => ({
      kind: "start_failure",
      failure: { code: "handshake_failed", message },
    })),
  );

  test("lines of real reports, in any order, cut and mixed with anything", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), end, cause, (stderrTail, exit, cause) => {
        const { summary, panic, diagnosis } = report({ ...facts, stderrTail, exit, cause });
        expect(summary.length).toBeGreaterThan(0);
        expect(summary.length).toBeLessThanOrEqual(200);
        expect(summary).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        const lines = [panic, diagnosis].flatMap((place) => place?.line ?? []);
        expect(lines.every(Number.isSafeInteger)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("huge lines, and very many", () => {
    const huge = "thread 'a' panicked at ".repeat(50_000);
    expect(() => report({ ...facts, stderrTail: [huge, `${huge}src/main.rs:1:1:`, "boom"] })).not.toThrow();
    const many = Array.from({ length: 100_000 }, () => "thread 'a' panicked at 'b");
    expect(report({ ...facts, stderrTail: [...many, ...tail("rust-main")] }).panic?.line).toBe(26);
  });
});
