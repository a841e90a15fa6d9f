/** A todo host that is a client of the daemon, as the terminal interface is. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { TodoHost } from "../../src/todo/host.ts";
import { DaemonProcess } from "../helpers/daemon.ts";
import { built, folder, isMissing, until } from "./todo-helpers.ts";

describe.skipIf(isMissing("todo-tasks"))("a todo host over the daemon's socket", () => {
  test("hears of plugins, asks them, answers them, and tells them", async () => {
    const tasks = folder();
    writeFileSync(path.join(tasks, "1.json"), JSON.stringify({ subject: "one" }));
    const daemon = new DaemonProcess(
      [
        "[plugins.tasks]",
        `command = ${JSON.stringify(built("todo-tasks"))}`,
        'apis = { todo = "^2.0.0" }',
        'services = ["host.storage", "host.emit", "todo.query"]',
        `config = { directory = ${JSON.stringify(tasks)} }`,
      ].join("\n"),
    );
    const client = await daemon.up();
    onTestFinished(() => client.close());
    const following = new AbortController();
    onTestFinished(() => following.abort());
    const problems: Error[] = [];
    const heard: string[] = [];
    const told = Promise.withResolvers<number>();
    const host = new TodoHost({
      caller: client,
      publish: (event, params) => client.control("event.publish", { event, params: { ...params } }),
      onProblem: (_, error) => void problems.push(error),
    });
    const followed = client.follow(
      "event.read",
      {},
      (event) => {
        if (event.type === "plugin.event") heard.push(`${event.plugin ?? "host"} ${event.event}`);
        // The plugin answers `todo.loaded` by asking for a sync: an event that an event has led to.
        if (event.type === "plugin.event" && event.depth > 0) told.resolve(event.depth);
        host.receive(event);
      },
      following.signal,
    );
    await client.control("plugin.wait", { plugin: "tasks", until: "ready" });
    await host.open();
    const shown = (...lines: string[]) => [
      `open ${path.basename(tasks)}`,
      ...lines.map((line) => `  ${line}`),
    ];
    await until(host, shown("open one"));
    expect(await told.promise).toBe(1);
    writeFileSync(path.join(tasks, "2.json"), JSON.stringify({ subject: "two", status: "in_progress" }));
    await until(host, shown("active two", "open one"));
    await host.run("tasks", "sync");
    expect(heard).toContain("host todo.loaded");
    expect(heard).toContain("tasks todo.changed");
    expect(problems).toEqual([]);
    await host[Symbol.asyncDispose]();
    following.abort();
    await followed;
  });
});
