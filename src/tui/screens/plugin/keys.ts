/** What keys do on the screen of one plugin. Pure. */
import { logLine } from "../../../text/log-words.ts";
import { notice } from "../../effect.ts";
import { statusOf } from "../../facts.ts";
import { noFilter } from "../../parts/filter.ts";
import { movedList, moveKeys, placed, scrolled } from "../../parts/list.ts";
import type { Move } from "../../parts/list.ts";
import { step } from "../../screen.ts";
import type { Binding, Scene } from "../../screen.ts";
import { operatorKeys } from "../plugins/operator-keys.ts";
import { crashRows, reportsOf } from "./crashes.ts";
import { methodsLayout, offersIn, overviewOf, tabSize } from "./lines.ts";
import { logInSight, logTop } from "./log-lines.ts";
import { cleared, cursorOf, followed, forgotten, found, lineAt, lives, scrolledLog } from "./log.ts";
import type { LogState } from "./log.ts";
import { offerLines } from "./methods.ts";
import { isDescribed, neighbour, tabs, withNeeds } from "./state.ts";
import type { PluginMessage, PluginScreenState, PluginStep } from "./state.ts";

type PluginBinding = Binding<PluginScreenState, PluginMessage>;

export function pluginKeys(state: PluginScreenState, scene: Scene): readonly PluginBinding[] {
  const keys = state.log.search.isTyping && state.tab === "logs" ? searchKeys : everyKey(state, scene);
  return keys.map((binding) => ({
    ...binding,
    run: (own, at) => withNeeds(binding.run(own, at), at),
  }));
}

/** A tab's own keys win over those that every tab has. */
function everyKey(state: PluginScreenState, scene: Scene): readonly PluginBinding[] {
  const own = tabKeys[state.tab].filter(({ when }) => when?.(state, scene) ?? true);
  const taken = new Set(own.flatMap(({ keys }) => keys));
  const selected = statusOf(scene.facts, state.plugin);
  const operations = operatorKeys<PluginScreenState>(selected);
  const others = [...common, ...operations, ...copying].filter(
    ({ keys }) => !keys.some((key) => taken.has(key)),
  );
  return [...own, ...others];
}

const common: readonly PluginBinding[] = [
  {
    keys: ["tab", "right"],
    label: "the next tab: overview, methods, logs, crashes",
    hint: "tabs",
    run: (state) => step(turned(state, 1)),
  },
  { keys: ["shift+tab", "left", "h"], label: "the tab before", run: (state) => step(turned(state, -1)) },
  { keys: ["l"], label: "the next tab", run: (state) => step(turned(state, 1)) },
  {
    keys: ["]"],
    label: "the next plugin",
    hint: "next",
    run: (state, scene) => step(neighbour(state, 1, scene)),
  },
  { keys: ["["], label: "the plugin before", run: (state, scene) => step(neighbour(state, -1, scene)) },
  {
    keys: ["c"],
    label: "call one of its methods",
    hint: "call",
    changes: true,
    run: (state) => step(state, { do: "go", screen: "call", arg: { plugin: state.plugin } }),
  },
  {
    keys: ["esc"],
    label: "back to all plugins",
    run: (state) => step(state, { do: "go", screen: "plugins" }),
  },
];

const copying: readonly PluginBinding[] = [
  {
    keys: ["y"],
    label: "copy its name",
    run: (state) =>
      state.plugin === null
        ? step(state)
        : step(state, { do: "copy", text: state.plugin, what: state.plugin }),
  },
];

function turned(state: PluginScreenState, by: 1 | -1): PluginScreenState {
  const at = (tabs.indexOf(state.tab) + by + tabs.length) % tabs.length;
  return { ...state, tab: tabs[at] ?? "overview" };
}

function moving(
  to: (state: PluginScreenState, move: Move, scene: Scene) => PluginScreenState,
): PluginBinding[] {
  return moveKeys.map(({ keys, label, move }) => ({
    keys,
    label,
    run: (state, scene) => step(to(state, move, scene)),
  }));
}

const overviewKeys: readonly PluginBinding[] = moving((state, move, scene) => {
  const count = overviewOf(state, scene).length;
  return { ...state, overviewTop: scrolled(state.overviewTop, move, count, tabSize(scene).rows) };
});

const methodsKeys: readonly PluginBinding[] = [
  {
    keys: ["enter"],
    label: "call it; or ask the plugin what it offers",
    hint: "call it",
    changes: true,
    run: (state, scene) => {
      const offers = offersIn(state, scene);
      const { position } = state.methods;
      const method = offers[placed(position, offers.length, offers.length).cursor]?.call;
      if (typeof method === "string") {
        return step(state, { do: "go", screen: "call", arg: { plugin: state.plugin, method } });
      }
      const status = statusOf(scene.facts, state.plugin);
      if (offers.length > 0 || status === undefined || isDescribed(status)) return step(state);
      // What could not be answered before is asked again.
      const { description: _, ...asked } = state.asked;
      return step({ ...state, asked, methods: { ...state.methods, isWanted: true } });
    },
  },
  ...moving((state, move, scene) => {
    const offers = offersIn(state, scene);
    const { list } = methodsLayout(tabSize(scene), offers.length);
    const position = movedList(state.methods.position, move, offers.length, list.rows);
    return { ...state, methods: { ...state.methods, position, top: 0 } };
  }),
  {
    keys: ["J", "shift+down"],
    label: "the description down",
    run: (state, scene) => step(paged(state, "half-down", scene)),
  },
  {
    keys: ["K", "shift+up"],
    label: "the description up",
    run: (state, scene) => step(paged(state, "half-up", scene)),
  },
];

