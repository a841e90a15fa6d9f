/** todo-tasks: a directory of task files and a todo host that shows the same. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { todo2 } from "../../protocol/todo.ts";
import { bind } from "../../src/client/bind/bind.ts";
import type { TodoHost } from "../../src/todo/host.ts";
import { event, supervise } from "../helpers/supervisor.ts";
import { built, folder, hostOver, isMissing, logged, until } from "./todo-helpers.ts";

interface Written {
  readonly id?: number | string;
  readonly subject: string;
  readonly status?: string;
  readonly blockedBy?: readonly number[];
}

class Tasks {
  readonly directory = folder();
  readonly name = path.basename(this.directory);

  write(file: string, task: Written): void {
    this.writeText(file, JSON.stringify(task));
  }

  writeText(file: string, text: string): void {
    writeFileSync(path.join(this.directory, file), text);
  }

  rename(from: string, to: string): void {
    renameSync(path.join(this.directory, from), path.join(this.directory, to));
  }

  delete(file: string): void {
    rmSync(path.join(this.directory, file));
  }

  /** As the host shows it: below a todo with the directory's name. */
  shown(...lines: string[]): string[] {
    return [`open ${this.name}`, ...lines.map((line) => `  ${line}`)];
  }

  entry(more: Record<string, unknown> = {}, services = ["host.storage", "host.emit", "todo.query"]) {
    const config = { directory: this.directory, ...more };
    return { command: built("todo-tasks"), apis: { todo: "^2.0.0" }, services, config };
  }
}

const titles = ({ list }: TodoHost): string[] => [...list.todos.values()].map(({ title }) => title);

