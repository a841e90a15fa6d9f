/** What of the whole state a screen works with, and which keys do something there now. Pure. */
import { globalBindings } from "./global-keys.ts";
import type { Facts } from "./facts.ts";
import type { Binding, Scene } from "./screen.ts";
import { screens } from "./screens.ts";
import type { AppState } from "./state.ts";

/** Lines that are not the screen's: the header, the command, the hints. */
export const frameRows = 3;

export function sceneOf({ facts, size }: AppState): Scene {
  return { facts, size: { columns: size.columns, rows: Math.max(1, size.rows - frameRows) } };
}

export interface ActiveBinding {
  readonly binding: Binding<unknown, unknown>;
  readonly of: "screen" | "global";
}

/** What keys do now: the screen's own first. For dispatch, help and footer alike. */
export function activeBindings(state: AppState): readonly ActiveBinding[] {
  return boundKeys(state).filter(({ binding }) => !isRefused(binding, state.facts));
}

/** The daemon would refuse it. */
export function isRefused({ changes }: Binding<unknown, unknown>, { readOnly }: Facts): boolean {
  return readOnly && changes === true;
}

/** With those that a read-only connection does not have. */
export function boundKeys(state: AppState): readonly ActiveBinding[] {
  const scene = sceneOf(state);
  const own = state.screens[state.screen];
  const screen = screens[state.screen].bindings(own, scene);
  return [
    ...screen
      .filter(({ when }) => when?.(own, scene) ?? true)
      .map((binding) => ({ binding, of: "screen" as const })),
    ...globalBindings.map((binding) => ({ binding, of: "global" as const })),
  ];
}
