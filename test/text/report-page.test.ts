import { describe, expect, test } from "vitest";
import type { CrashReport } from "../../protocol/state.ts";
import { eventWords } from "../../src/text/event-words.ts";
import { causeWords, decisionWords, reportLines } from "../../src/text/report-page.ts";

const plain = (_: unknown, text: string): string => text;

const report: CrashReport = {
  id: "chaos-7-k3f9",
  plugin: "chaos",
  generation: 7,
  at: 0,
  summary: "SIGSEGV",
  class: "transient",
  cause: { kind: "exit" },
  exit: { code: null, signal: "SIGSEGV", core: true, userMicros: 1_500_000, peakMemoryBytes: 2 * 1024 ** 2 },
  pid: 4711,
  uptimeMs: 61_000,
  readyMs: null,
  panic: null,
  diagnosis: { kind: "assertion failed", message: "n > 0", file: "a.c", line: 3 },
  stderrTail: ["last words\u0007"],
  messages: [{ beforeMs: 20, direction: "from_plugin", bytes: 5000, head: '{"a":"\u001b[2J' }],
  lostCalls: [
    { method: "chaos.die", settlement: "not_sent", ageMs: 5 },
    {
      method: "chaos.log",
      settlement: "maybe_executed",
      ageMs: 7,
      params: { kept: "whole", text: '{"key":"(secret)"}', secrets: ["/key"], dataBytes: 2048 },
    },
    {
      method: "chaos.long",
      settlement: "maybe_executed",
      ageMs: 9,
      params: { kept: "head", head: '{"a":"\u001b', bytes: 70_000, dataBytes: 0 },
    },
  ],
  lostCallCount: 5,
  executable: { path: "/bin/chaos", sha256: null },
  version: null,
  profile: "debug",
  decision: { action: "give_up", code: "crash_loop", why: "9 failures in 10 minutes" },
  durable: false,
};

describe("a report's page", () => {
  const page = reportLines(report, plain).join("\n");

  test.each([
    "chaos-7-k3f9 (not yet on disk)",
    "chaos (version unknown), life 7",
    "1m 1s, never ready",
    "SIGSEGV, core dumped",
    "1s of CPU time, 2 MiB of memory at most",
    "assertion failed: n > 0 at a.c:3",
    "5 calls:\n  chaos.die  not sent, 5ms after it was sent\n  chaos.log  may have been executed, 7ms after",
    '\n    {"key":"(secret)"}\n    without its secrets: /key\n    and 2 KiB of data, not kept\n',
    String.raw`    {"a":"\u{1b}… (68.4 KiB, not kept whole)`,
    "\n  and 2 more",
    "given up [crash_loop]: 9 failures in 10 minutes",
    String.raw`   -20ms <- {"a":"\u{1b}[2J… (4.9 KiB)`,
    String.raw`last words\u{7}`,
  ])("says %j", (text) => expect(page).toContain(text));
});

test("each cause and decision has its words", () => {
  expect(causeWords({ kind: "hung", detail: "2048 abandoned calls" })).toBe(
    "hung, so it was killed: 2048 abandoned calls",
  );
  expect(causeWords({ kind: "violation", reason: "bad_json", detail: "at byte 3" })).toBe(
    "broke the wire's rules (bad_json): at byte 3",
  );
  const failure = { code: "incompatible_protocol", message: "too new", detail: { offered: 2 } } as const;
  expect(causeWords({ kind: "start_failure", failure })).toBe(
    'could not start: too new [incompatible_protocol] {"offered":2}',
  );
  const restart = { action: "restart", delayMs: 500, attempt: 2, why: "2nd failure" } as const;
  expect(decisionWords(restart)).toBe("restart 2 after 500ms: 2nd failure");
  expect(decisionWords(restart, true)).toBe("restart in 500ms");
});

test("an event says what happened in one line", () => {
  const crash = {
    type: "session.crash",
    plugin: "chaos",
    generation: 7,
    report: "chaos-7",
    summary: "SIGSEGV",
    class: "transient",
    lostCalls: 2,
    durable: true,
    seq: 1,
    at: 0,
  } as const;
  expect(eventWords(crash)).toBe("crashed (transient): SIGSEGV, 2 calls lost (bulkhead crashes chaos-7)");
});