function paged(state: PluginScreenState, move: Move, scene: Scene): PluginScreenState {
  const offers = offersIn(state, scene);
  const { page } = methodsLayout(tabSize(scene), offers.length);
  const chosen = offers[placed(state.methods.position, offers.length, offers.length).cursor];
  const count = chosen === undefined ? 0 : offerLines(chosen, page.columns).length;
  return {
    ...state,
    methods: { ...state.methods, top: scrolled(state.methods.top, move, count, page.rows) },
  };
}

function onLog(change: (log: LogState, scene: Scene) => LogState) {
  return (state: PluginScreenState, scene: Scene): PluginStep =>
    step({ ...state, log: change(state.log, scene) });
}

function searched(direction: "down" | "up", isHereGood = false) {
  return (state: PluginScreenState): PluginStep => {
    const log = { ...state.log, search: { ...state.log.search, isTyping: false } };
    const needle = log.search.input.text;
    if (needle === "") return step({ ...state, log });
    const next = found(log, direction, isHereGood);
    if (next === undefined) return step({ ...state, log }, notice("warn", `not in these lines: ${needle}`));
    return step({ ...state, log: next });
  };
}

const logKeys: readonly PluginBinding[] = [
  { keys: ["f"], label: "follow: stay at the end", hint: "follow", run: onLog(followed) },
  {
    keys: ["p"],
    label: "all lives, the current one, the one before",
    hint: "lives",
    run: onLog((log) => {
      const at = (lives.indexOf(log.lives) + 1) % lives.length;
      return { ...forgotten(log), lives: lives[at] ?? "all" };
    }),
  },
  {
    keys: ["/"],
    label: "search; n and N go on",
    hint: "search",
    run: onLog((log) => ({ ...log, search: { ...noFilter, isTyping: true } })),
  },
  { keys: ["n"], label: "the next line with the searched text", run: searched("down") },
  { keys: ["N"], label: "the line before with the searched text", run: searched("up") },
  {
    keys: ["esc"],
    label: "search nothing any more",
    when: ({ log }) => log.search.input.text !== "",
    run: onLog((log) => ({ ...log, search: noFilter })),
  },
  {
    keys: ["w"],
    label: "wrap long lines",
    hint: "wrap",
    run: onLog((log) => ({ ...log, isWrapped: !log.isWrapped })),
  },
  {
    keys: ["t"],
    label: "show or hide the time",
    hint: "time",
    run: onLog((log) => ({ ...log, hasTime: !log.hasTime })),
  },
  {
    keys: ["e"],
    label: "all lines that are here, in $PAGER",
    hint: "pager",
    run: (state) => {
      const lines = state.log.lines.map((line) => logLine(line, false, (_, text) => text));
      return step(state, { do: "pager", text: `${lines.join("\n")}\n` });
    },
  },
  {
    keys: ["y"],
    label: "copy the line",
    hint: "copy",
    run: (state) => {
      const line = lineAt(state.log, cursorOf(state.log));
      return line === undefined
        ? step(state)
        : step(state, { do: "copy", text: line.text, what: "the line" });
    },
  },
  { keys: ["c"], label: "clear: put away what is shown", hint: "clear", run: onLog(cleared) },
  ...moving((state, move, scene) => {
    const size = tabSize(scene);
    const { log } = state;
    return { ...state, log: scrolledLog(log, move, logInSight(log, size), logTop(log, size)) };
  }),
];

const searchKeys: readonly PluginBinding[] = [
  // The latest one is most likely what is looked for.
  { keys: ["enter"], label: "find it, upwards from here", hint: "find", run: searched("up", true) },
  {
    keys: ["esc"],
    label: "search nothing",
    hint: "no search",
    run: onLog((log) => ({ ...log, search: noFilter })),
  },
];

const crashKeys: readonly PluginBinding[] = [
  {
    keys: ["enter"],
    label: "read the report",
    hint: "report",
    run: (state, scene) => {
      const report = selectedReport(state, scene);
      return report === undefined
        ? step(state)
        : step(state, { do: "go", screen: "crashes", arg: { report: report.id } });
    },
  },
  {
    keys: ["y"],
    label: "copy the report's id",
    run: (state, scene) => {
      const report = selectedReport(state, scene);
      return report === undefined
        ? step(state)
        : step(state, { do: "copy", text: report.id, what: report.id });
    },
  },
  ...moving((state, move, scene) => {
    const count = reportsOf(scene.facts, state.plugin, state.reports).length;
    return { ...state, crashes: movedList(state.crashes, move, count, crashRows(tabSize(scene))) };
  }),
];

export function selectedReport(state: PluginScreenState, { facts }: Scene) {
  const reports = reportsOf(facts, state.plugin, state.reports);
  return reports[placed(state.crashes, reports.length, reports.length).cursor];
}

const tabKeys = {
  overview: overviewKeys,
  methods: methodsKeys,
  logs: logKeys,
  crashes: crashKeys,
} as const satisfies Record<PluginScreenState["tab"], readonly PluginBinding[]>;
