/** What goes wrong in this program, or around it, costs nobody the terminal. */
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../../../src/client/client.ts";
import { DaemonProcess, dead, table } from "../../helpers/daemon.ts";
import { failure } from "../../helpers/supervisor.ts";
import { withoutTerminal } from "../../helpers/terminal.ts";
import { openTui } from "../../helpers/tui.ts";

const daemon = new DaemonProcess(table("one", {}, `restart = { min_delay = "10ms" }`));
let client: Client;

beforeAll(async () => {
  client = await daemon.up();
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
});

describe.skipIf(withoutTerminal)("the terminal interface", () => {
  test("ends with the terminal as it was, and tells why, when it makes a mistake", async () => {
    // One of its own, made on request.
    const mistake = path.join(daemon.directory, "mistake.mjs");
    writeFileSync(mistake, `process.once("SIGCONT", () => { throw new Error("a mistake"); });`);
    const terminal = await openTui(daemon, { env: { NODE_OPTIONS: `--import=${mistake}` } });
    await terminal.until("1 serving");
    process.kill(await terminal.pid(), "SIGCONT");
    expect(await terminal.ended()).toBe(1);
    // On the screen that stays.
    expect(terminal.written()).toMatch(/\?1049l[^]*a mistake \[internal_error\]/);
    expect(await terminal.fact("alternate_on")).toBe("0");
    expect(terminal.written()).toMatch(/\?2004h[^]*\?2004l(?![^]*\?2004h)/);
  });

  test("leaves ctrl+c to the pager while there is one, and is as it was afterwards", async () => {
    const pager = path.join(daemon.directory, "pager");
    writeFileSync(pager, `#!/bin/sh\ntrap 'exit 0' INT\ngrep -c . "$1"\nread -r line\nexit 3\n`);
    chmodSync(pager, 0o755);
    await failure(client.call("one/fixture.die", { signal: "SIGKILL" }));
    const terminal = await openTui(daemon, { env: { PAGER: pager } });
    await terminal.until("1 serving");
    await terminal.press("4");
    await terminal.until("1 crash");
    await terminal.press("e");
    await terminal.until(/^\d+$/m, "the number of its lines");
    await terminal.press("C-c");
    await terminal.until("1 crash");
    await terminal.press("q");
    expect(await terminal.ended()).toBe(0);
  });

  test("takes the pager along when it is ended", async () => {
    const pager = path.join(daemon.directory, "endless");
    writeFileSync(pager, `#!/bin/sh\necho "pager $$"\nread -r line\n`);
    chmodSync(pager, 0o755);
    const terminal = await openTui(daemon, { env: { PAGER: pager } });
    await terminal.until("1 serving");
    await terminal.press("6");
    await terminal.until("plugin.state", "an event to look at");
    await terminal.press("e");
    const lines = await terminal.until(/^pager \d+$/m);
    process.kill(await terminal.pid(), "SIGTERM");
    await terminal.ended();
    await dead(Number(/^pager (\d+)$/m.exec(lines.join("\n"))?.[1]));
    expect(await terminal.fact("alternate_on")).toBe("0");
  });

  test("is there at once when a daemon says nothing", async () => {
    daemon.signal("SIGSTOP");
    try {
      const terminal = await openTui(daemon);
      await terminal.until("Connecting…");
      await terminal.press("q");
      expect(await terminal.ended()).toBe(0);
    } finally {
      daemon.signal("SIGCONT");
    }
  });

  test("does not take a daemon that says nothing any more for one that is well", async () => {
    const terminal = await openTui(daemon);
    await terminal.until("● 1 serving");
    daemon.signal("SIGSTOP");
    try {
      await terminal.until("the daemon does not answer");
    } finally {
      daemon.signal("SIGCONT");
    }
    await terminal.until("● 1 serving");
    await terminal.press("q");
    expect(await terminal.ended()).toBe(0);
  });
});
