/** Which plugins are shown, in which order, and which one is under the cursor. Pure. */
import type { PluginStats } from "../../../../protocol/control-results.ts";
import type { PluginState, PluginStatus } from "../../../../protocol/state.ts";
import { noFilter, passes } from "../../parts/filter.ts";
import type { Filter } from "../../parts/filter.ts";
import { listTop, movedList, placed } from "../../parts/list.ts";
import type { ListPosition, Move } from "../../parts/list.ts";
import type { Scene } from "../../screen.ts";

export const orders = ["configuration", "state", "calls", "p99", "errors", "memory", "crash"] as const;
export type Order = (typeof orders)[number];

export interface PluginsState {
  readonly filter: Filter;
  readonly order: Order;
  /** The plugin under the cursor, wherever it is in the list now; null: whichever is there. */
  readonly selected: string | null;
  readonly position: ListPosition;
}

export const initialPlugins: PluginsState = {
  filter: noFilter,
  order: "configuration",
  selected: null,
  position: listTop,
};

/** What needs somebody first. */
const urgency: Readonly<Record<PluginState, number>> = {
  failed: 0,
  backoff: 1,
  starting: 2,
  serving: 3,
  idle: 4,
  stopped: 5,
  disabled: 6,
};

type Weight = (status: PluginStatus, stats: PluginStats | undefined) => number;

/** The greatest first. */
const weights: Readonly<Record<Exclude<Order, "configuration">, Weight>> = {
  state: ({ state }) => -urgency[state],
  calls: (_, stats) => (stats === undefined ? 0 : stats.recent.calls / stats.recent.seconds),
  p99: (_, stats) => stats?.recent.p99 ?? -1,
  errors: (_, stats) => stats?.recent.errors ?? 0,
  memory: (_, stats) => stats?.process?.memoryBytes ?? -1,
  crash: ({ lastCrash }) => lastCrash?.at ?? 0,
};

export function shownPlugins({ filter, order }: PluginsState, { facts }: Scene): readonly PluginStatus[] {
  const all = facts.plugins ?? [];
  const found = filter.input.text === "" ? all : all.filter((each) => passes(filter, wordsOf(each)));
  if (order === "configuration") return found;
  const weight = weights[order];
  const weighed = found.map((status) => ({ status, weight: weight(status, facts.stats.get(status.id)) }));
  return weighed.sort((a, b) => b.weight - a.weight).map(({ status }) => status);
}

function wordsOf({ id, state, why, error, lastCrash, apis }: PluginStatus): string {
  const trouble = [error?.code, error?.message, lastCrash?.summary];
  return [id, state, why, ...trouble, ...apis.map(({ name }) => name)].filter(Boolean).join(" ");
}

/** Where the cursor is: on the same plugin as before, as long as that is shown. */
export function placeOf(
  { selected, position }: PluginsState,
  shown: readonly PluginStatus[],
  rows: number,
): ListPosition {
  const at = shown.findIndex(({ id }) => id === selected);
  return placed(at === -1 ? position : { ...position, cursor: at }, shown.length, rows);
}

export function selectedPlugin(state: PluginsState, scene: Scene): PluginStatus | undefined {
  const shown = shownPlugins(state, scene);
  return shown[placeOf(state, shown, shown.length).cursor];
}

/** What is under the cursor is the selection from now on, so that no change of the list can put another plugin there. */
export function settled(state: PluginsState, scene: Scene, rows: number): PluginsState {
  const shown = shownPlugins(state, scene);
  const position = placeOf(state, shown, rows);
  const selected = shown[position.cursor]?.id ?? state.selected;
  const isSame =
    selected === state.selected &&
    position.cursor === state.position.cursor &&
    position.top === state.position.top;
  return isSame ? state : { ...state, selected, position };
}

export function moved(state: PluginsState, move: Move, scene: Scene, rows: number): PluginsState {
  const shown = shownPlugins(state, scene);
  const position = movedList(placeOf(state, shown, rows), move, shown.length, rows);
  return { ...state, position, selected: shown[position.cursor]?.id ?? state.selected };
}

/** @param by 1: the next one, -1: the one before */
export function reordered(state: PluginsState, by: 1 | -1): PluginsState {
  const at = (orders.indexOf(state.order) + by + orders.length) % orders.length;
  return { ...state, order: orders[at] ?? "configuration" };
}
