/** One plugin: all that is known of it, what it offers, its log, its crashes. */
import type { ReactNode } from "react";
import { typedFilter } from "../parts/filter.ts";
import { Lines } from "../parts/lines.tsx";
import { inserted } from "../parts/text-input.ts";
import type { TextInput } from "../parts/text-input.ts";
import { step } from "../screen.ts";
import type { Scene, Screen } from "../screen.ts";
import { pluginKeys, selectedReport } from "./plugin/keys.ts";
import { pluginLines } from "./plugin/lines.ts";
import { chosen, closed, initialPlugin, opened, took, withNeeds } from "./plugin/state.ts";
import type { PluginMessage, PluginScreenState } from "./plugin/state.ts";
import { operatedNotice } from "./plugins/operator-keys.ts";

function typed(state: PluginScreenState, change: (input: TextInput) => TextInput): PluginScreenState {
  const { search } = state.log;
  return { ...state, log: { ...state.log, search: { ...search, input: change(search.input) } } };
}

const which = { all: "", current: " --current", previous: " --previous" } as const;

export const pluginScreen: Screen<PluginScreenState, PluginMessage> = {
  id: "plugin",
  title: "Plugin",
  initial: initialPlugin,
  bindings: pluginKeys,
  isTyping: ({ tab, log }) => tab === "logs" && log.search.isTyping,
  type: (state, key) => step(typed(state, (input) => typedFilter({ input, isTyping: true }, key).input)),
  paste: (state, text) => step(typed(state, (input) => inserted(input, text.replaceAll(/\s+/g, " ")))),
  open: (state, arg, scene) => withNeeds(step(opened(state, arg, scene)), scene),
  close: closed,
  update: (state, message) => {
    if (message.type === "operated") return step(state, operatedNotice(message));
    return step(took(state, message));
  },
  react: (state, scene) => withNeeds(step(chosen(state, scene)), scene),
  command,
  View: PluginView,
};

function command(state: PluginScreenState, scene: Scene): string {
  const { plugin, tab, log } = state;
  if (plugin === null) return "ps";
  switch (tab) {
    case "overview":
      return `status ${plugin}`;
    case "methods":
      return `describe ${plugin}`;
    case "logs":
      return `logs ${plugin}${which[log.lives]}${log.lives !== "previous" && log.cursor === null ? " -f" : ""}`;
    case "crashes": {
      const report = selectedReport(state, scene);
      return report === undefined ? `crashes --plugin ${plugin}` : `crashes ${report.id}`;
    }
    default:
      return tab satisfies never;
  }
}

function PluginView({
  state,
  scene,
}: {
  readonly state: PluginScreenState;
  readonly scene: Scene;
}): ReactNode {
  return <Lines lines={pluginLines(state, scene)} rows={scene.size.rows} />;
}
