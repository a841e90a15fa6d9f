import { setTimeout as delay } from "node:timers/promises";
import { BulkheadError } from "../../../protocol/error.ts";
import { examples } from "../context.ts";
import type { Define } from "../context.ts";
import { isRunning } from "../running.ts";

/** The process may be busy for a moment after its socket is closed; milliseconds. */
const patience = 10_000;

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead down", "let calls finish, stop every plugin, then the daemon; fine when none runs"],
  ]).action(async () => {
    const { out, daemon } = context();
    let client;
    try {
      client = await daemon();
    } catch (error) {
      if (!(error instanceof BulkheadError) || error.code !== "daemon_unreachable") throw error;
      out.note(`nothing to stop: ${error.message}`);
      if (out.json) out.value({ stopped: false });
      return;
    }
    const { pid } = client.daemon;
    await client.control("daemon.stop").catch((error: unknown) => {
      // It may be gone before its answer is.
      if (!(error instanceof BulkheadError) || error.code !== "daemon_unreachable") throw error;
    });
    await client.closed;
    if (!(await goneWithin(pid, patience)))
      out.note(`the daemon (pid ${pid}) has let go of its socket but is still there`);
    if (out.json) out.value({ stopped: true, pid });
    else out.note(`stopped (pid ${pid})`);
  });
};

/** Nobody tells a stranger that a process has ended: looked at again and again. */
async function goneWithin(pid: number, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (isRunning(pid)) {
    if (performance.now() > until) return false;
    await delay(10);
  }
  return true;
}
