import { describe, expect, test } from "vitest";
import { eventWords } from "../../../src/text/event-words.ts";
import { DaemonProcess, dead, table } from "../../helpers/daemon.ts";
import { failure } from "../../helpers/supervisor.ts";
import { withoutTerminal } from "../../helpers/terminal.ts";
import { openTui } from "../../helpers/tui.ts";

const quick = `restart = { min_delay = "10ms" }`;

describe.skipIf(withoutTerminal)("the terminal interface and a daemon that is away", () => {
  test("started without a daemon it says so and what to do, and connects when there is one", async () => {
    const daemon = new DaemonProcess(table("one"));
    const terminal = await openTui(daemon);
    const lines = await terminal.until("daemon away");
    expect(lines.join("\n")).toMatch(/bulkhead up -d/);
    const client = await daemon.up();
    await terminal.until((seen) => seen.some((line) => /^\s*one\s+serving/.test(line)), "the plugin serving");
    expect((await terminal.screen())[0]).toMatch(/● 1 serving$/);
    await terminal.press("q");
    expect(await terminal.ended()).toBe(0);
    client.close();
  });

  test("keeps what it knows when the daemon is killed, and goes on when it is back", async () => {
    const daemon = new DaemonProcess(table("one", {}, quick));
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
    const terminal = await openTui(daemon, { columns: 100, rows: 30 });
    await terminal.until("● 1 serving");
    await terminal.press("6");
    await terminal.until(/one .*serving/);
    const before = (await client.control("event.read", { limit: 1 })).at(-1)?.seq ?? 0;
    const { pid } = await client.control("plugin.status", { plugin: "one" });

    await daemon.kill("SIGKILL");
    const away = await terminal.until("daemon away");
    expect(away.join("\n")).toMatch(/one .*serving/);
    expect(away.join("\n")).toMatch(/trying again .* bulkhead up -d/);
    await dead(pid ?? 0);

    const again = await daemon.up();
    await again.control("plugin.wait", { plugin: "one", until: "ready" });
    await failure(again.call("one/fixture.die", { signal: "SIGKILL" }));
    await again.control("plugin.wait", { plugin: "one", until: "ready" });
    await terminal.until("● 1 serving");

    // Every event of the journal, each once, in its order.
    const all = await again.control("event.read", { limit: 1000 });
    expect(all.findIndex(({ seq }) => seq > before)).toBeGreaterThan(0);
    const words = all.map((event) => eventWords(event).slice(0, 60));
    const rows = 26;
    const end = (lines: readonly string[]): boolean =>
      lines.some((line) => line.includes(`${all.length} events`));
    await terminal.until(end, `${all.length} events`);
    await terminal.press("G");
    const seen = (await terminal.screen()).slice(2, 2 + Math.min(rows, all.length));
    for (const [at, line] of seen.entries()) {
      expect(line).toContain(words[Math.max(0, words.length - rows) + at]?.trimEnd());
    }
    again.close();
  });

  test("shows the events of another journal in place of those of the old one", async () => {
    const daemon = new DaemonProcess(table("one", {}, quick) + table("two"));
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
    for (let n = 0; n < 3; n++) {
      await failure(client.call("one/fixture.die", { signal: "SIGKILL" }));
      await client.control("plugin.wait", { plugin: "one", until: "ready" });
    }
    const terminal = await openTui(daemon, { columns: 100, rows: 30 });
    await terminal.until("● 2 serving");
    await terminal.press("6");
    await terminal.until(/one .*SIGKILL/);
    await daemon.kill("SIGTERM");
    await terminal.until("daemon away");
    daemon.forget();
    daemon.configure(table("two"));
    const again = await daemon.up();
    await terminal.until("● 1 serving");
    await terminal.until(
      (lines) => !lines.some((line) => /\bone\b/.test(line)),
      "nothing of the old journal",
    );
    const all = await again.control("event.read", { limit: 1000 });
    const seen = await terminal.until(`${all.length} events`);
    expect(seen.join("\n")).toMatch(/started, version/);
    await terminal.press("4");
    await terminal.until("0 crashes", "none of the old reports");
    again.close();
  });
});
