/** On a connection that only looks, no key asks the daemon for what it would refuse. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { access } from "../../protocol/control.ts";
import type { Effect } from "../../src/tui/effect.ts";
import { initialState, update } from "../../src/tui/state.ts";
import type { AppState, Message } from "../../src/tui/state.ts";
import type { News } from "../../src/tui/facts.ts";
import { crashReport, factsOf, pluginStatus, readOnly, up } from "./samples.ts";
import { describedAs } from "./screens/samples.ts";

const known: readonly News[] = [
  up,
  {
    type: "plugins",
    plugins: [
      pluginStatus("chaos", { calls: { inFlight: 1, waiting: 0, answered: 0, failed: 0 } }),
      pluginStatus("off", { state: "disabled" }),
      pluginStatus("broken", { state: "failed" }),
    ],
  },
  { type: "reports", reports: [crashReport("chaos-1-k3f9")] },
  {
    type: "described",
    plugin: "chaos",
    described: { ok: true, value: describedAs("chaos", [{ name: "panic", params: { type: "object" } }]) },
  },
];

const started = (...news: readonly News[]): AppState =>
  initialState({ columns: 80, rows: 24 }, factsOf(...known, ...news));

/** What the daemon would be asked for that changes something; questions are answered with yes. */
function changes(effect: Effect<Message>): readonly string[] {
  if (effect.do === "confirm") return changes(effect.yes);
  if (effect.do === "call") return [effect.call.target];
  return effect.do === "control" && access[effect.method] === "change" ? [effect.method] : [];
}

function pressed(state: AppState, names: readonly string[]): readonly string[] {
  let now = state;
  return names.flatMap((name) => {
    const key = { name, text: name.length === 1 ? name : "" };
    const { state: next, effects } = update(now, { type: "key", key });
    now = next;
    return effects.flatMap(changes);
  });
}

describe("restarting, stopping and calling", () => {
  const ways = [
    ["r", "y"],
    ["S", "y"],
    ["4", "r", "y"],
    ["enter", "r", "y"],
    ["3", "esc", "enter", "ctrl+s"],
    ["c", "enter", "ctrl+s"],
    [":", ...Array.from("restart chaos"), "enter", "y"],
  ];

  test.each(ways)("is done by %s %s …", (...keys) => {
    expect(pressed(started(), keys)).not.toEqual([]);
  });

  test.each(ways)("is not done by %s %s … where the connection is read-only", (...keys) => {
    expect(pressed(started(readOnly), keys)).toEqual([]);
  });
});

test("whatever is pressed, nothing is asked that a read-only connection is refused", () => {
  const named = ["enter", "esc", "tab", "shift+tab", "up", "down", "space"];
  const chords = ["ctrl+s", "ctrl+r", "ctrl+l", "alt+h"];
  const names = [...Array.from("123456:?/jkGgcrRsSdEexlnpyaqwtfmhHi[]"), ...named, ...chords];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...names), { maxLength: 40 }), (keys) => {
      expect(pressed(started(readOnly), keys)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
