/** Typing a filter, the same on every screen that has one. Pure. */
import type { Key } from "../keys.ts";
import type { Binding, Scene, Step } from "../screen.ts";
import { noFilter, pastedFilter, typedFilter } from "./filter.ts";
import type { Filter } from "./filter.ts";

export interface FilterKeys<S, M> {
  /** Those that work while it is typed. */
  readonly bindings: readonly Binding<S, M>[];
  readonly type: (state: S, key: Key, scene: Scene) => Step<S, M>;
  readonly paste: (state: S, text: string, scene: Scene) => Step<S, M>;
}

/**
 * @param filterOf where a screen has it
 * @param become the screen with another filter, and with whatever goes along with that
 */
export function filterKeys<S, M>(
  filterOf: (state: S) => Filter,
  become: (state: S, filter: Filter, scene: Scene) => Step<S, M>,
): FilterKeys<S, M> {
  return {
    bindings: [
      {
        keys: ["enter"],
        label: "keep the filter",
        hint: "keep",
        run: (state, scene) => become(state, { ...filterOf(state), isTyping: false }, scene),
      },
      {
        keys: ["esc"],
        label: "show everything again",
        hint: "no filter",
        run: (state, scene) => become(state, noFilter, scene),
      },
    ],
    type: (state, key, scene) => become(state, typedFilter(filterOf(state), key), scene),
    paste: (state, text, scene) => become(state, pastedFilter(filterOf(state), text), scene),
  };
}
