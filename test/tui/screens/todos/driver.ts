/** The todo screen over a real desk and plugins of functions: everything but the terminal. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { Client } from "../../../../src/client/client.ts";
import { keysOf } from "../../../../src/tui/keys.ts";
import type { Key } from "../../../../src/tui/keys.ts";
import { noFacts } from "../../../../src/tui/facts.ts";
import { Runner } from "../../../../src/tui/runner.ts";
import { sceneOf } from "../../../../src/tui/scene.ts";
import type { TodosState } from "../../../../src/tui/screens/todos/state.ts";
import { todoLines } from "../../../../src/tui/screens/todos/lines.ts";
import { initialState, lossesIn, update } from "../../../../src/tui/state.ts";
import type { AppState, Message } from "../../../../src/tui/state.ts";
import { TodoDesk } from "../../../../src/tui/todos/desk.ts";
import { FakePlugins } from "../../../todo/fake-plugins.ts";
import { outline } from "../../../todo/samples.ts";
import { plain } from "../../hostile.ts";
import { connection, now } from "../../todos/samples.ts";

interface DriverOptions {
  readonly plugins?: FakePlugins;
  /** What the file holds. */
  readonly text?: string;
  /** Methods of the daemon. */
  readonly control?: (method: string, params: unknown) => unknown;
}

export class Driver {
  state: AppState;
  readonly file: string;
  hasLeft = false;
  readonly #runner: Runner;
  readonly #changed = new Set<() => void>();

  private constructor(file: string, { plugins = new FakePlugins({}), control }: DriverOptions) {
    this.file = file;
    this.state = initialState({ columns: 80, rows: 24 }, noFacts("/run/socket", now));
    const { client } = connection(plugins);
    let desk: Promise<TodoDesk> | undefined;
    onTestFinished(async () => (await desk)?.[Symbol.asyncDispose]());
    this.#runner = new Runner({
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is asked for
      client: () => ({ control }) as unknown as Client,
      dispatch: (message) => this.#dispatch(message),
      desk: () =>
        (desk ??= TodoDesk.open({
          file,
          client,
          onView: (view) => this.#dispatch({ type: "fed", news: [{ type: "todos", view }] }),
        })),
      write: () => undefined,
      page: async () => undefined,
      suspend: async () => undefined,
      quit: () => {
        this.hasLeft = true;
        for (const each of this.#changed) each();
      },
      losses: async () => {
        const unsaved = await (await desk)?.unsaved();
        return [...(unsaved === undefined ? [] : [unsaved]), ...lossesIn(this.state)];
      },
    });
  }

  /** With the screen in front, the list there, and its plugins known. */
  static async open(options: DriverOptions = {}): Promise<Driver> {
    const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-todos-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = path.join(folder, "todos.md");
    if (options.text !== undefined) writeFileSync(file, options.text);
    const driver = new Driver(file, options);
    driver.press("5");
    await driver.until(({ facts: { todos } }) => todos?.service.state === "provided");
    return driver;
  }

  get own(): TodosState {
    const state = this.state.screens.todos;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it began as one
    return state as TodosState;
  }

  get outline(): string[] {
    const { todos } = this.state.facts;
    return todos === null ? [] : outline(todos.list);
  }

  get lines(): string[] {
    return todoLines(this.own, sceneOf(this.state)).map((line) => plain(line).trimEnd());
  }

  get notice(): string {
    return this.state.notice?.text ?? "";
  }

  /** Keys by their names; what is no name is typed. */
  press(...keys: readonly string[]): void {
    for (const key of keys.flatMap(named)) this.#dispatch({ type: "key", key });
  }

  until(fits: (state: AppState) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!fits(this.state)) return;
        this.#changed.delete(look);
        resolve();
      };
      this.#changed.add(look);
      look();
    });
  }

  /** Resolves when a line of the screen has this in it. */
  untilShown(text: string): Promise<void> {
    return this.until(() => this.lines.some((line) => line.includes(text)));
  }

  untilOutline(...expected: readonly string[]): Promise<void> {
    return this.until(() => JSON.stringify(this.outline) === JSON.stringify(expected));
  }

  untilNotice(text: string): Promise<void> {
    return this.until(() => this.notice.includes(text));
  }

  #dispatch(message: Message): void {
    const { state, effects } = update(this.state, message);
    this.state = state;
    for (const effect of effects) this.#runner.run(effect);
    for (const each of this.#changed) each();
  }
}

const names = /^(?:(?:ctrl|alt)\+.|enter|esc|space|tab|up|down|left|right|backspace|delete|home|end)$/;

function named(key: string): Key[] {
  if (key === "space") return [{ name: "space", text: " " }];
  if (names.test(key)) return [{ name: key, text: "" }];
  const none = { ctrl: false, meta: false, shift: false };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the others none is pressed
  return keysOf(key, none as Parameters<typeof keysOf>[1]);
}
