/** The command line that does what the todo screen does just now, without `bulkhead`. Pure. */
import { quoted } from "../../../text/command-line.ts";
import type { Scene } from "../../screen.ts";
import { choicesOf } from "./ask-keys.ts";
import { actionsIn } from "./page-keys.ts";
import { syncAction } from "./actions.ts";
import { settingAt } from "./settings-keys.ts";
import type { TodosState } from "./state.ts";

export function commandOf({ mode }: TodosState, scene: Scene): string {
  switch (mode.kind) {
    case "input":
      return runOf(mode.plugin, mode.action, mode.input.text);
    case "waiting":
      return runOf(mode.plugin, mode.action, mode.input);
    case "preview":
      return runOf(mode.proposal.plugin, "generate", "");
    case "choose": {
      const plugin = choicesOf(scene, mode.what)[mode.position.cursor];
      if (plugin === undefined) return "actions";
      return mode.what === "settings" ? `config ${plugin}` : runOf(plugin, "generate", "");
    }
    case "actions": {
      const chosen = actionsIn(scene)[mode.position.cursor];
      return chosen === undefined ? "actions" : runOf(chosen.plugin, chosen.action, "");
    }
    case "settings": {
      const key = settingAt(mode)?.key;
      return mode.typing === null || key === undefined
        ? `config ${mode.plugin}`
        : `config ${mode.plugin} set ${key}=…`;
    }
    case "activity":
      return "events -f";
    case "list":
    case "title":
    case "notes":
    case "due":
    case "state":
    case "details":
      return "tui";
    default:
      return mode satisfies never;
  }
}

function runOf(plugin: string, action: string, input: string): string {
  if (action === syncAction) return `call ${plugin}.sync`;
  return `run ${plugin}.${action}${input === "" ? "" : ` ${quoted(`input=${input}`)}`}`;
}
