/** What the terminal interface is for, from one end to the other, with the sample plugins as they were built. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { built, isMissing } from "../../e2e/todo-helpers.ts";
import { DaemonProcess, table } from "../../helpers/daemon.ts";
import { withoutTerminal } from "../../helpers/terminal.ts";
import { openTui } from "../../helpers/tui.ts";

const entry = (id: string, program: string, more: string): string =>
  `[plugins.${id}]\ncommand = ${JSON.stringify(built(program))}\n${more}\n`;

/** Wants to be told what is completed, and tells what it was told. */
const listener = {
  protocol: 1,
  plugin: { name: "listener", version: "1.0.0" },
  build: { language: "javascript" },
  apis: [
    { name: "todo", version: "2.0.0", methods: [], events: [{ name: "completed" }] },
    {
      name: "fixture",
      version: "1.0.0",
      methods: [{ name: "seen", params: { type: "object" }, result: {} }],
    },
  ],
};

const daemon = new DaemonProcess(
  [
    entry("chaos", "chaos", `restart = { min_delay = "10ms" }`),
    entry("todo-scan", "todo-scan", `apis = { todo = "^1.0.0" }\nstart = "lazy"`),
    entry("scan", "todo-scan", `apis = { todo = "^2.0.0" }`),
    table("listener", { describe: JSON.stringify(listener) }),
  ].join("\n"),
);
const cannot = withoutTerminal || ["chaos", "todo-scan"].some(isMissing);

describe.skipIf(cannot)("somebody with the terminal interface", () => {
  test("calls a plugin, reads a crash, restarts it, works on todos with plugins, and leaves", async () => {
    const tree = path.join(daemon.directory, "tree");
    mkdirSync(tree);
    writeFileSync(path.join(tree, "deck.ts"), "// TODO: sweep the deck\n// FIXME(ann): mend the hull\n");
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "chaos", until: "ready" });
    const file = path.join(daemon.directory, "todos.md");
    const terminal = await openTui(daemon, { columns: 100, rows: 30 }, "--todos", file);
    await terminal.until("3 serving");

    // Finds the method of a plugin that was never started, fills in its form, and sees a checklist.
    await terminal.press("3");
    await terminal.type("todo-scan");
    await terminal.until("enter asks it what it can do");
    await terminal.press("Enter");
    // It has one method only.
    await terminal.until("[ Call ]");
    await terminal.type(tree);
    await terminal.until(`$ bulkhead call todo-scan.scan root=${tree}`);
    await terminal.press("C-s");
    const checklist = await terminal.until("2 todos: 2 open");
    expect(checklist.join("\n")).toMatch(/☐ sweep the deck .*deck\.ts:1/);
    expect(checklist.join("\n")).toMatch(/☐ ! mend the hull .*@ann .*deck\.ts:2/);

    // Makes chaos panic, and reads why it died and what was lost.
    await terminal.press("1");
    await terminal.until("NAME");
    await terminal.press("g", "c");
    await terminal.until("chaos.panic ");
    await terminal.type("panic");
    await terminal.press("Enter");
    await terminal.until("[ Call ]");
    await terminal.press("C-s");
    await terminal.until("plugin_crashed");
    await terminal.press("Enter");
    const report = (await terminal.until("What happens next")).join("\n");
    const [crash] = await client.control("crash.list", { plugin: "chaos" });
    expect(report).toContain(`$ bulkhead crashes ${crash?.id}`);
    expect(report).toMatch(/panic +thread \S+ at \S+\.rs:\d+:\d+/);
    expect(report).toMatch(/chaos\.panic +may have been executed/);

    // Restarts it from there.
    const { generation } = await client.control("plugin.wait", { plugin: "chaos", until: "ready" });
    await terminal.press("r");
    await terminal.press("1");
    await terminal.until(
      (lines) => lines.some((line) => new RegExp(`state +serving.*life ${generation + 1}`).test(line)),
      `life ${generation + 1}`,
    );

    // Has todos generated, looks at them, and takes them into the list, which is a file.
    await terminal.press("5");
    await terminal.until("Nothing to do yet");
    await terminal.press("n");
    await terminal.until(/^ +scan /m);
    await terminal.press("Enter");
    await terminal.until("input:");
    await terminal.type(tree);
    await terminal.press("Enter");
    await terminal.until(/sweep the deck[^]*accept/);
    await terminal.press("y");
    await terminal.until(/\[ \] .*sweep the deck[^]*u undo/);
    await fileHas(file, /- \[ \] .*sweep the deck/);

    // Completes one: the plugin that wants to know is told. Undoes it.
    await terminal.press("/");
    await terminal.type("sweep");
    await terminal.press("Enter");
    await terminal.press("G", "x");
    await terminal.until(/\[x\] .*sweep the deck/);
    await fileHas(file, /- \[x\] .*sweep the deck/);
    await terminal.press("H");
    await terminal.until(/completed/);
    const told = { events: [["todo.completed", expect.anything()]] };
    await vi.waitFor(async () => expect(await client.call("listener/fixture.seen")).toMatchObject(told));
    await terminal.press("Escape");
    await terminal.until("u undo");
    await terminal.press("u");
    await terminal.until(/\[ \] .*sweep the deck/);
    await fileHas(file, /- \[ \] .*sweep the deck/);

    // Leaves, and the daemon goes on.
    await terminal.press("q");
    expect(await terminal.ended()).toBe(0);
    const status = await client.control("plugin.status", { plugin: "chaos" });
    expect(status.state).toBe("serving");
    client.close();
  });
});

/** A file tells nobody that it has changed, so it is looked at. */
async function fileHas(file: string, what: RegExp): Promise<void> {
  await vi.waitFor(() => expect(readFileSync(file, "utf8")).toMatch(what), { timeout: 20_000 });
}
