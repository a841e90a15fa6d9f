/**
 * Ending although a thread waits for a file system that does not answer. Node waits for all of its threads when it ends, and
 * would wait for ever.
 */

/** Milliseconds for looks at files that only happen to be under way. */
const patience = 1000;

/** Lets the process end by itself, or ends it when nothing but such threads keeps it. To be called when all is done. */
export function leave(): void {
  if (!waitsForFiles()) return;
  // Not a reason to stay: whatever else keeps the process may go on.
  setTimeout(() => waitsForFiles() && leaveNow(), patience).unref();
}

/** For `process.on("exit")`: ends with the same status, and without waiting. */
export function leaveNow(): void {
  if (!waitsForFiles()) return;
  try {
    // The kernel ends the threads of a process that becomes another program.
    process.execve?.("/bin/sh", ["sh", "-c", `exit ${Number(process.exitCode ?? 0)}`], {});
  } catch {}
  process.kill(process.pid, "SIGKILL");
}

function waitsForFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq"));
}
