/** How it treats the terminal that it is given, and what plugins can do to that terminal: nothing. */
/* oxlint-disable no-control-regex -- what is written to a terminal is what this is about */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../../../src/client/client.ts";
import { DaemonProcess, table } from "../../helpers/daemon.ts";
import { failure } from "../../helpers/supervisor.ts";
import { withoutTerminal } from "../../helpers/terminal.ts";
import type { Terminal } from "../../helpers/terminal.ts";
import { openTui } from "../../helpers/tui.ts";
import { shownWidth } from "../hostile.ts";

const daemon = new DaemonProcess(
  table("calm") +
    table("hostile", {}, `restart = { min_delay = "10ms" }`) +
    table("lazy", {}, `start = "lazy"`),
);
let client: Client;

beforeAll(async () => {
  client = await daemon.up();
  for (const plugin of ["calm", "hostile"]) await client.control("plugin.wait", { plugin, until: "ready" });
});

const screens = ["1", "2", "3", "4", "5", "6"];

/** The tab of the screen that is shown is reversed, without colours too. */
const onScreen = (key: string) => new RegExp(`\\u001B\\[(?:\\d+;)*7m(?:\\u001B\\[\\d+m)* ${key} `);

/** Shows every screen, and what stands before them, and looks at each. */
async function tour(terminal: Terminal, look: (lines: readonly string[]) => void): Promise<void> {
  for (const key of screens) {
    await terminal.press(key);
    await terminal.untilStyled(onScreen(key), `screen ${key}`);
    look(await terminal.screen());
    await terminal.press("?");
    look(await terminal.until(/close$/m, "help"));
    await terminal.press("?");
    await terminal.until((lines) => !/close$/m.test(lines.join("\n")), "no help");
  }
}

