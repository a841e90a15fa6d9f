/**
 * All lives of one plugin as a pure machine. At most one session is *current* (calls go there), one a *candidate*
 * (on its way to ready), and any number *retiring* (finishing what they have).
 */
import type { ErrorCode } from "../../protocol/error.ts";
import type { Decision, PluginState } from "../../protocol/state.ts";

type Generation = number;

export interface Plugin {
  readonly state: PluginState;
  /** The reason for the state, in words. */
  readonly why: string;
  /** Last one given away. */
  readonly generation: Generation;
  readonly current: Generation | null;
  readonly candidate: Generation | null;
  readonly retiring: readonly Generation[];
  /** In `failed`: what would have to change. */
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null;
}

export type StopReason = "operator" | "reload" | "idle" | "supervisor";

export type PluginEvent =
  | { readonly type: "start"; readonly by: "operator" | "supervisor" | "call" }
  | { readonly type: "stop"; readonly by: "operator" | "idle" | "supervisor" }
  | { readonly type: "restart" }
  | { readonly type: "enable" }
  | { readonly type: "disable" }
  /** Its entry in the configuration changed, or its executable did: run the new one. */
  | { readonly type: "replace"; readonly exclusive: boolean; readonly why: string }
  | { readonly type: "ready"; readonly generation: Generation }
  | {
      readonly type: "gone";
      readonly generation: Generation;
      readonly decision: Decision;
      readonly message: string;
    }
  | { readonly type: "retry" };

export type PluginEffect =
  | { readonly type: "spawn"; readonly generation: Generation }
  | { readonly type: "stop_session"; readonly generation: Generation; readonly by: StopReason }
  | { readonly type: "set_retry"; readonly delayMs: number }
  | { readonly type: "clear_retry" }
  /** Calls that wait go to the current session. */
  | { readonly type: "release_calls" }
  /** Calls that wait are refused: nothing is going to serve them. */
  | { readonly type: "refuse_calls" };

export type PluginStep = readonly [Plugin, readonly PluginEffect[]];

export function newPlugin(generation: Generation, disabled: boolean): Plugin {
  return {
    state: disabled ? "disabled" : "idle",
    why: disabled ? "disabled by the operator" : "not started yet",
    generation,
    current: null,
    candidate: null,
    retiring: [],
    failure: null,
  };
}

export function pluginStep(plugin: Plugin, event: PluginEvent): PluginStep {
  switch (event.type) {
    case "start":
      return start(plugin, event.by);
    case "stop":
      return stop(plugin, event.by);
    case "restart":
      return restart(plugin);
    case "enable":
      return plugin.state === "disabled" ? [{ ...plugin, state: "idle", why: "enabled" }, []] : [plugin, []];
    case "disable":
      return disable(plugin);
    case "replace":
      return replace(plugin, event.exclusive, event.why);
    case "ready":
      return ready(plugin, event.generation);
    case "gone":
      return gone(plugin, event);
    case "retry":
      return plugin.state === "backoff" ? begin(plugin, plugin.why, []) : [plugin, []];
  }
}

function start(plugin: Plugin, by: "operator" | "supervisor" | "call"): PluginStep {
  switch (plugin.state) {
    case "idle":
      return begin(plugin, by === "call" ? "started by a call" : `started by the ${by}`, []);
    case "stopped":
    case "failed":
    case "backoff":
      return by === "operator"
        ? begin(plugin, "started by the operator", [{ type: "clear_retry" }])
        : [plugin, []];
    case "starting":
    case "serving":
    case "disabled":
      return [plugin, []];
  }
}

function stop(plugin: Plugin, by: "operator" | "idle" | "supervisor"): PluginStep {
  if (plugin.state === "disabled") return [plugin, []];
  if (by === "idle") {
    return plugin.state === "serving"
      ? settle(plugin, "idle", "stopped for want of calls", "idle")
      : [plugin, []];
  }
  return settle(plugin, "stopped", `stopped by the ${by}`, by);
}

function disable(plugin: Plugin): PluginStep {
  return plugin.state === "disabled"
    ? [plugin, []]
    : settle(plugin, "disabled", "disabled by the operator", "operator");
}

/** An operator's restart is in place: the old process is gone before the new one begins. */
function restart(plugin: Plugin): PluginStep {
  if (plugin.state === "disabled") return [plugin, []];
  const [retired, effects] = retire(plugin, "operator");
  return begin(retired, "restarted by the operator", [{ type: "clear_retry" }, ...effects]);
}

