/** Too much of something, and not taking what is sent. */
import { act, answered, endures, lost, refused, timedOut, violation } from "../behaviour.ts";
import type { Behaviour } from "../behaviour.ts";

const frame = (json: string): string[] => ["frame", json];
const many = (count: number, ...deed: string[]): string[] => ["repeat", String(count), ...deed];
const kibibyte = "z".repeat(1024);

/** For ever, until an operator stops it. */
const endless = (name: string, ...deed: string[]): Behaviour => ({
  name: `${name}, for ever`,
  does: act("repeat", "0", ...deed),
  asked: { kind: "stopped" },
  sees: { error: "plugin_unavailable", settlement: "maybe_executed" },
  report: null,
  state: "stopped",
});

const progress = frame(
  '{"jsonrpc":"2.0","method":"$/progress","params":{"id":%i,"value":{"message":"on it"}}}',
);
const notification = frame('{"jsonrpc":"2.0","method":"news","params":{"text":"old"}}');
const request = frame('{"jsonrpc":"2.0","id":1,"method":"host.storage.get","params":{"key":"a"}}');

export const floods: readonly Behaviour[] = [
  endures("200,000 notifications", [...many(200_000, ...notification), "answer"]),
  endures("20,000 reports of progress", [...many(20_000, ...progress), "answer"]),
  endures("100,000 cancellations", [
    ...many(100_000, ...frame('{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}')),
    "answer",
  ]),
  endures("100,000 answers", [...many(100_000, "answer")]),
  endures("1000 batches", [...many(1000, ...frame("[]")), "answer"]),
  endures("32 MiB on stdout that is no frame", [...many(32 * 1024, "say", kibibyte), "answer"]),
  endures("300,000 lines on stdout that are no frames", [...many(300_000, "say", "y\\n"), "answer"]),
  endures("32 MiB on stderr without a line end", [...many(32 * 1024, "cry", kibibyte), "answer"]),
  endures("300,000 empty lines on stderr", [...many(300_000, "cry", "\\n"), "answer"]),
  endures("300,000 lines on stderr", [...many(300_000, "cry", `${"w".repeat(80)}\\n`), "answer"]),
  endures("100,000 lines of JSON on stderr", [
    ...many(100_000, "cry", '{"level":"fatal","msg":"\\\\u001b[2J","__proto__":{"a":1}}\\n'),
    "answer",
  ]),
  endures("control characters and half characters on stderr", [
    ...many(10_000, "cry", "\\x1b[2J\\x1b]0;owned\\x07\\r\\xff\\xc3\\0\\xe2\\x80\\xae\\n"),
    "answer",
  ]),
  endless("notifications", ...notification),
  endless("progress", ...progress),
  endless("stderr", "cry", `${kibibyte}\\n`),
  endless("stdout that is no frame", "say", kibibyte),
  {
    name: "4000 requests that it has no right to",
    does: act(...many(4000, ...request), "answer"),
    sees: answered,
    report: null,
    state: "serving",
  },
  {
    name: "requests for ever, and it reads no answers",
    does: act("repeat", "0", ...request),
    limits: { frame: "1MiB" },
    sees: lost,
    report: violation("does_not_read"),
    state: "failed",
  },
  {
    name: "batches for ever, and it reads no refusals",
    does: act("repeat", "0", ...frame("[]")),
    limits: { frame: "1MiB" },
    sees: lost,
    report: violation("does_not_read"),
    state: "failed",
  },
  {
    name: "log lines for ever through its host",
    does: act(
      "repeat",
      "0",
      ...frame('{"jsonrpc":"2.0","id":1,"method":"host.log","params":{"level":"info","msg":"old"}}'),
    ),
    entry: ['services = ["host.log"]'],
    limits: { frame: "1MiB" },
    sees: lost,
    report: violation("does_not_read"),
    state: "failed",
  },
  {
    name: "5000 values into its storage at once, under one id",
    does: act(
      ...many(
        5000,
        ...frame('{"jsonrpc":"2.0","id":1,"method":"host.storage.set","params":{"key":"a","value":1}}'),
      ),
    ),
    entry: ['services = ["host.storage"]'],
    sees: lost,
    report: violation("duplicate_request"),
    state: "failed",
  },
  {
    name: "items for ever, with credit for two",
    does: [
      "hostile.watch",
      "repeat",
      "0",
      ...frame('{"jsonrpc":"2.0","method":"$/item","params":{"id":%i,"seq":0,"value":0}}'),
    ],
    asked: { kind: "stream", credit: 2 },
    sees: lost,
    report: violation("item_out_of_order"),
    state: "failed",
  },
  {
    name: "reads nothing after its start",
    does: ["activate", "answer", "flush", "deaf"],
    timeouts: { call: "100ms" },
    sees: timedOut,
    report: null,
    state: "serving",
  },
  {
    name: "reads nothing, and half of its window is full",
    does: ["activate", "answer", "flush", "deaf"],
    timeouts: { call: "100ms" },
    limits: { in_flight: 8 },
    asked: { kind: "calls", count: 4, bytes: 10 },
    sees: timedOut,
    report: { class: "transient", reason: "hung" },
    state: "failed",
  },
  {
    name: "reads nothing, and is sent more than a pipe holds",
    does: ["activate", "answer", "flush", "deaf"],
    timeouts: { call: "200ms" },
    asked: { kind: "calls", count: 16, bytes: 1_000_000 },
    sees: timedOut,
    report: null,
    state: "serving",
  },
  {
    name: "reads nothing at all",
    does: ["start", "deaf"],
    timeouts: { handshake: "300ms" },
    sees: refused,
    report: { class: "transient", reason: "start_failure handshake_timeout" },
    state: "failed",
  },
];
