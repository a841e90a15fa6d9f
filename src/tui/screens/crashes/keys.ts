/** What keys do in the list of crashes, and on the page of one. Pure. */
import { control } from "../../effect.ts";
import { statusOf } from "../../facts.ts";
import { noFilter } from "../../parts/filter.ts";
import { filterKeys } from "../../parts/filter-keys.ts";
import { moveKeys, scrolled } from "../../parts/list.ts";
import { operate } from "../../operate.ts";
import { step } from "../../screen.ts";
import type { Binding, Scene } from "../../screen.ts";
import { quoted } from "../../../text/command-line.ts";
import { layoutOf } from "./list-lines.ts";
import { openReport, pageRows } from "./open-page.ts";
import { reportJson, reportText, sectionFrom } from "./page-lines.ts";
import { currentReport, movedCrashes, openedPage, pageReport, selectedEntry, turnedPage } from "./state.ts";
import type { CrashesMessage, CrashesState, CrashesStep } from "./state.ts";

export type CrashesBinding = Binding<CrashesState, CrashesMessage>;

type State = CrashesState;

/** The plugin that keys act on. */
function currentPlugin(state: State, scene: Scene): string | null {
  return (
    currentReport(state, scene)?.plugin ??
    (state.page === null ? (selectedEntry(state, scene)?.plugin ?? null) : null)
  );
}

const hasReport = (state: State, scene: Scene): boolean => currentReport(state, scene) !== undefined;
const hasPlugin = (state: State, scene: Scene): boolean => currentPlugin(state, scene) !== null;

/** For a report, whether it is open or only selected. */
const reportKeys: readonly CrashesBinding[] = [
  {
    keys: ["l"],
    label: "the plugin's log",
    hint: "logs",
    when: hasPlugin,
    run: (state, scene) => {
      const plugin = currentPlugin(state, scene);
      return step(state, { do: "go", screen: "plugin", arg: { plugin, tab: "logs" } });
    },
  },
  {
    keys: ["r"],
    label: "restart the plugin",
    hint: "restart",
    changes: true,
    when: (state, scene) => statusOf(scene.facts, currentPlugin(state, scene)) !== undefined,
    run: (state, scene) => {
      const plugin = statusOf(scene.facts, currentPlugin(state, scene));
      if (plugin === undefined) return step(state);
      const { id } = plugin;
      return step(
        state,
        operate("restart", plugin, (answer): CrashesMessage => ({ type: "operated", plugin: id, answer })),
      );
    },
  },
  // A replay runs the plugin's calls again: that is said and asked where it is typed.
  copying(
    "R",
    "replay",
    "copy the command that replays it",
    "the command that replays it",
    ({ id }) => `bulkhead replay ${quoted(id)}`,
  ),
  {
    keys: ["e"],
    label: "read the report in the pager",
    hint: "pager",
    when: hasReport,
    run: (state, scene) => {
      const report = currentReport(state, scene);
      return report === undefined ? step(state) : step(state, { do: "pager", text: reportText(report) });
    },
  },
  copying("y", "copy", "copy the report's id", "the report's id", ({ id }) => id),
  copying("Y", undefined, "copy the report as text", "the report", reportText),
  copying("J", undefined, "copy the report as JSON", "the report as JSON", reportJson),
];

function copying(
  key: string,
  hint: string | undefined,
  label: string,
  what: string,
  textOf: typeof reportText,
): CrashesBinding {
  return {
    keys: [key],
    label,
    ...(hint === undefined ? {} : { hint }),
    when: hasReport,
    run: (state, scene) => {
      const report = currentReport(state, scene);
      return report === undefined ? step(state) : step(state, { do: "copy", text: textOf(report), what });
    },
  };
}

export const listKeys: readonly CrashesBinding[] = [
  ...moveKeys.map(({ keys, label, move }): CrashesBinding => ({
    keys,
    label,
    run: (state, scene) => movedCrashes(state, move, scene, layoutOf(scene.size).list),
  })),
  {
    keys: ["enter"],
    label: "the crash's report, or the plugin of a restart",
    hint: "open",
    when: (state, scene) => selectedEntry(state, scene) !== undefined,
    run: (state, scene) => {
      const entry = selectedEntry(state, scene);
      if (entry?.kind === "crash") return openedPage(state, entry.key, scene);
      const plugin = entry?.plugin ?? null;
      return plugin === null ? step(state) : step(state, { do: "go", screen: "plugin", arg: { plugin } });
    },
  },
  {
    keys: ["/"],
    label: "filter by plugin, class or words",
    hint: "filter",
    run: (state) => step({ ...state, filter: { ...state.filter, isTyping: true } }),
  },
  {
    keys: ["a"],
    label: "only crashes, or restarts as well",
    hint: "restarts",
    run: (state) => step({ ...state, isCrashesOnly: !state.isCrashesOnly }),
  },
  ...reportKeys,
  {
    keys: ["esc"],
    label: "show those of all plugins again",
    when: ({ filter, plugin }) => filter.input.text !== "" || plugin !== null,
    run: (state) => {
      // One thing after the other, the last one first.
      if (state.filter.input.text !== "") return step({ ...state, filter: noFilter });
      return step({ ...state, plugin: null });
    },
  },
];

export const filtering = filterKeys<State, CrashesMessage>(
  ({ filter }) => filter,
  (state, filter) => step({ ...state, filter }),
);

function scrolledTo(state: State, top: number): CrashesStep {
  return step(state.page === null ? state : { ...state, page: { ...state.page, top } });
}

function jumping(keys: readonly string[], label: string, by: 1 | -1, hint?: string): CrashesBinding {
  return {
    keys,
    label,
    ...(hint === undefined ? {} : { hint }),
    run: (state, scene) => {
      const page = openReport(state, scene);
      const top = sectionFrom(page, state.page?.top ?? 0, by);
      return scrolledTo(state, Math.min(top, Math.max(0, page.lines.length - pageRows(scene))));
    },
  };
}

export const pageKeys: readonly CrashesBinding[] = [
  ...moveKeys.map(({ keys, label, move }): CrashesBinding => ({
    keys,
    label,
    run: (state, scene) => {
      const count = openReport(state, scene).lines.length;
      return scrolledTo(state, scrolled(state.page?.top ?? 0, move, count, pageRows(scene)));
    },
  })),
  {
    keys: ["esc"],
    label: "back to the list",
    hint: "back",
    run: (state) => step({ ...state, page: null }),
  },
  {
    keys: ["n"],
    label: "the next report, an older one",
    hint: "next",
    run: (state, scene) => turnedPage(state, 1, scene),
  },
  { keys: ["p"], label: "the one before, a newer one", run: (state, scene) => turnedPage(state, -1, scene) },
  jumping(["tab", "]"], "the next section", 1, "section"),
  jumping(["shift+tab", "["], "the section before", -1),
  {
    keys: ["w"],
    label: "long messages and log lines: whole, or cut",
    hint: "wrap",
    run: (state) => {
      const { page } = state;
      return step(page === null ? state : { ...state, page: { ...page, isWrapped: !page.isWrapped } });
    },
  },
  ...reportKeys,
  {
    keys: ["ctrl+r"],
    label: "ask for it again",
    when: (state, scene) => {
      const report = pageReport(state, scene);
      return report !== null && "error" in report;
    },
    run: (state) => {
      const { page } = state;
      if (page === null) return step(state);
      const { id } = page;
      return step(
        { ...state, page: { ...page, asked: null } },
        control("crash.get", { id }, (answer): CrashesMessage => ({ type: "report", id, answer })),
      );
    },
  },
];