describe.skipIf(isMissing("todo-tasks"))("todo-tasks", () => {
  test("keeps the host's todos as the directory is: written, changed, blocked, renamed, deleted", async () => {
    const tasks = new Tasks();
    tasks.write("1.json", { id: 1, subject: "one" });
    const supervisor = await supervise({ tasks: tasks.entry() });
    const { host, problems } = await hostOver(supervisor);
    await until(host, tasks.shown("open one"));
    const [, one] = [...host.list.todos.keys()];

    tasks.write("2.json", { id: 2, subject: "two", blockedBy: [1] });
    await until(host, tasks.shown("open one", "blocked two"));
    tasks.write("1.json", { id: 1, subject: "ONE", status: "in_progress" });
    await until(host, tasks.shown("active ONE", "blocked two"));
    tasks.write("1.json", { id: 1, subject: "ONE", status: "completed" });
    await until(host, tasks.shown("open two", "done ONE"));
    tasks.rename("1.json", "renamed.json");
    tasks.write("renamed.json", { id: 1, subject: "one again" });
    await until(host, tasks.shown("open one again", "blocked two"));
    expect(host.list.todos.get(one ?? "")).toMatchObject({ title: "one again", origin: "tasks" });
    tasks.delete("2.json");
    await until(host, tasks.shown("open one again"));
    expect(problems).toEqual([]);
  });

  test("a file that is half written stands for what it was, and says so in the log", async () => {
    const tasks = new Tasks();
    tasks.write("1.json", { id: 1, subject: "one" });
    const supervisor = await supervise({ tasks: tasks.entry() });
    const { host } = await hostOver(supervisor);
    await until(host, tasks.shown("open one"));
    const complaint = logged(supervisor, "skipped");
    tasks.writeText("1.json", '{"id": 1, "subj');
    tasks.write("2.json", { id: 2, subject: "two" });
    await until(host, tasks.shown("open one", "open two"));
    expect(await complaint).toContain("1.json");
    tasks.write("1.json", { id: 1, subject: "whole" });
    await until(host, tasks.shown("open whole", "open two"));
  });

  test.each([
    ["by the host's storage", ["host.storage", "host.emit"]],
    ["by todo.query", ["host.storage", "host.emit", "todo.query"]],
  ])("a restart creates nothing twice, and shows what changed meanwhile: %s", async (_, services) => {
    const tasks = new Tasks();
    tasks.write("1.json", { id: 1, subject: "one" });
    tasks.write("2.json", { id: 2, subject: "two" });
    const supervisor = await supervise({ tasks: tasks.entry({}, services) });
    const { host, problems } = await hostOver(supervisor);
    await until(host, tasks.shown("open one", "open two"));
    // Confirmed by now, because only one batch is under way.
    await host.sync("tasks");
    const before = [...host.list.todos.keys()];
    await supervisor.stop("tasks");
    tasks.write("2.json", { id: 2, subject: "two", status: "in_progress" });
    await supervisor.start("tasks");
    await until(host, tasks.shown("active two", "open one"));
    expect([...host.list.todos.keys()]).toEqual(before);
    expect(problems).toEqual([]);
  });

  test("what the host has without the plugin's knowing is found by todo.query", async () => {
    const tasks = new Tasks();
    tasks.write("1.json", { id: 1, subject: "one" });
    const first = await supervise({ tasks: tasks.entry() });
    const before = await hostOver(first);
    await until(before.host, tasks.shown("open one"));
    // Another supervisor: its storage is empty, while the list is the same.
    const second = await supervise({ tasks: tasks.entry() });
    const { host } = await hostOver(second, before.host.list);
    tasks.write("2.json", { id: 2, subject: "two" });
    await until(host, tasks.shown("open one", "open two"));
    expect(titles(host).filter((title) => title === "one")).toHaveLength(1);
  });

  test("what a person deletes, moves or changes in the host: the first two come back, the last stays", async () => {
    const tasks = new Tasks();
    tasks.write("1.json", { id: 1, subject: "one" });
    tasks.write("2.json", { id: 2, subject: "two" });
    tasks.write("3.json", { id: 3, subject: "three" });
    const supervisor = await supervise({ tasks: tasks.entry() });
    const { host, problems } = await hostOver(supervisor);
    await until(host, tasks.shown("open one", "open two", "open three"));
    await host.sync("tasks");
    const id = (title: string) =>
      [...host.list.todos.values()].find((todo) => todo.title === title)?.id ?? "";
    host.apply(
      [
        { op: "delete", id: id("one") },
        { op: "move", id: id("two"), parent: null },
        { op: "update", id: id("three"), title: "mine" },
      ],
      "by hand",
    );
    await host.sync("tasks");
    await until(host, tasks.shown("open one", "open two", "open mine"));
    expect(problems).toEqual([]);
  });

  test("takes another configuration while it runs", async () => {
    const tasks = new Tasks();
    tasks.write("1.json", { id: 1, subject: "b" });
    tasks.write("2.json", { id: 2, subject: "a" });
    const supervisor = await supervise({ tasks: tasks.entry() });
    const { host } = await hostOver(supervisor);
    await until(host, tasks.shown("open b", "open a"));
    const { pid } = supervisor.status("tasks");
    const spec = { ...supervisor.spec("tasks"), config: { directory: tasks.directory, order: "name" } };
    await supervisor.apply([spec], new Map());
    await until(host, tasks.shown("open a", "open b"));
    expect(supervisor.status("tasks").pid).toBe(pid);
  });

  test("fits the contract with its group, and wakes the host with an event", async () => {
    const tasks = new Tasks();
    const supervisor = await supervise({ tasks: { ...tasks.entry(), start: "lazy" } });
    const woken = event(supervisor, "plugin.event", (each) => each.event === "todo.changed");
    const client = await bind(supervisor, "tasks", todo2);
    expect(client.$warnings).toEqual([]);
    expect(client.preview).toBeUndefined();
    expect(await client.mirror?.sync({})).toMatchObject({ commands: [] });
    expect(await woken).toMatchObject({ plugin: "tasks" });
    tasks.write("1.json", { id: 1, subject: "one" });
    expect(await client.generate({ input: "ON" })).toMatchObject({
      commands: [{ op: "create", title: "one" }],
    });
    expect(supervisor.actions("tasks").map(({ id, method }) => [id, method])).toEqual([
      ["generate", "generate"],
      ["sync", "sync"],
    ]);
  });

  test("without its storage it is not started", async () => {
    const supervisor = await supervise({ tasks: new Tasks().entry({}, ["host.emit"]) });
    await expect(supervisor.start("tasks")).rejects.toMatchObject({ code: "service_not_granted" });
  });
});
