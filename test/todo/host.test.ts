import { describe, expect, onTestFinished, test } from "vitest";
import type { SupervisorEvent } from "../../protocol/state.ts";
import { TodoHost } from "../../src/todo/host.ts";
import type { TodoHostOptions } from "../../src/todo/host.ts";
import { changing, FakePlugins } from "./fake-plugins.ts";
import { after, create, outline } from "./samples.ts";

async function hosted(plugins: FakePlugins, more: Partial<TodoHostOptions> = {}) {
  const told: string[] = [];
  const problems: string[] = [];
  const host = new TodoHost({
    caller: plugins,
    publish: (event) => void told.push(event),
    onProblem: (plugin, error) => void problems.push(`${plugin ?? "host"}: ${error.message}`),
    ...more,
  });
  onTestFinished(() => host[Symbol.asyncDispose]());
  await host.open();
  return { host, told, problems };
}

/** Resolves when the list has this outline. */
function until(host: TodoHost, expected: readonly string[]): Promise<void> {
  const isThere = (): boolean => JSON.stringify(outline(host.list)) === JSON.stringify(expected);
  return new Promise((resolve) => {
    if (isThere()) resolve();
    else host.subscribe(() => isThere() && resolve());
  });
}

const changed = (plugin: string, depth = 0): SupervisorEvent => ({
  seq: 0,
  at: 0,
  type: "plugin.event",
  plugin,
  event: "todo.changed",
  params: {},
  depth,
});

const sources = () =>
  new FakePlugins({
    source: { methods: { generate: () => changing("two", create("a"), create("b", { parent: "a" })) } },
  });

describe("generating", () => {
  test("shows what would be there, and does it when it is accepted", async () => {
    const { host, told } = await hosted(sources());
    const proposal = await host.generate("source", { input: "x" });
    expect(outline(host.list)).toEqual([]);
    expect(proposal.result.ok && outline(proposal.result.list)).toEqual(["a", "  b"]);
    expect(await host.accept(proposal)).toMatchObject({ ok: true, summary: "two" });
    expect(outline(host.list)).toEqual(["a", "  b"]);
    expect(host.list.todos.get("1")?.origin).toBe("source");
    expect(told).toEqual(["todo.loaded", "todo.added", "todo.added"]);
  });

  test("puts it under a todo where one is named, on the list as it is by then", async () => {
    const { host } = await hosted(sources());
    host.apply([create("mine")], "mine");
    const proposal = await host.generate("source");
    host.apply([create("more")], "more");
    await host.accept(proposal, "1");
    expect(outline(host.list)).toEqual(["mine", "  a", "    b", "more"]);
  });

  test("a batch that does not fit changes nothing and tells nobody", async () => {
    const bad = changing("bad", create("a"), { op: "delete", id: "nobody" });
    const { host, told } = await hosted(new FakePlugins({ source: { methods: { generate: () => bad } } }));
    const proposal = await host.generate("source");
    expect(proposal.result).toMatchObject({ ok: false, error: { index: 1, path: "/id" } });
    expect(await host.accept(proposal)).toMatchObject({ ok: false });
    expect([outline(host.list), told]).toEqual([[], ["todo.loaded"]]);
  });
});

test("plugins of another version are named, with the reason", async () => {
  const { host } = await hosted(
    new FakePlugins({ old: { version: "1.1.0", methods: { generate: () => null } }, odd: { methods: {} } }),
  );
  expect(host.plugins.size).toBe(0);
  expect(host.unfit.get("old")).toMatchObject({ code: "incompatible_api" });
  expect(host.unfit.get("odd")).toMatchObject({ code: "contract_mismatch" });
  await expect(host.generate("odd")).rejects.toMatchObject({ code: "contract_mismatch" });
  await expect(host.generate("nobody")).rejects.toMatchObject({ code: "plugin_not_found" });
});

