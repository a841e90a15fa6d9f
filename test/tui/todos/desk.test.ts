import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { BulkheadError } from "../../../protocol/error.ts";
import type { DeskOptions, DeskView } from "../../../src/tui/todos/desk.ts";
import { TodoDesk } from "../../../src/tui/todos/desk.ts";
import type { DeskClient } from "../../../src/tui/todos/line.ts";
import { changing, FakePlugins } from "../../todo/fake-plugins.ts";
import { create, outline } from "../../todo/samples.ts";
import { built, isMissing } from "../../e2e/todo-helpers.ts";
import { supervise } from "../../helpers/supervisor.ts";
import { connection } from "./samples.ts";

function folder(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-desk-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function opened(client: DeskClient | undefined, more: Partial<DeskOptions> = {}) {
  const listeners = new Set<(view: DeskView) => void>();
  const file = path.join(folder(), "todos.md");
  const desk = await TodoDesk.open({
    file,
    client,
    retryAfter: 1,
    onView: (view) => listeners.forEach((each) => each(view)),
    ...more,
  });
  onTestFinished(() => desk[Symbol.asyncDispose]());
  /** Resolves when it is shown like this. */
  const until = (fits: (view: DeskView) => boolean): Promise<DeskView> =>
    new Promise((resolve) => {
      const look = (view: DeskView): void => {
        if (!fits(view)) return;
        listeners.delete(look);
        resolve(view);
      };
      listeners.add(look);
      look(desk.view);
    });
  return { desk, until, file };
}

const isServing = ({ service }: DeskView): boolean => service.state === "provided";
const isSaved = ({ file }: DeskView): boolean => file.state === "saved";

const adding = (title: string) => () => ({ commands: [create(title)], label: title });

const sources = () =>
  new FakePlugins({
    source: {
      methods: {
        generate: ({ input = "a" }: { input?: string }) => changing("some", create(input)),
      },
    },
    old: { version: "1.1.0", methods: { generate: () => null } },
  });

describe("with a daemon", () => {
  test("shows the plugins, and why others are none", async () => {
    const { client } = connection(sources());
    const { until } = await opened(client);
    const { plugins, unfit } = await until(isServing);
    expect(plugins.map(({ id, mirrors }) => [id, mirrors])).toEqual([["source", false]]);
    expect(unfit).toMatchObject([{ id: "old", why: expect.stringContaining("^2.0.0") }]);
  });

  test("what a plugin proposes happens when it is accepted, is told to plugins, and kept in the file", async () => {
    const { client, published } = connection(sources());
    const { desk, until, file } = await opened(client);
    await until(isServing);
    const proposal = await desk.generate("1", "source", { input: "Paint the hull" });
    expect(desk.view.list.todos.size).toBe(0);
    await desk.accept(proposal, null);
    const { history, activity } = await until(({ activity: all }) =>
      all.some((each) => each.kind === "event" && each.title !== null && each.told === 2),
    );
    expect(history).toEqual({ undo: "some", redo: null });
    expect(activity.find(({ kind }) => kind === "batch")).toMatchObject({
      by: "source",
      summary: "some",
      counts: { added: 1, changed: 0, removed: 0 },
    });
    expect(published).toEqual(["todo.loaded", "todo.added"]);
    await until(isSaved);
    expect(readFileSync(file, "utf8")).toContain("- [ ] Paint the hull");
    expect(desk.undo()).toBe("some");
    expect(desk.redo()).toBe("some");
  });

  test("a plugin that is asked is shown with its progress, and can be cancelled", async () => {
    const slow = new FakePlugins({
      slow: {
        methods: {
          generate: (_, { onProgress }) => {
            onProgress?.({ done: 1, total: 3 });
            return new Promise(() => {});
          },
        },
      },
    });
    const { desk, until } = await opened(connection(slow).client);
    await until(isServing);
    const asked = desk.generate("1", "slow", {});
    const { asks } = await until(({ asks: [first] }) => first?.progress !== undefined);
    expect(asks).toMatchObject([
      { id: "1", plugin: "slow", what: "generate", progress: { done: 1, total: 3 } },
    ]);
    desk.cancel("1");
    await expect(asked).rejects.toMatchObject({ code: "cancelled" });
    expect((await until(({ asks: all }) => all.length === 0)).activity.map(({ kind }) => kind)).toEqual([
      "event",
    ]);
  });

  test("what goes wrong is kept to be read", async () => {
    const bad = new FakePlugins({
      bad: {
        methods: {
          generate: () => {
            throw new Error("the harbour is closed");
          },
        },
      },
    });
    const { desk, until } = await opened(connection(bad).client);
    await until(isServing);
    await expect(desk.generate("1", "bad", {})).rejects.toThrow("the harbour is closed");
    expect(desk.view.activity.at(-1)).toMatchObject({
      kind: "problem",
      plugin: "bad",
      message: "the harbour is closed",
    });
  });
});

describe("without a daemon", () => {
  test("the list works and is kept; plugins are told so", async () => {
    const { desk, until, file } = await opened(undefined);
    expect(desk.view).toMatchObject({ service: { state: "away" }, plugins: [] });
    desk.edit(adding("mine"));
    await until(isSaved);
    expect(readFileSync(file, "utf8")).toContain("- [ ] mine");
    await expect(desk.generate("1", "source", {})).rejects.toMatchObject({ code: "plugin_not_found" });
  });

  test("takes up again with each new connection: service, plugins, and what was done meanwhile", async () => {
    const plugins = sources();
    const first = connection(plugins);
    const { desk, until } = await opened(first.client);
    await until(isServing);
    desk.edit(adding("before"));
    await first.end();
    expect(await until(({ service }) => service.state === "away")).toMatchObject({ plugins: [] });
    desk.edit(adding("meanwhile"));
    expect(desk.view.activity.at(-1)).toMatchObject({ event: "todo.added", told: null });
    const second = connection(plugins);
    desk.connected(second.client);
    const { list, history } = await until((view) => isServing(view) && view.plugins.length === 1);
    expect([outline(list), history.undo]).toEqual([["before", "meanwhile"], "meanwhile"]);
    expect(second.published).toEqual(["todo.loaded"]);
    expect(await plugins.query({})).toMatchObject({ todos: [{ title: "before" }, { title: "meanwhile" }] });
  });
});

test("on a read-only connection the list works and plugins are missing, which is not tried again", async () => {
  const { client, published } = connection(sources());
  let asked = 0;
  const { desk, until } = await opened({
    ...client,
    provide: () => {
      asked += 1;
      return Promise.reject(BulkheadError.of("read_only", "service.provide is refused"));
    },
  });
  expect(await until(({ service }) => service.state === "refused")).toMatchObject({ plugins: [] });
  desk.edit(adding("mine"));
  await until(isSaved);
  expect(published).toEqual([]);
  expect(asked).toBe(1);
});

test("while another program is the host, it works alone; when that has gone, it takes its place", async () => {
  const plugins = sources();
  const other = await plugins.provide("todo", {});
  const { client, published } = connection(plugins);
  const { desk, until } = await opened(client);
  expect(await until(({ service }) => service.state === "taken")).toMatchObject({ plugins: [], unfit: [] });
  desk.edit(adding("mine"));
  desk.receive({
    seq: 1,
    at: 0,
    type: "plugin.event",
    plugin: "source",
    event: "todo.changed",
    params: {},
    depth: 0,
  });
  expect(published).toEqual([]);
  await other[Symbol.asyncDispose]();
  expect((await until(isServing)).plugins).toHaveLength(1);
  expect(published).toEqual(["todo.loaded"]);
});

test("what a person edits in the file becomes one batch, which can be undone", async () => {
  const file = path.join(folder(), "todos.md");
  writeFileSync(file, "- [ ] one\n");
  const { desk, until } = await opened(undefined, { file });
  await until(({ file: { state } }) => state === "saved");
  expect(outline(desk.view.list)).toEqual(["one"]);
  writeFileSync(file, readFileSync(file, "utf8").replace("one", "one and a half"));
  await until(({ list }) => outline(list).includes("one and a half"));
  expect(desk.view.history.undo).toBe("edited in todos.md");
});

test("a file that can not be read is told, and nothing is overwritten", async () => {
  const file = path.join(folder(), "todos.md");
  writeFileSync(file, Buffer.from([0xff, 0xfe, 0x00]));
  await expect(opened(undefined, { file })).rejects.toMatchObject({ code: "todo_file_unusable" });
  expect(readFileSync(file)).toEqual(Buffer.from([0xff, 0xfe, 0x00]));
});

test("a file that could not be written is shown as saved when it is", async () => {
  const { desk, until, file } = await opened(undefined);
  mkdirSync(file);
  desk.edit(adding("hull"));
  await until((view) => view.file.state === "unsaved");
  expect(await desk.unsaved()).toMatch(
    /^The todo list is not saved: .*todos\.md can not be read: it is not a file\.$/,
  );
  rmSync(file, { recursive: true });
  await until(isSaved);
  expect(await desk.unsaved()).toBeUndefined();
  expect(readFileSync(file, "utf8")).toContain("- [ ] hull");
});

describe.skipIf(isMissing("todo-tasks"))("with real plugins", () => {
  test("a mirrored directory appears, and an action of the plugin brings it up to date", async () => {
    const tasks = folder();
    writeFileSync(path.join(tasks, "1.json"), JSON.stringify({ subject: "one" }));
    const supervisor = await supervise({
      tasks: {
        command: built("todo-tasks"),
        apis: { todo: "^2.0.0" },
        services: ["host.storage", "host.emit", "todo.query"],
        config: { directory: tasks },
      },
    });
    const control = async (
      _: string,
      { event, params }: { event: string; params: Record<string, unknown> },
    ) => supervisor.publish(event, params);
    const client: DeskClient = {
      call: (target, params, options) => supervisor.call(target, params, options),
      stream: (target, params, options) => supervisor.stream(target, params, options),
      describe: (plugin) => supervisor.describe(plugin),
      plugins: () => supervisor.plugins(),
      provide: (service, handlers) => supervisor.provide(service, handlers),
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only event.publish is asked for
      control: control as unknown as DeskClient["control"],
      closed: new Promise(() => {}),
    };
    const { desk, until } = await opened(client);
    onTestFinished(supervisor.subscribe((event) => desk.receive(event)));
    const name = path.basename(tasks);
    const isShown = (...titles: string[]) => {
      const expected = JSON.stringify([name, ...titles.map((title) => `  ${title}`)]);
      return ({ list }: DeskView): boolean => JSON.stringify(outline(list)) === expected;
    };
    await until(isShown("one"));
    expect(desk.view.plugins).toMatchObject([{ id: "tasks", mirrors: true }]);
    writeFileSync(path.join(tasks, "2.json"), JSON.stringify({ subject: "two", status: "in_progress" }));
    await desk.run("1", "tasks", "sync", {});
    await until(isShown("two", "one"));
    expect(desk.view.activity.filter(({ kind }) => kind === "problem")).toEqual([]);
  });
});
