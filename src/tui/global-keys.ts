/** Keys that every screen has, unless it needs them for itself. */
import { screenIds, step } from "./screen.ts";
import type { Binding, ScreenId } from "./screen.ts";

const titles: Readonly<Record<ScreenId, string>> = {
  plugins: "all plugins",
  plugin: "one plugin",
  call: "call a method",
  crashes: "crashes and restarts",
  todos: "the todo list",
  events: "everything that happens",
};

export const globalBindings: readonly Binding<unknown, never>[] = [
  ...screenIds.map((screen, index): Binding<unknown, never> => ({
    keys: [String(index + 1)],
    label: titles[screen],
    run: (state) => step(state, { do: "go", screen }),
  })),
  {
    keys: [":"],
    label: "find a command by its name",
    hint: "command",
    run: (state) => step(state, { do: "overlay", overlay: "palette" }),
  },
  {
    keys: ["?"],
    label: "this help",
    hint: "help",
    run: (state) => step(state, { do: "overlay", overlay: "help" }),
  },
  {
    keys: ["q"],
    label: "leave; the daemon and its plugins go on",
    hint: "quit",
    run: (state) => step(state, { do: "quit" }),
  },
];