function replace(plugin: Plugin, exclusive: boolean, why: string): PluginStep {
  switch (plugin.state) {
    case "serving": {
      if (exclusive) {
        const [retired, effects] = retire(plugin, "reload");
        return begin(retired, why, effects);
      }
      // The old one serves until the new one is ready: nothing is dropped.
      const [dropped, effects] = retireCandidate(plugin, "reload");
      return spawn({ ...dropped, why }, effects);
    }
    case "starting": {
      const [dropped, effects] = retireCandidate(plugin, "reload");
      return begin(dropped, why, effects);
    }
    case "backoff":
    case "failed":
      return begin(plugin, why, [{ type: "clear_retry" }]);
    case "idle":
    case "stopped":
    case "disabled":
      return [plugin, []];
  }
}

function ready(plugin: Plugin, generation: Generation): PluginStep {
  if (plugin.candidate !== generation) return [plugin, []];
  const old = plugin.current;
  const next: Plugin = {
    ...plugin,
    state: "serving",
    why: "ready",
    current: generation,
    candidate: null,
    retiring: old === null ? plugin.retiring : [...plugin.retiring, old],
    failure: null,
  };
  const retireOld: PluginEffect[] =
    old === null ? [] : [{ type: "stop_session", generation: old, by: "reload" }];
  return [next, [{ type: "release_calls" }, ...retireOld]];
}

function gone(plugin: Plugin, event: Extract<PluginEvent, { type: "gone" }>): PluginStep {
  const { generation } = event;
  if (plugin.retiring.includes(generation)) {
    const left = { ...plugin, retiring: plugin.retiring.filter((each) => each !== generation) };
    return left.state === "starting" && left.candidate === null ? begin(left, left.why, []) : [left, []];
  }
  if (plugin.candidate === generation) {
    const left: Plugin = { ...plugin, candidate: null };
    // A reload that failed: the old session never stopped serving.
    if (left.current !== null) return [{ ...left, why: `still the old one: ${event.message}` }, []];
    return follow(left, event.decision, event.message);
  }
  if (plugin.current === generation) {
    const left: Plugin = { ...plugin, current: null };
    if (left.candidate !== null) return [{ ...left, state: "starting", why: event.message }, []];
    return follow(left, event.decision, event.message);
  }
  return [plugin, []];
}

function follow(plugin: Plugin, decision: Decision, message: string): PluginStep {
  switch (decision.action) {
    case "restart":
      return [
        { ...plugin, state: "backoff", why: decision.why },
        // In this order: who is refused is told when to try again.
        [{ type: "set_retry", delayMs: decision.delayMs }, { type: "refuse_calls" }],
      ];
    case "give_up":
      return [
        { ...plugin, state: "failed", why: decision.why, failure: { code: decision.code, message } },
        [{ type: "refuse_calls" }],
      ];
    case "none":
      return [{ ...plugin, state: "idle", why: decision.why }, [{ type: "refuse_calls" }]];
  }
}

/** To `starting`. Only a reload lets two processes run at once: any other start waits until the old ones are gone. */
function begin(plugin: Plugin, why: string, effects: readonly PluginEffect[]): PluginStep {
  const starting: Plugin = { ...plugin, state: "starting", why, failure: null };
  return starting.retiring.length > 0 ? [starting, effects] : spawn(starting, effects);
}

function spawn(plugin: Plugin, effects: readonly PluginEffect[]): PluginStep {
  const generation = plugin.generation + 1;
  return [{ ...plugin, generation, candidate: generation }, [...effects, { type: "spawn", generation }]];
}

/** To a state in which nothing runs. */
function settle(plugin: Plugin, state: PluginState, why: string, by: StopReason): PluginStep {
  const [retired, effects] = retire(plugin, by);
  return [
    { ...retired, state, why, failure: null },
    [{ type: "clear_retry" }, { type: "refuse_calls" }, ...effects],
  ];
}

function retire(plugin: Plugin, by: StopReason): PluginStep {
  const leaving = [plugin.current, plugin.candidate].filter((each) => each !== null);
  return [
    { ...plugin, current: null, candidate: null, retiring: [...plugin.retiring, ...leaving] },
    leaving.map((generation) => ({ type: "stop_session", generation, by })),
  ];
}

function retireCandidate(plugin: Plugin, by: StopReason): PluginStep {
  if (plugin.candidate === null) return [plugin, []];
  return [
    { ...plugin, candidate: null, retiring: [...plugin.retiring, plugin.candidate] },
    [{ type: "stop_session", generation: plugin.candidate, by }],
  ];
}
