/** Help, made of the key table. Pure. */
import { terminalLine } from "../../text/sanitize.ts";
import { screens } from "../screens.ts";
import { activeBindings } from "../scene.ts";
import type { AppState } from "../state.ts";
import { tone } from "../theme.ts";
import { fit, widthOf } from "../parts/fit.ts";

export function helpLines(state: AppState): string[] {
  const active = activeBindings(state);
  const width = Math.max(...active.map(({ binding }) => widthOf(binding.keys.join("  "))));
  const section = (title: string, of: "screen" | "global"): string[] => [
    tone("title", title),
    ...active
      .filter((each) => each.of === of)
      .map(
        ({ binding }) =>
          `  ${tone("accent", fit(binding.keys.join("  "), width))}  ${terminalLine(binding.label)}`,
      ),
  ];
  return [
    ...section(screens[state.screen].title, "screen"),
    "",
    ...section("Everywhere", "global"),
    `  ${tone("accent", fit("esc", width))}  back`,
    `  ${tone("accent", fit("ctrl+c", width))}  leave at once`,
  ];
}
