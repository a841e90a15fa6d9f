/** What a plugin can reach without a sandbox, and what becomes of it. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { act, answered } from "./behaviour.ts";
import type { Behaviour } from "./behaviour.ts";
import { reach } from "./behaviours/reach.ts";
import { HostileDaemon } from "./hostile-daemon.ts";
import { marked, vanished } from "./processes.ts";
import { survives, withoutTools } from "./suite.ts";

survives("what reaches for others", reach);

describe.skipIf(withoutTools)("a plugin without a sandbox", () => {
  const daemons: HostileDaemon[] = [];
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) {
      await daemon.down("SIGKILL");
      daemon.remove();
    }
  });

  const alone = (name: string, ...deeds: string[]): { daemon: HostileDaemon; behaviour: Behaviour } => {
    const behaviour: Behaviour = {
      name,
      does: act(...deeds),
      sees: answered,
      report: null,
      state: "serving",
    };
    const daemon = new HostileDaemon([behaviour]);
    daemons.push(daemon);
    return { daemon, behaviour };
  };

  test("that kills the daemon takes its neighbours along, and nobody is left", async () => {
    const { daemon } = alone("kills the daemon", "kill-supervisor", "deaf");
    const { client, neighbour } = await daemon.up();
    expect(marked(daemon.markOf()).length).toBeGreaterThan(0);
    await expect(client.call("h0/hostile.act")).rejects.toMatchObject({ code: "daemon_unreachable" });
    await vanished(daemon.markOf());
    await neighbour.stop();
  });

  test("that writes over the journal stops nobody's calls, and the next start says what was lost", async () => {
    const { daemon } = alone(
      "writes over the journal",
      "write",
      "{state}/journal.db",
      "gone".repeat(4096),
      "answer",
    );
    const { client, neighbour } = await daemon.up();
    expect(await client.call("h0/hostile.act")).toEqual({ worked: true });
    await neighbour.next();
    await neighbour.stop();
    expect(neighbour.failures).toEqual([]);
    expect(await daemon.down()).toBe(0);

    const again = await daemon.up();
    await again.neighbour.stop();
    expect((await again.client.control("daemon.status")).journal.ok).toBe(true);
    expect(readFileSync(path.join(daemon.stateDir, "daemon.log"), "utf8")).toContain(
      "the journal could not be used",
    );
    expect(readdirSync(daemon.stateDir)).toContainEqual(expect.stringMatching(/^journal\.db\.corrupt-/));
  });

  test("finds nothing of the daemon's own that other users could read", async () => {
    const { daemon } = alone("looks around", "answer");
    const { neighbour } = await daemon.up();
    await neighbour.stop();
    const modes = ["", "journal.db", "daemon.log", "logs"].map(
      (name) => statSync(path.join(daemon.stateDir, name)).mode & 0o077,
    );
    expect(modes).toEqual([0, 0, 0, 0]);
    expect(statSync(daemon.socket).mode & 0o777).toBe(0o600);
  });
});
