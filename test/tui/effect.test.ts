import { expect, test } from "vitest";
import { BulkheadError } from "../../protocol/error.ts";
import { control, mapped, notice } from "../../src/tui/effect.ts";
import type { Effect } from "../../src/tui/effect.ts";

const wrap = (message: string) => ({ wrapped: message });
const error = BulkheadError.of("daemon_unreachable", "gone");

test("a message comes back in its envelope, whatever was asked", () => {
  const asked = mapped(
    control("plugin.list", undefined, ({ ok }) => `list ${ok}`),
    wrap,
  );
  if (asked.do !== "control") throw new Error(asked.do);
  expect(asked.reply?.({ ok: false, error })).toEqual({ wrapped: "list false" });

  const call: Effect<string> = {
    do: "call",
    call: { id: "1", target: "min/min.min", params: {}, isStream: false },
    reply: ({ id }) => `call ${id}`,
  };
  const called = mapped(call, wrap);
  if (called.do !== "call") throw new Error(called.do);
  expect(called.reply({ id: "1", elapsedMs: 0 })).toEqual({ wrapped: "call 1" });

  const log: Effect<string> = {
    do: "log",
    query: { lines: 10, follow: true },
    reply: (lines, isReset, dropped) => `${lines.length} ${isReset} ${dropped}`,
  };
  const followed = mapped(log, wrap);
  if (followed.do !== "log") throw new Error(followed.do);
  expect(followed.reply([], true, 3)).toEqual({ wrapped: "0 true 3" });
});

test("so does what is done after a question", () => {
  const asked: Effect<string> = {
    do: "confirm",
    question: "Really?",
    yes: control("plugin.stop", { plugin: "min" }, () => "stopped"),
  };
  const { yes } = mapped(asked, wrap) as Extract<Effect<{ wrapped: string }>, { do: "confirm" }>;
  if (yes.do !== "control") throw new Error(yes.do);
  expect(yes.reply?.({ ok: false, error })).toEqual({ wrapped: "stopped" });
});

test("what brings no message stays as it is", () => {
  const said = notice("good", "done");
  expect(mapped(said, wrap)).toBe(said);
  const silent = mapped(control("plugin.list", undefined), wrap);
  expect(silent).toMatchObject({ do: "control", reply: undefined });
});
