/** All plugins: how each is, and what can be done about it. */
import type { ReactNode } from "react";
import { noFilter } from "../parts/filter.ts";
import type { Filter } from "../parts/filter.ts";
import { filterKeys } from "../parts/filter-keys.ts";
import { Lines } from "../parts/lines.tsx";
import { moveKeys } from "../parts/list.ts";
import { step } from "../screen.ts";
import type { Binding, Scene, Screen, Step } from "../screen.ts";
import { layoutOf, pluginsLines } from "./plugins/lines.ts";
import { initialPlugins, moved, reordered, selectedPlugin, settled } from "./plugins/list.ts";
import type { PluginsState } from "./plugins/list.ts";
import { operatedNotice, operatorKeys } from "./plugins/operator-keys.ts";
import type { Operated } from "./plugins/operator-keys.ts";

type PluginsBinding = Binding<PluginsState, Operated>;
type PluginsStep = Step<PluginsState, Operated>;

const typing = (state: PluginsState): boolean => state.filter.isTyping;

const hasPlugins = (_: PluginsState, { facts }: Scene): boolean => (facts.plugins?.length ?? 0) > 0;

function filtered(state: PluginsState, filter: Filter, scene: Scene): PluginsStep {
  return step(settled({ ...state, filter }, scene, layoutOf(scene).list));
}

const moves = moveKeys.map(({ keys, label, move }): PluginsBinding => ({
  keys,
  label,
  run: (state, scene) => step(moved(state, move, scene, layoutOf(scene).list)),
}));

const going = (
  key: string,
  hint: string,
  label: string,
  screen: "plugin" | "call" | "crashes",
  arg = {},
): PluginsBinding => ({
  keys: [key],
  label,
  hint,
  when: (state, scene) => selectedPlugin(state, scene) !== undefined,
  run: (state, scene) => {
    const plugin = selectedPlugin(state, scene)?.id;
    return plugin === undefined ? step(state) : step(state, { do: "go", screen, arg: { plugin, ...arg } });
  },
});

const goings: readonly PluginsBinding[] = [
  going("enter", "open", "everything about it", "plugin"),
  { ...going("c", "call", "call one of its methods", "call"), changes: true },
  going("l", "logs", "its log", "plugin", { tab: "logs" }),
];

const toCrashes = going("x", "crashes", "its crashes", "crashes");

const views: readonly PluginsBinding[] = [
  {
    keys: ["/"],
    label: "filter by name, state or words",
    hint: "filter",
    when: hasPlugins,
    run: (state) => step({ ...state, filter: { ...state.filter, isTyping: true } }),
  },
  {
    keys: ["esc"],
    label: "show all plugins again",
    when: ({ filter }) => filter.input.text !== "",
    run: (state, scene) => filtered(state, noFilter, scene),
  },
  {
    keys: ["o"],
    label: "another order: trouble, calls, latency, errors, memory, crashes",
    hint: "order",
    when: hasPlugins,
    run: (state) => step(reordered(state, 1)),
  },
  { keys: ["O"], label: "the order before", run: (state) => step(reordered(state, -1)) },
  {
    keys: ["y"],
    label: "copy its name",
    when: (state, scene) => selectedPlugin(state, scene) !== undefined,
    run: (state, scene) => {
      const plugin = selectedPlugin(state, scene)?.id;
      return plugin === undefined ? step(state) : step(state, { do: "copy", text: plugin, what: plugin });
    },
  },
];

const filtering = filterKeys<PluginsState, Operated>(({ filter }) => filter, filtered);

const typingBindings: readonly PluginsBinding[] = [
  ...filtering.bindings,
  ...moves.filter(({ keys }) => keys.includes("up") || keys.includes("down")),
];

export const pluginsScreen: Screen<PluginsState, Operated> = {
  id: "plugins",
  title: "Plugins",
  initial: initialPlugins,
  bindings: (state, scene) => {
    if (typing(state)) return typingBindings;
    const operations = operatorKeys<PluginsState>(selectedPlugin(state, scene));
    // In 80 columns the footer ends behind the operations: what an operator came for is before that.
    return [...goings, ...operations, toCrashes, ...views, ...moves];
  },
  isTyping: typing,
  type: filtering.type,
  paste: filtering.paste,
  update: (state, message) => step(state, operatedNotice(message)),
  react: (state, scene) => step(settled(state, scene, layoutOf(scene).list)),
  command: (state, scene) => {
    const selected = selectedPlugin(state, scene);
    return selected === undefined ? "ps" : `status ${selected.id}`;
  },
  View: PluginsView,
};

function PluginsView({ state, scene }: { readonly state: PluginsState; readonly scene: Scene }): ReactNode {
  return <Lines lines={pluginsLines(state, scene)} rows={scene.size.rows} />;
}
