/** The commands that the palette finds: what keys do on this screen, the screens, what can be done with each plugin. Pure. */
import { go as search } from "fuzzysort";
import type { PluginStatus } from "../../../protocol/state.ts";
import type { Answer } from "../effect.ts";
import { operate, operatedWords, verbs } from "../operate.ts";
import { activeBindings } from "../scene.ts";
import type { AppState, Message } from "../state.ts";
import type { Choice } from "./overlay.ts";

export interface PaletteEntry {
  readonly label: string;
  /** That do the same. */
  readonly keys: string;
  readonly choice: Choice;
}

/** The best ones first; without a text, all of them in their order. */
export function paletteEntries(state: AppState, text: string): readonly PaletteEntry[] {
  const all = everything(state);
  if (text.trim() === "") return all;
  return search(text, all, { key: "label", limit: 200 }).map(({ obj }) => obj);
}

function everything(state: AppState): PaletteEntry[] {
  const bound = activeBindings(state)
    .filter(({ binding }) => !binding.keys.includes(":"))
    .map(({ binding }): PaletteEntry => {
      return { label: binding.label, keys: binding.keys.join(" "), choice: { do: "binding", binding } };
    });
  const { plugins, readOnly } = state.facts;
  return [...bound, ...(plugins ?? []).flatMap((each) => ofPlugin(each, readOnly))];
}

function ofPlugin(plugin: PluginStatus, isReadOnly: boolean): PaletteEntry[] {
  const told = (answer: Answer<PluginStatus>): Message => ({
    type: "notice",
    ...operatedWords(plugin.id, answer),
  });
  const changes = isReadOnly ? [] : verbs;
  return [
    go("plugin", `show ${plugin.id}`, { plugin: plugin.id }),
    go("plugin", `logs ${plugin.id}`, { plugin: plugin.id, tab: "logs" }),
    ...(isReadOnly ? [] : [go("call", `call ${plugin.id}`, { plugin: plugin.id })]),
    go("crashes", `crashes ${plugin.id}`, { plugin: plugin.id }),
    ...changes.map((verb): PaletteEntry => ({
      label: `${verb} ${plugin.id}`,
      keys: "",
      choice: { do: "effect", effect: operate(verb, plugin, told) },
    })),
  ];
}

function go(screen: "plugin" | "call" | "crashes", label: string, arg: unknown): PaletteEntry {
  return { label, keys: "", choice: { do: "effect", effect: { do: "go", screen, arg } } };
}
