/** ctrl+z, as a person meets it: in a shell with job control. */
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { DaemonProcess, table } from "../../helpers/daemon.ts";
import { Terminal, withoutTerminal } from "../../helpers/terminal.ts";
import { openTui } from "../../helpers/tui.ts";

const daemon = new DaemonProcess(table("calm"));
const command = path.join(import.meta.dirname, "../../../scripts/bulkhead.cjs");

beforeAll(async () => {
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "calm", until: "ready" });
});

/** It is drawn as if it had never been away, at the size that the terminal has by then. */
const isBack = (rows: number) => (lines: readonly string[]) =>
  lines.length === rows && (lines[0] ?? "").endsWith("1 serving") && (lines.at(-1) ?? "").includes("quit");

describe.skipIf(withoutTerminal)("ctrl+z", () => {
  test("gives the terminal back to the shell, and fg comes back to the same picture", async () => {
    await using terminal = await Terminal.open(["sh", "-i"], {
      env: { HOME: daemon.directory, BULKHEAD_STATE_DIR: daemon.stateDir, PS1: "shell: " },
    });
    await terminal.until("shell:");
    await terminal.type(`'${process.execPath}' '${command}' tui`);
    await terminal.press("Enter");
    await terminal.until(isBack(24), "the interface");
    // What is typed but not done is still there afterwards.
    await terminal.press("/");
    await terminal.type("calm");
    await terminal.until("/ calm");

    for (const rows of [24, 20]) {
      await terminal.press("C-z");
      await terminal.until(/Stopped[^]*shell:\s*$/, "the shell");
      expect(await terminal.fact("alternate_on")).toBe("0");
      expect(await terminal.fact("cursor_flag")).toBe("1");
      // The terminal's own modes as well: it echoes what is typed, and pastes are not marked.
      await terminal.type("echo to the $((40 + 2))");
      await terminal.press("Enter");
      await terminal.until("to the 42");
      expect(terminal.written()).toMatch(/\?2004l(?![^]*\?2004h)/);

      await terminal.resize(80, rows);
      await terminal.type("fg");
      await terminal.press("Enter");
      const lines = await terminal.until(
        (seen) => seen.length === rows && (seen[0] ?? "").endsWith("1 serving"),
        "the interface again",
      );
      expect(lines.join("\n")).toContain("/ calm");
      expect(await terminal.fact("alternate_on")).toBe("1");
    }

    await terminal.press("Escape");
    await terminal.until(isBack(20), "that its keys are read again");
    await terminal.press("q");
    await terminal.until(/shell:\s*$/, "the shell after leaving");
    expect(await terminal.fact("alternate_on")).toBe("0");
  });

  test("changes nothing where nobody could continue it", async () => {
    // The first program of a terminal is in an orphaned process group: the kernel does not stop it.
    const terminal = await openTui(daemon);
    await terminal.until(isBack(24), "the interface");
    await terminal.press("C-z");
    await terminal.press("?");
    await terminal.until(/close$/m, "help");
    expect(await terminal.fact("alternate_on")).toBe("1");
  });
});
