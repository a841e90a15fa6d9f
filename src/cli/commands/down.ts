import { BulkheadError } from "../../../protocol/error.ts";
import { examples } from "../context.ts";
import type { Context, Define } from "../context.ts";
import { messageOf } from "../../text/message.ts";
import type { Output } from "../output.ts";
import { goneWithin } from "../running.ts";

/** The process may be busy for a moment after its socket is closed; milliseconds. */
const patience = 10_000;

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead down", "let calls finish, stop every plugin, then the daemon; fine when none runs"],
  ]).action(async () => {
    const open = context();
    const { out } = open;
    const pid = await tellToStop(open);
    if (pid === undefined) {
      if (out.json) out.value({ stopped: false });
      return;
    }
    await seeOff(pid, patience);
    if (out.json) out.value({ stopped: true, pid });
    else out.note(`stopped (pid ${pid})`);
  });
};

/** @returns who is on its way out; undefined: there is nobody, and that has been said */
async function tellToStop({ out, places, daemon }: Context): Promise<number | undefined> {
  let answered: number | undefined;
  try {
    const client = await daemon();
    answered = client.daemon.pid;
    await client.control("daemon.stop");
    await client.closed;
    return answered;
  } catch (error) {
    if (!(error instanceof BulkheadError) || error.code !== "daemon_unreachable") throw error;
    const pid = await signalHolder(places, answered, out, error.message);
    // It may be gone before its answer is.
    if (pid !== undefined || answered !== undefined) return pid ?? answered;
    out.note(`nothing to stop: ${error.message}`);
    return undefined;
  }
}

/** Whoever can't be asked can be told. @param known only this process is meant */
async function signalHolder(
  { lock, socket, stateDir, apart }: Context["places"],
  known: number | undefined,
  out: Output,
  unreachable: string,
): Promise<number | undefined> {
  const { holderOf } = await import("../holder.ts");
  const holder = await holderOf(lock);
  if (holder === undefined || (known !== undefined && holder.pid !== known)) return undefined;
  const { pid, isDaemon } = holder;
  if (pid === undefined)
    throw failed(
      `${unreachable}; but ${stateDir} is in use, and it can't be seen from here by which process: try again, ` +
        "or where that process runs",
    );
  if (!isDaemon)
    throw failed(
      `${unreachable}; but ${stateDir} is used by process ${pid}, a program with a supervisor of its own: stop that program`,
    );
  if (apart)
    throw failed(
      `${unreachable}; a daemon (pid ${pid}) uses ${stateDir}, but it may listen elsewhere than at ${socket}: ` +
        `if it is the one to stop, bulkhead down --state-dir ${stateDir}`,
    );
  out.note(`the daemon (pid ${pid}) does not answer on its socket (${unreachable}); sending it SIGTERM`);
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH"))
      throw failed(`the daemon (pid ${pid}) can't be told to stop: ${messageOf(error)}`);
  }
  return pid;
}

/** @throws {BulkheadError} `daemon_failed`, when the process is still there after so many milliseconds */
export async function seeOff(pid: number, ms: number): Promise<void> {
  if (await goneWithin(pid, ms)) return;
  throw failed(
    `the daemon (pid ${pid}) was told to stop and is still there after ${ms / 1000} s; ` +
      `to end it and its plugins at once: kill -9 ${pid}`,
  );
}

function failed(message: string): BulkheadError {
  return BulkheadError.of("daemon_failed", message);
}
