/** One daemon for a group of behaviours, which it has to survive one after the other. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findGuard } from "../../src/io/process/process.ts";
import { bounds } from "./behaviour.ts";
import type { Behaviour } from "./behaviour.ts";
import { HostileDaemon } from "./hostile-daemon.ts";
import { childrenOf, marked } from "./processes.ts";
import { survive } from "./survive.ts";
import type { Cost, World } from "./survive.ts";

/** The programs are in C, and what escapes is caught by the guard alone. In CI nothing is skipped. */
export const withoutTools = findGuard() === undefined && process.env["CI"] === undefined;

export function survives(group: string, behaviours: readonly Behaviour[]): void {
  describe.skipIf(withoutTools)(`the daemon survives ${group}`, () => {
    const daemon = new HostileDaemon(behaviours);
    const costs: Cost[] = [];
    let world: World;
    beforeAll(async () => {
      world = { daemon, ...(await daemon.up()) };
    });
    afterAll(async () => {
      await daemon.down("SIGKILL");
      daemon.remove();
    });

    test.each(behaviours.filter(({ weakness }) => weakness === undefined))("$name", async (behaviour) => {
      const cost = await survive(world, behaviour);
      costs.push(cost);
      expect(cost.memoryBytes).toBeLessThan(bounds.memoryBytes);
      expect(cost.delayMs).toBeLessThan(bounds.delayMs);
    });
    test.fails.each(behaviours.filter(({ weakness }) => weakness !== undefined))(
      "$name",
      async (behaviour) => {
        expect(await survive(world, behaviour)).toBeDefined();
      },
    );

    test("and leaves nothing behind", async () => {
      const { client, neighbour } = world;
      await neighbour.stop();
      const { guardPid } = await client.control("plugin.status", { plugin: "neighbour" });
      expect(childrenOf(daemon.pid)).toEqual([guardPid]);
      expect((await client.control("daemon.status")).journal).toEqual({ ok: true, message: null });
      expect(neighbour.failures).toEqual([]);
      expect(neighbour.calls).toBeGreaterThan(behaviours.length);
      expect(await daemon.down()).toBe(0);
      expect(marked(daemon.markOf())).toEqual([]);
      process.stderr.write(
        `hostile, ${group}: ${behaviours.length} behaviours, at most ${most(costs, "memoryBytes") >> 20} MiB more, ` +
          `a turn of ${most(costs, "delayMs")} ms; the neighbour's ${neighbour.calls} calls succeeded, ` +
          `the slowest in ${Math.round(neighbour.slowestMs)} ms; 0 orphans\n`,
      );
    });
  });
}

function most(costs: readonly Cost[], of: keyof Cost): number {
  return Math.round(Math.max(...costs.map((cost) => cost[of])));
}
