import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BulkheadError } from "../../protocol/error.ts";
import type { LogLine } from "../../protocol/state.ts";
import type { Client } from "../../src/client/client.ts";
import type { Effect } from "../../src/tui/effect.ts";
import { Runner } from "../../src/tui/runner.ts";
import type { Message } from "../../src/tui/state.ts";
import { logLine } from "./screens/samples.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Follow = (onLine: (line: LogLine) => void, signal: AbortSignal) => Promise<void>;

/** A runner over a daemon whose log is followed like that, the first time, the second time … */
function over(...follows: readonly Follow[]) {
  let asked = 0;
  const client = {
    follow: (_: string, __: unknown, onLine: (line: LogLine) => void, signal: AbortSignal) =>
      follows[asked++]?.(onLine, signal) ?? new Promise(() => undefined),
  } as unknown as Client;
  const told: Message[] = [];
  const now: { client: Client | undefined } = { client };
  const runner = new Runner({
    client: () => now.client,
    dispatch: (message) => told.push(message),
    desk: () => Promise.reject(new Error("no desk")),
    write: () => undefined,
    page: () => Promise.resolve(),
    suspend: () => Promise.resolve(),
    quit: () => undefined,
    losses: () => Promise.resolve([]),
  });
  return { runner, told, now, asked: () => asked };
}

const log: Effect<Message> = {
  do: "log",
  query: { plugin: "min", lines: 10, follow: true },
  reply: (lines, isReset) => ({ type: "screen", to: "plugin", message: [lines.length, isReset] }),
};
const overloaded: Follow = () =>
  Promise.reject(BulkheadError.of("too_large", "more came while the past was read than can be kept"));
const oneLine: Follow = (onLine) => {
  onLine(logLine("here"));
  return new Promise(() => undefined);
};

test("a log that came too fast to be followed is followed again a little later", async () => {
  const { runner, told, asked } = over(overloaded, oneLine);
  runner.run(log);
  await vi.advanceTimersByTimeAsync(10);
  expect(told).toMatchObject([{ type: "notice", tone: "bad" }]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(asked()).toBe(2);
  expect(told.at(-1)).toEqual({ type: "screen", to: "plugin", message: [1, true] });
  runner.close();
});

test("one that nobody looks at any more, or whose daemon has gone, is not", async () => {
  const left = over(overloaded);
  left.runner.run(log);
  await vi.advanceTimersByTimeAsync(10);
  left.runner.run({ do: "stop_log" });
  const gone = over(overloaded);
  gone.runner.run(log);
  gone.now.client = undefined;
  await vi.advanceTimersByTimeAsync(10_000);
  expect([left.asked(), gone.asked()]).toEqual([1, 1]);
});