test("an action does what its method answers, or nothing", async () => {
  const { host } = await hosted(
    new FakePlugins({
      source: {
        methods: {
          generate: ({ selected }: { selected: string[] }) =>
            changing(
              "done",
              ...selected.map((id) => ({ op: "update" as const, id, state: "done" as const })),
            ),
          look: () => null,
          odd: () => 7,
        },
        actions: ["generate", "look", "odd"].map((id) => ({ id, method: id })),
      },
    }),
    { list: after([create("a"), create("b")]) },
  );
  expect(await host.run("source", "generate", { selected: ["2"] })).toMatchObject({ ok: true });
  expect(host.list.todos.get("2")?.state).toBe("done");
  expect(await host.run("source", "look")).toMatchObject({ ok: true });
  await expect(host.run("source", "odd")).rejects.toMatchObject({ code: "invalid_result" });
  await expect(host.run("source", "nothing")).rejects.toMatchObject({ code: "method_not_found" });
});

test("undo and redo go for what plugins did as well, and plugins are told", async () => {
  const seen: unknown[] = [];
  const { host, told } = await hosted(
    new FakePlugins({ source: { methods: { generate: () => changing("one", create("theirs")) } } }),
    { onEvent: ({ event }) => void seen.push(event) },
  );
  expect(host.history).toEqual({ undo: null, redo: null });
  host.apply([create("mine")], "mine");
  await host.accept(await host.generate("source"));
  expect(host.history).toEqual({ undo: "one", redo: null });
  expect([host.undo(), outline(host.list)]).toEqual(["one", ["mine"]]);
  expect(host.history).toEqual({ undo: "mine", redo: "one" });
  expect([host.undo(), host.undo(), outline(host.list)]).toEqual(["mine", null, []]);
  expect([host.redo(), host.redo(), outline(host.list)]).toEqual(["mine", "one", ["mine", "theirs"]]);
  expect([host.redo(), host.history]).toEqual([null, { undo: "one", redo: null }]);
  expect(told.slice(1)).toEqual(
    ["added", "added", "deleted", "deleted", "added", "added"].map((name) => `todo.${name}`),
  );
  expect(seen).toEqual(told);
});

/** One that has these titles, and counts what it is asked. */
function mirroring(titles: string[]) {
  const ids = new Map<string, string>();
  const asked = { sync: 0, applied: 0 };
  let pending: (() => void) | undefined;
  const plugins = new FakePlugins({
    mirror: {
      actions: [
        { id: "generate", method: "generate" },
        { id: "look", method: "sync" },
      ],
      methods: {
        generate: () => changing(""),
        async sync() {
          asked.sync += 1;
          const seen = [...titles];
          if (pending === undefined) return batchOf(seen);
          await new Promise<void>((resolve) => (pending = resolve));
          return batchOf(seen);
        },
        applied({ batch, created }: { batch: string; created: { tempId: string; id: string }[] }) {
          asked.applied += 1;
          expect(batch).toBe(`b${asked.sync}`);
          for (const { tempId, id } of created) ids.set(tempId, id);
          return null;
        },
      },
    },
  });
  const batchOf = (seen: string[]) => {
    const gone = [...ids].filter(([title]) => !seen.includes(title));
    for (const [title] of gone) ids.delete(title);
    return {
      ...changing(
        "",
        ...gone.map(([, id]) => ({ op: "delete" as const, id })),
        ...seen.filter((title) => !ids.has(title)).map((title) => create(title)),
      ),
      batch: `b${asked.sync}`,
    };
  };
  const hold = (): void => void (pending = () => undefined);
  const release = (): void => {
    const resume = pending;
    pending = undefined;
    resume?.();
  };
  return { plugins, asked, hold, release };
}

