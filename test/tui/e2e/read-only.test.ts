/** Somebody who may only look, with the terminal interface as it was built. */
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../../../src/client/client.ts";
import { DaemonProcess, table } from "../../helpers/daemon.ts";
import { withoutTerminal } from "../../helpers/terminal.ts";
import { openTui } from "../../helpers/tui.ts";

const daemon = new DaemonProcess(`[daemon]\nread_only_socket = "shared.sock"\n${table("calm")}`);
let client: Client;

beforeAll(async () => {
  client = await daemon.up();
  await client.control("plugin.wait", { plugin: "calm", until: "ready" });
});

describe.skipIf(withoutTerminal)("a client that only looks", () => {
  test.each([
    ["because it says so", () => ["--read-only"]],
    ["by the read-only socket", () => ["--socket", path.join(daemon.directory, "shared.sock")]],
  ])("%s sees that it is one, and has no key that changes something", async (_, args) => {
    const terminal = await openTui(daemon, { columns: 100 }, ...args());
    const lines = await terminal.until("read-only ● 1 serving");
    expect(lines.at(-1)).toContain("enter open");
    expect(lines.at(-1)).not.toMatch(/restart|stop|call/);

    await terminal.press("S");
    await terminal.until("not on a read-only connection: stop it until somebody starts it");
    await terminal.press("?");
    const help = await terminal.until(/close$/m, "help");
    expect(help.filter((line) => line.includes("│")).join("\n")).not.toContain("stop it until");
    expect((await client.control("plugin.status", { plugin: "calm" })).state).toBe("serving");
  });
});
