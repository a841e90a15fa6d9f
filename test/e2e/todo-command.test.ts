/** todo-command: programs of other people as a source of todos, and nothing of them left behind. */
import { chmodSync, createReadStream, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { todo2 } from "../../protocol/todo.ts";
import { bind } from "../../src/client/bind/bind.ts";
import { failure, supervise } from "../helpers/supervisor.ts";
import { built, folder, hostOver, isMissing, logged, shown } from "./todo-helpers.ts";

/** The executable of a tracker that does what the script says. */
function tracker(directory: string, script: string): string {
  const file = path.join(directory, "tracker");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const configured = (config: Record<string, unknown>) => ({
  tracker: { command: built("todo-command"), apis: { todo: "^2.0.0" }, config },
});

/** A tracker of three processes that end by nothing but SIGKILL, and a pipe that all of them hold open. */
function tree(directory: string) {
  const pipe = path.join(directory, "pipe");
  execFileSync("mkfifo", [pipe]);
  const nested = `trap "" TERM; echo up >&3; while :; do sleep 1000; done`;
  const script = `exec 3>${pipe}\ntrap '' TERM\nsh -c 'trap "" TERM; sh -c "$0" & wait' '${nested}' &\nwhile :; do sleep 1000; done`;
  const watched = createReadStream(pipe);
  return {
    command: [tracker(directory, script)],
    up: new Promise<void>((resolve) => watched.once("data", () => resolve())),
    gone: new Promise<void>((resolve) => watched.once("end", resolve)),
  };
}

describe.skipIf(isMissing("todo-command"))("todo-command", () => {
  test("turns what a program prints into todos", async () => {
    const issues = [
      {
        key: "A-2",
        fields: {
          summary: "caulk",
          status: { name: "Done", statusCategory: { key: "done" } },
          parent: { key: "A-1" },
        },
      },
      {
        key: "A-1",
        fields: { summary: `about $1`, status: { name: "Doing", statusCategory: { key: "indeterminate" } } },
      },
    ];
    const file = tracker(folder(), `echo "asked for $1" >&2\ncat <<END\n${JSON.stringify({ issues })}\nEND`);
    const supervisor = await supervise(configured({ command: [file, "project={input}"], format: "jira" }));
    const complaint = logged(supervisor, "asked for");
    const { host } = await hostOver(supervisor);
    const outcome = await host.accept(await host.generate("tracker", { input: "A & B" }));
    expect(outcome).toMatchObject({ ok: true, summary: `2 todos from ${file}` });
    expect(shown(host.list)).toEqual(["active A-1 about project=A & B", "  done A-2 caulk"]);
    expect(host.list.todos.get("2")).toMatchObject({ metadata: { jira: "A-2" }, origin: "tracker" });
    expect(await complaint).toBe("asked for project=A & B");
  });

  test("fits the contract, and says what is the matter with the program", async () => {
    const supervisor = await supervise(configured({ command: ["no-such-tracker"] }));
    const warning = logged(supervisor, "no-such-tracker");
    const client = await bind(supervisor, "tracker", todo2);
    expect(client.$warnings).toEqual([]);
    const error = await failure(client.generate({}));
    expect(error).toMatchObject({ code: "program_missing", data: { program: "no-such-tracker" } });
    expect(error.message).toContain("PATH");
    expect(await warning).toContain("PATH");
  });

  test("a configuration that is wrong is refused with its path", async () => {
    const supervisor = await supervise(configured({ command: [], format: "lines" }));
    const error = await failure(supervisor.start("tracker"));
    expect(error).toMatchObject({ code: "config_invalid" });
    expect(error.message).toContain("/command");
    const other = await supervise(configured({ command: ["x"], format: "xml" }));
    expect(await failure(other.start("tracker"))).toMatchObject({ code: "config_invalid" });
  });

  test("a call that is cancelled takes the program along, with all that it has started", async () => {
    const { command, up, gone } = tree(folder());
    const supervisor = await supervise(configured({ command }));
    const controller = new AbortController();
    const call = failure(supervisor.call("tracker/todo.generate", {}, { signal: controller.signal }));
    await up;
    controller.abort();
    expect(await call).toMatchObject({ code: "cancelled" });
    await gone;
    expect(supervisor.status("tracker")).toMatchObject({ state: "serving" });
  });

  test("so does a call whose time is up", async () => {
    const { command, up, gone } = tree(folder());
    const supervisor = await supervise(configured({ command, timeoutSeconds: 1 }));
    const call = failure(supervisor.call("tracker/todo.generate"));
    await up;
    expect(await call).toMatchObject({ code: "program_timeout" });
    await gone;
  });

  test.each([
    ["with the guard", undefined],
    ["without one", null],
  ] as const)("and a plugin that is stopped under it, %s", async (_, guard) => {
    const { command, up, gone } = tree(folder());
    const entry = { ...configured({ command }).tracker, timeouts: { drain: "100ms", terminate: "1s" } };
    const supervisor = await supervise({ tracker: entry }, guard === null ? { guard } : {});
    const call = failure(supervisor.call("tracker/todo.generate"));
    await up;
    await supervisor.stop("tracker");
    expect((await call).code).toMatch(/^plugin_/);
    await gone;
  });
});