describe("a plugin that mirrors something", () => {
  test("is asked at once, and whenever it says that there is something new", async () => {
    const titles = ["a", "b"];
    const { plugins, asked } = mirroring(titles);
    const { host } = await hosted(plugins);
    await until(host, ["a", "b"]);
    titles.splice(0, 1, "c");
    host.receive(changed("mirror"));
    await until(host, ["b", "c"]);
    await host.sync("mirror");
    expect(outline(host.list)).toEqual(["b", "c"]);
    expect(asked).toEqual({ sync: 3, applied: 3 });
  });

  test("is asked one at a time, and once more when it spoke up meanwhile, however often", async () => {
    const titles = ["a"];
    const { plugins, asked, hold, release } = mirroring(titles);
    const { host } = await hosted(plugins);
    await until(host, ["a"]);
    await host.sync("mirror");
    const before = asked.sync;
    hold();
    const first = host.sync("mirror");
    // The call is on its way when it is counted.
    while (asked.sync === before) await Promise.resolve();
    titles.push("b");
    for (let n = 0; n < 5; n += 1) host.receive(changed("mirror"));
    const again = host.sync("mirror");
    release();
    await Promise.all([first, again]);
    expect(outline(host.list)).toEqual(["a", "b"]);
    expect(asked.sync).toBe(before + 2);
  });

  test("is not asked at the same time by an action: its batch would not be known any more when it is told", async () => {
    const { plugins, asked, hold, release } = mirroring(["a"]);
    const { host, problems } = await hosted(plugins);
    await host.sync("mirror");
    const before = asked.sync;
    hold();
    const first = host.sync("mirror");
    while (asked.sync === before) await Promise.resolve();
    const action = host.run("mirror", "look");
    release();
    expect(await Promise.all([first, action])).toMatchObject([{ ok: true }, { ok: true }]);
    expect(asked).toEqual({ sync: before + 2, applied: before + 2 });
    expect(problems).toEqual([]);
  });

  test("does not set off further events when it was an event that woke it", async () => {
    const titles = ["a"];
    const { plugins } = mirroring(titles);
    const { host, told } = await hosted(plugins);
    await until(host, ["a"]);
    const before = told.length;
    titles.push("b");
    host.receive(changed("mirror", 1));
    await until(host, ["a", "b"]);
    expect(told.length).toBe(before);
  });

  test("that fails is a problem, and not the end", async () => {
    let fails = true;
    const { host, problems } = await hosted(
      new FakePlugins({
        mirror: {
          methods: {
            generate: () => changing(""),
            sync: () => {
              if (fails) throw new Error("no disk");
              return changing("", create("a"));
            },
            applied: () => null,
          },
        },
      }),
    );
    await expect(host.sync("mirror")).rejects.toThrow("no disk");
    fails = false;
    host.receive(changed("mirror"));
    await until(host, ["a"]);
    expect(problems).toContain("mirror: no disk");
  });
});

test("a plugin that is new is found", async () => {
  const plugins = new FakePlugins({});
  const { host } = await hosted(plugins);
  plugins.plugin.set("late", {
    methods: { generate: () => changing(""), sync: () => changing("", create("a")), applied: () => null },
  });
  host.receive({
    seq: 1,
    at: 0,
    type: "plugin.state",
    plugin: "late",
    from: "starting",
    to: "serving",
    why: "",
  });
  await until(host, ["a"]);
  plugins.plugin.delete("late");
  await host.refresh();
  expect(host.plugins.size).toBe(0);
});

describe("todo.query", () => {
  test("answers plugins with the list as it is", async () => {
    const plugins = new FakePlugins({});
    const { host } = await hosted(plugins);
    host.apply([create("a")], "a");
    expect(await plugins.query({ text: "A" })).toMatchObject({
      todos: [{ id: "1", title: "a", depth: 0 }],
      more: false,
    });
    await expect(plugins.query({ limit: 0 })).rejects.toMatchObject({
      code: "invalid_params",
      data: { path: "/limit" },
    });
  });

  test("is provided by one host only, and until it is closed", async () => {
    const plugins = new FakePlugins({});
    const { host } = await hosted(plugins);
    await expect(hosted(plugins)).rejects.toMatchObject({ code: "service_taken" });
    await host[Symbol.asyncDispose]();
    await expect(plugins.query({})).rejects.toMatchObject({ code: "service_unavailable" });
  });
});

test("parts with its plugins and takes them up again; the list and what can be undone stay", async () => {
  const plugins = sources();
  const batches: unknown[] = [];
  const { host, told } = await hosted(plugins, {
    onBatch: (by, summary, { todos }) => void batches.push([by, summary, todos.size]),
  });
  const proposal = await host.generate("source");
  await host.close();
  expect([host.plugins.size, plugins.services.size]).toEqual([0, 0]);
  expect(await host.accept(proposal)).toMatchObject({ ok: true });
  await host.open();
  expect([...host.plugins.keys()]).toEqual(["source"]);
  expect(told).toEqual(["todo.loaded", "todo.added", "todo.added", "todo.loaded"]);
  expect([outline(host.list), host.undo()]).toEqual([["a", "  b"], "two"]);
  expect(batches).toEqual([["source", "two", 2]]);
});