/** Colours: SGR 30 to 49 and 90 to 107. Bold, dim and reversed are none. */
const colour = /\u001B\[(?:\d+;)*(?:[34]\d|9[0-7]|10[0-7])(?:;\d+)*m/;

describe.skipIf(withoutTerminal)("the terminal interface on a terminal", () => {
  test.each([
    [80, 24],
    [60, 15],
    [200, 60],
    [40, 10],
  ])("of %i columns and %i rows draws every screen within it", async (columns, rows) => {
    const terminal = await openTui(daemon, { columns, rows });
    await terminal.until("2 serving");
    await tour(terminal, (lines) => {
      // The hints stand in the last row: the picture has all of them.
      expect(lines.at(-1)).not.toBe("");
      // The header stands where it was: nothing has scrolled.
      expect(lines[0]).toMatch(/^ 1 /);
    });
  });

  test("fills it again after a resize", async () => {
    const terminal = await openTui(daemon);
    await terminal.until("2 serving");
    for (const [columns, rows] of [
      [120, 40],
      [60, 15],
      [80, 24],
    ] as const) {
      await terminal.resize(columns, rows);
      const lines = await terminal.until(
        (seen) =>
          seen.length === rows &&
          (seen.at(-1) ?? "").includes("quit") &&
          (seen[0] ?? "").endsWith("2 serving"),
        `${columns}x${rows}`,
      );
      expect(shownWidth(lines[0] ?? "")).toBe(columns);
    }
  });

  test("is coloured, and without colours when NO_COLOR is set, with the same words", async () => {
    const [coloured, plain] = await Promise.all([
      openTui(daemon),
      openTui(daemon, { env: { NO_COLOR: "1" } }),
    ]);
    await Promise.all([coloured.until("2 serving"), plain.until("2 serving")]);
    expect(coloured.written()).toMatch(colour);
    await tour(plain, () => undefined);
    expect(plain.written()).not.toMatch(colour);
    expect((await plain.styled()).join("\n")).toContain("\u001B[7m");
  });

  test("is left as it was found", async () => {
    const terminal = await openTui(daemon);
    await terminal.until("2 serving");
    expect(await terminal.fact("alternate_on")).toBe("1");
    await terminal.press("q");
    expect(await terminal.ended()).toBe(0);
    expect(await terminal.fact("alternate_on")).toBe("0");
    // tmux hides the cursor of what has ended, so what was written is asked.
    expect(terminal.written()).toMatch(/\?25l[^]*\?25h(?![^]*\?25l)/);
    expect(terminal.written()).toMatch(/\?2004h[^]*\?2004l(?![^]*\?2004h)/);
    expect((await terminal.screen()).join("").trim()).toMatch(/^(?:Pane is dead.*)?$/);
    expect((await client.control("daemon.status")).pid).toBe(daemon.pid);
  });

  test("is left at once by ctrl+c, also while a text is typed", async () => {
    const terminal = await openTui(daemon);
    await terminal.until("2 serving");
    await terminal.press("/");
    await terminal.press("C-c");
    expect(await terminal.ended()).toBe(0);
    expect(await terminal.fact("alternate_on")).toBe("0");
  });

  test("takes a paste where nothing is typed for no command", async () => {
    const terminal = await openTui(daemon);
    await terminal.until("2 serving");
    await terminal.until(() => terminal.written().includes("?2004h"), "that pastes are told apart");
    await terminal.paste("6q\n");
    await terminal.press("?");
    await terminal.until(/close$/m);
    expect((await terminal.styled())[0]).toMatch(onScreen("1"));
  });

  test("is refused without one, and says so", () => {
    const bulkhead = path.join(import.meta.dirname, "../../../scripts/bulkhead.cjs");
    const { status, stderr } = spawnSync(process.execPath, [bulkhead, "tui"], { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toContain("needs a terminal");
  });
});

describe.skipIf(withoutTerminal)("a plugin that means harm to the terminal", () => {
  const attack =
    "\u001B]0;OWNED\u0007\u001B[31;45;5mRED\u001B[5n\u001Bc\u009B3J\u001B]52;c;T1dORUQ=\u0007\u202Egnp.exe\rOVER\b\u001B[?1049lEND";

  test("can only be read: in its log, its events and the list of crashes", async () => {
    const terminal = await openTui(daemon, { columns: 160, rows: 40 });
    await terminal.until("2 serving");
    const title = await terminal.fact("pane_title");
    await terminal.press("6");
    await terminal.untilStyled(onScreen("6"));
    await client.call("hostile/fixture.say", { text: attack });
    await client.call("hostile/fixture.noise", { text: `${attack}\n` });
    await client.control("event.publish", { event: "fixture.said", params: { attack } });
    await terminal.until(
      (lines) => lines.filter((line) => line.includes("gnp.exe")).length >= 2,
      "both events",
    );
    await failure(client.call("hostile/fixture.die", { signal: "SIGSEGV" }));
    await client.control("plugin.wait", { plugin: "hostile", until: "ready" });

    await terminal.press(":");
    await terminal.type("logs hostile");
    await terminal.until("logs hostile");
    await terminal.press("Enter");
    await terminal.until(/gnp\.exe/, "the line in its log");
    await terminal.press("4");
    await terminal.untilStyled(onScreen("4"));
    await terminal.until("SIGSEGV");

    expect(await terminal.fact("alternate_on")).toBe("1");
    expect(await terminal.fact("pane_title")).toBe(title);
    expect(strange(terminal.written())).toEqual([]);
    await expect(terminal.copied()).rejects.toThrow("no buffer");
  });
});

/** Control sequences beyond those that draw: colours, cursor, erasing, the other screen, paste marks, synchronised pictures. */
function strange(written: string): string[] {
  const text = Buffer.from(written, "latin1").toString();
  const sequences =
    text.match(
      /\u001B(?:\[[\d;?<=>]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|.)|[\u0000-\u0009\u000B\u000C\u000E-\u001A\u007F-\u009F\u202A-\u202E\u2066-\u2069]/gsu,
    ) ?? [];
  const drawing =
    /^\u001B\[(?:\d|[239]\d|49)?m$|^\u001B\[\d*[A-GKJ]$|^\u001B\[\d*(?:;\d*)?H$|^\u001B\[\?(?:25|1049|2004|2026)[hl]$/;
  return [...new Set(sequences.filter((each) => !drawing.test(each)))];
}
