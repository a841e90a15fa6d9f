/** The machine of all lives against its model: every event in every state that can be reached with few leaving processes. */
import { describe, expect, test } from "vitest";
import { newPlugin, pluginStep } from "../../../src/core/plugin-state.ts";
import type { Plugin, PluginEffect } from "../../../src/core/plugin-state.ts";
import { canonical, eventLabel, eventsIn, labelOf } from "./plugin-labels.ts";
import { table } from "./plugin.model.ts";
import type { Label, Row } from "./plugin.model.ts";

/** How many may be leaving at once here: enough for every shape, and for the difference between the last and another. */
const mostRetiring = 3;

function reachable(): Plugin[] {
  const found = new Map<string, Plugin>();
  const add = (plugin: Plugin): void => {
    const one = canonical(plugin);
    const key = JSON.stringify(one);
    if (one.retiring.length <= mostRetiring && !found.has(key)) found.set(key, one);
  };
  add(newPlugin(0, false));
  add(newPlugin(0, true));
  for (const plugin of found.values()) {
    for (const event of eventsIn(plugin)) add(pluginStep(plugin, event)[0]);
  }
  return [...found.values()];
}

const states = reachable();

function expectedLabel(before: Label, row: Row | undefined, leaving: number): Label {
  if (row === undefined) return before;
  if (row.to !== "begin") return row.to;
  return leaving > 0 ? "waiting" : "starting";
}

const stopsOf = (effects: readonly PluginEffect[]): number[] =>
  effects.flatMap((effect) => (effect.type === "stop_session" ? [effect.generation] : []));

const has = (effects: readonly PluginEffect[], type: PluginEffect["type"]): boolean =>
  effects.some((effect) => effect.type === type);

describe("every event in every state that can be reached", () => {
  test("reaches each state of the model, and no other", () => {
    expect(new Set(states.map(labelOf))).toEqual(new Set(Object.keys(table)));
  });

  test.each(Object.keys(table))("in %s: does what the model says", (label) => {
    for (const plugin of states.filter((each) => labelOf(each) === label)) {
      for (const event of eventsIn(plugin)) {
        const name = eventLabel(plugin, event);
        const row = name === null ? undefined : table[labelOf(plugin)][name];
        const [next, effects] = pluginStep(plugin, event);
        const ends = (row?.ends ?? []).map((which) => plugin[which]);
        const left = event.type === "gone" ? event.generation : null;
        const leaving = [...plugin.retiring.filter((each) => each !== left), ...ends];
        const to = expectedLabel(labelOf(plugin), row, leaving.length);
        const spawns = row?.spawns === true || (row?.to === "begin" && to === "starting");
        // A retry that was set and is not wanted any more; clearing none does no harm.
        const leavesBackoff = label === "backoff" && to !== "backoff" && event.type !== "retry";
        expect({
          plugin,
          event,
          to: labelOf(next),
          ends: stopsOf(effects),
          leaving: new Set(next.retiring),
          spawned: next.generation - plugin.generation,
          spawns: has(effects, "spawn"),
          released: has(effects, "release_calls"),
          refused: has(effects, "refuse_calls"),
          retry: has(effects, "set_retry"),
          noRetry: leavesBackoff && has(effects, "clear_retry"),
        }).toEqual({
          plugin,
          event,
          to,
          ends,
          leaving: new Set(leaving),
          spawned: spawns ? 1 : 0,
          spawns,
          released: row?.calls === "released",
          refused: row?.calls === "refused",
          retry: row?.to === "backoff",
          noRetry: leavesBackoff,
        });
      }
    }
  });
});
