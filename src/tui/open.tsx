/** Opens the terminal interface, and closes it without a trace. */
import { setTimeout as pause } from "node:timers/promises";
import { render, useApp } from "ink";
import type { ReactNode } from "react";
import { App } from "./app.tsx";
import { noFacts } from "./facts.ts";
import { Feed } from "./feed.ts";
import { page } from "./pager.ts";
import { Runner } from "./runner.ts";
import type { Size } from "./screen.ts";
import { initialState, lossesIn } from "./state.ts";
import type { Message } from "./state.ts";
import { Store } from "./store.ts";
import { stopped } from "./suspension.ts";
import { TodoDesk } from "./todos/desk.ts";

export interface TuiOptions {
  readonly socket: string;
  readonly readOnly?: boolean;
  readonly version: string;
  /** The Markdown file that the todo list is kept in. */
  readonly todoFile: string;
}

/** How long a daemon may keep somebody from seeing anything at all, milliseconds. */
const patience = 400;

type Suspend = ReturnType<typeof useApp>["suspendTerminal"];

/** Resolves when the person leaves. The daemon goes on. */
export async function openTui(options: TuiOptions): Promise<void> {
  const { socket, version, readOnly = false } = options;
  let desk: Promise<TodoDesk> | undefined;
  let suspend: Suspend | undefined;
  let suspension: Promise<void> | undefined;
  const fed = (news: Extract<Message, { type: "fed" }>["news"]): void =>
    store.dispatch({ type: "fed", news });
  const feed = new Feed({
    socket,
    version,
    readOnly,
    onNews: fed,
    onEvent: (event) => withDesk((each) => each.receive(event)),
    onClient: (client) => withDesk((each) => each.connected(client)),
  });
  const openDesk = async (): Promise<TodoDesk> => {
    try {
      const { client } = feed;
      return await TodoDesk.open({
        file: options.todoFile,
        client,
        onView: (view) => fed([{ type: "todos", view }]),
      });
    } catch (error) {
      // It can be tried again.
      desk = undefined;
      throw error;
    }
  };
  const suspended = async (): Promise<void> => {
    await suspend?.(async () => {
      await stopped();
      // The first picture is one of the new size: one that is too high would push the terminal's lines up.
      store.dispatch({ type: "resize", size: terminalSize() });
      await pause(0);
    });
  };
  /** Where there is one. That it could not be opened is told to whoever has asked for it. */
  const withDesk = (work: (desk: TodoDesk) => void): void => void desk?.then(work, () => undefined);
  const runner = new Runner({
    client: () => feed.client,
    dispatch: (message) => store.dispatch(message),
    desk: () => (desk ??= openDesk()),
    write: (sequence) => void process.stdout.write(sequence),
    page: async (text) => {
      await suspend?.(() => page(text));
    },
    // Keys that came together may ask for it twice.
    suspend: () => (suspension ??= suspended().finally(() => (suspension = undefined))),
    quit: () => app.unmount(),
    losses: async () => {
      const unsaved = await (await desk?.catch(() => undefined))?.unsaved();
      return [...(unsaved === undefined ? [] : [unsaved]), ...lossesIn(store.state)];
    },
  });
  const facts = { ...noFacts(socket, Date.now()), readOnly };
  const store = new Store(initialState(terminalSize(), facts), runner.run);
  // The first picture is worth waiting for: an empty one would only flicker. A daemon that is away is told at once, and
  // one that is stuck says nothing.
  await Promise.race([feed.open(), pause(patience)]);
  const app = render(
    <Terminal onSuspend={(each) => (suspend = each)}>
      <App store={store} />
    </Terminal>,
    {
      alternateScreen: true,
      incrementalRendering: true,
      // The store decides what is urgent.
      maxFps: 60,
      exitOnCtrlC: false,
      patchConsole: false,
      // Whoever asks for it on a terminal gets it, in CI as well.
      interactive: true,
    },
  );
  // A mistake of this program ends it as well, with the terminal as it was, and is told there.
  const mistakes: Error[] = [];
  const broken = (error: Error): void => {
    mistakes.push(error);
    app.unmount();
  };
  process.on("uncaughtException", broken);
  try {
    await app.waitUntilExit();
    if (mistakes[0] !== undefined) throw mistakes[0];
  } finally {
    store.close();
    runner.close();
    try {
      await (await desk?.catch(() => undefined))?.[Symbol.asyncDispose]();
    } finally {
      feed.close();
      process.off("uncaughtException", broken);
    }
  }
}

function terminalSize(): Size {
  return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
}

/** The pager needs the terminal for itself. */
function Terminal({
  children,
  onSuspend,
}: {
  readonly children: ReactNode;
  readonly onSuspend: (suspend: Suspend) => void;
}): ReactNode {
  onSuspend(useApp().suspendTerminal);
  return children;
}
