/** Lists and desks as the screen is shown them, and a connection to plugins of functions. */
import type { TodoId } from "../../../protocol/todo.ts";
import type { TodoList } from "../../../src/todo/list.ts";
import { emptyList } from "../../../src/todo/list.ts";
import { noFacts } from "../../../src/tui/facts.ts";
import type { Scene } from "../../../src/tui/screen.ts";
import type { DeskClient } from "../../../src/tui/todos/line.ts";
import type { DeskView } from "../../../src/tui/todos/view.ts";
import type { FakePlugins } from "../../todo/fake-plugins.ts";
import { after, create } from "../../todo/samples.ts";

/** Noon of a day, local time. */
export const now = new Date(2026, 2, 4, 12).getTime();

/** `["one", "  two"]`: two below one. Ids count from 1. */
export function listOf(...outline: readonly string[]): TodoList {
  const path: TodoId[] = [];
  return after(
    outline.map((line, at) => {
      const title = line.trimStart();
      const depth = (line.length - title.length) / 2;
      path.length = depth;
      path.push(`t${at}`);
      const parent = depth === 0 ? null : (path[depth - 1] ?? null);
      return create(`t${at}`, { title, parent });
    }),
  );
}

export function deskView(more: Partial<DeskView> = {}): DeskView {
  return {
    list: emptyList,
    history: { undo: null, redo: null },
    service: { state: "provided" },
    plugins: [],
    unfit: [],
    asks: [],
    activity: [],
    path: "/home/ann/todos.md",
    file: { state: "saved" },
    ...more,
  };
}

export function sceneOf(todos: DeskView | null, columns = 80, rows = 21): Scene {
  return { facts: { ...noFacts("/run/socket", now), todos }, size: { columns, rows } };
}

/** A connection that ends when `end` is called. */
export function connection(plugins: FakePlugins) {
  const ended = Promise.withResolvers<void>();
  const published: string[] = [];
  const services = new Set<AsyncDisposable>();
  const control = async (method: string, params: { readonly event?: string } = {}): Promise<unknown> => {
    if (method !== "event.publish") throw new Error(`${method} is not here`);
    published.push(params.event ?? "");
    return { subscribers: 2 };
  };
  const client: DeskClient = {
    call: (target, params, options) => plugins.call(target, params, options),
    stream: () => plugins.stream(),
    describe: (plugin) => plugins.describe(plugin),
    plugins: () => plugins.plugins(),
    provide: async (service, handlers) => {
      const provided = await plugins.provide(service, handlers);
      services.add(provided);
      return provided;
    },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this one method is asked for
    control: control as DeskClient["control"],
    closed: ended.promise,
  };
  const end = async (): Promise<void> => {
    // The daemon forgets what a client has provided when it hangs up.
    for (const each of services) await each[Symbol.asyncDispose]();
    ended.resolve();
  };
  return { client, end, published };
}
