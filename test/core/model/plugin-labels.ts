/** The real machine of all lives in the words of the model. */
import type { Decision } from "../../../protocol/state.ts";
import type { Plugin, PluginEvent } from "../../../src/core/plugin-state.ts";
import type { EventLabel, Label } from "./plugin.model.ts";

const decisions: Readonly<Record<Decision["action"], Decision>> = {
  restart: { action: "restart", delayMs: 500, attempt: 1, why: "1st failure" },
  give_up: { action: "give_up", code: "crash_loop", why: "too often" },
  none: { action: "none", why: "left by itself" },
};

export function labelOf({ state, candidate, current }: Plugin): Label {
  if (state === "starting" && candidate === null) return "waiting";
  return state === "serving" && current !== null && candidate !== null ? "replacing" : state;
}

/** What an event is called, by what it meets; null: it is of a session that the machine does not know. */
export function eventLabel(plugin: Plugin, event: PluginEvent): EventLabel | null {
  switch (event.type) {
    case "start":
      return `start by ${event.by}`;
    case "stop":
      return `stop by ${event.by}`;
    case "replace":
      return event.exclusive ? "replace, exclusive" : "replace";
    case "ready":
      return plugin.candidate === event.generation ? "ready" : null;
    case "gone":
      if (plugin.retiring.includes(event.generation)) return "retiring gone";
      if (plugin.candidate === event.generation) return `candidate gone: ${event.decision.action}`;
      return plugin.current === event.generation ? `current gone: ${event.decision.action}` : null;
    default:
      return event.type;
  }
}

/** Every event that can come there. */
export function eventsIn({ candidate, current, retiring }: Plugin): PluginEvent[] {
  const actions = Object.values(decisions);
  const gone = (generation: number | null, some = actions): PluginEvent[] =>
    generation === null
      ? []
      : some.map((decision) => ({ type: "gone", generation, decision, message: "crashed" }));
  return [
    ...(["operator", "supervisor", "call"] as const).map((by) => ({ type: "start", by }) as const),
    ...(["operator", "idle", "supervisor"] as const).map((by) => ({ type: "stop", by }) as const),
    ...(["restart", "enable", "disable", "retry"] as const).map((type) => ({ type })),
    ...[true, false].map((exclusive) => ({ type: "replace", exclusive, why: "changed" }) as const),
    ...[candidate, current, ...retiring]
      .filter((each) => each !== null)
      .map((generation) => ({ type: "ready", generation }) as const),
    ...gone(candidate),
    ...gone(current),
    ...retiring.flatMap((each) => gone(each)),
    // Nobody it knows.
    { type: "ready", generation: 0 },
    ...gone(0),
  ];
}

/** The same with generations counted from the oldest that lives: what came before does not matter. */
export function canonical(plugin: Plugin): Plugin {
  const { current, candidate, retiring } = plugin;
  const live = [current, candidate, ...retiring].filter((each) => each !== null).sort((a, b) => a - b);
  const name = (generation: number): number => live.indexOf(generation) + 1;
  const nameOrNull = (generation: number | null) => (generation === null ? null : name(generation));
  return {
    ...plugin,
    why: "",
    generation: live.length,
    current: nameOrNull(current),
    candidate: nameOrNull(candidate),
    retiring: retiring.map(name).sort((a, b) => a - b),
    failure: plugin.failure === null ? null : { code: plugin.failure.code, message: "" },
  };
}
