/** Screens that do nothing but to remember what came to them, in place of `src/tui/screens.ts`. */
import type { Key } from "../../src/tui/keys.ts";
import { screenIds, step } from "../../src/tui/screen.ts";
import type { Binding, Screen, ScreenId, Step } from "../../src/tui/screen.ts";

interface Fake {
  readonly isTyping: boolean;
  readonly came: readonly unknown[];
}

const remembering = (state: Fake, came: unknown): Fake => ({ ...state, came: [...state.came, came] });

function bindingsOf(id: ScreenId): readonly Binding<Fake, unknown>[] {
  const does = (
    key: string,
    label: string,
    run: (state: Fake) => Step<Fake, unknown>,
  ): Binding<Fake, unknown> => ({
    keys: [key],
    label,
    hint: label,
    run,
  });
  return [
    does("x", `do x on ${id}`, (state) => step(remembering(state, "x"))),
    does("/", "type", (state) => step({ ...state, isTyping: true })),
    does("enter", "take", (state) => step({ ...remembering(state, "enter"), isTyping: false })),
    does("c", "ask", (state) => {
      const yes = { do: "copy", text: "yes", what: "it" } as const;
      return step(state, { do: "confirm", question: "Really?", yes });
    }),
    does("o", "open the call screen", (state) =>
      step(state, { do: "go", screen: "call", arg: { plugin: "min" } }),
    ),
    does("w", "ask the daemon", (state) =>
      step<Fake, unknown>(state, {
        do: "control",
        method: "plugin.list",
        params: undefined,
        reply: (answer) => ["answer", answer.ok],
      }),
    ),
    { ...does("z", "never", (state) => step(remembering(state, "z"))), when: () => false },
    { keys: ["k"], label: "change it", changes: true, run: (state) => step(remembering(state, "k")) },
    ...(id === "todos" ? [does("q", "its own q", (state) => step(remembering(state, "q")))] : []),
  ];
}

function fake(id: ScreenId): Screen<unknown, unknown> {
  const screen: Screen<Fake, unknown> = {
    id,
    title: id,
    initial: { isTyping: false, came: [] },
    bindings: () => bindingsOf(id),
    isTyping: ({ isTyping }) => isTyping,
    type: (state, key: Key) => step(remembering(state, ["typed", key.name])),
    paste: (state, text) => step(remembering(state, ["pasted", text])),
    open: (state, arg) => step(remembering(state, ["open", arg])),
    close: (state) => step(remembering(state, "close")),
    update: (state, message) => step(remembering(state, message)),
    react: (state) => step(remembering(state, "facts")),
    command: () => `show ${id}`,
    View: () => null,
  };
  return screen as unknown as Screen<unknown, unknown>;
}

export const screens = Object.fromEntries(screenIds.map((id) => [id, fake(id)])) as Record<
  ScreenId,
  Screen<unknown, unknown>
>;
