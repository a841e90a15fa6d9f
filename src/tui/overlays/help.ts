/** Help, made of the key table. Pure. */
import { terminalLine } from "../../text/sanitize.ts";
import { screens } from "../screens.ts";
import { activeBindings, sceneOf } from "../scene.ts";
import type { AppState } from "../state.ts";
import { tone } from "../theme.ts";
import { fit, widthOf, wrap } from "../parts/fit.ts";

const readOnly = "The connection is read-only: keys that call or change something are not there.";

/** @param columns a label that is wider goes on below itself */
export function helpLines(state: AppState, columns: number): string[] {
  const active = activeBindings(state);
  const width = Math.max(...active.map(({ binding }) => widthOf(binding.keys.join("  "))));
  const row = (keys: string, label: string): string[] =>
    wrap(terminalLine(label), Math.max(8, columns - width - 4)).map(
      (line, at) => `  ${tone("accent", fit(at === 0 ? keys : "", width))}  ${line}`,
    );
  const section = (title: string, of: "screen" | "global"): string[] => [
    tone("title", title),
    ...active
      .filter((each) => each.of === of)
      .flatMap(({ binding }) => row(binding.keys.join("  "), binding.label)),
  ];
  const { title, isTyping } = screens[state.screen];
  const isText = isTyping?.(state.screens[state.screen], sceneOf(state)) === true;
  return [
    ...section(title, "screen"),
    "",
    ...section(isText ? "Everywhere, but not while a text is typed" : "Everywhere", "global"),
    ...row("esc", "back"),
    ...row("ctrl+z", "back to the shell for a while; fg comes back"),
    ...row("ctrl+c", "leave at once"),
    ...(state.facts.readOnly ? ["", ...wrap(tone("warn", readOnly), columns)] : []),
  ];
}
