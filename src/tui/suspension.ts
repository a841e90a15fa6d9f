/** Stopping, as the terminal's own ctrl+z does to a program that leaves its keys to the terminal. */
import { once } from "node:events";

/** Stopped at once or not at all, milliseconds: in an orphaned process group nothing stops, and nobody would continue it. */
const patience = 100;

/** Resolves when the program is continued, and `process.stdout` knows its size again. */
export async function stopped(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.once("SIGCONT", resolve);
  const timer = setTimeout(resolve, patience);
  try {
    // All of the group, as the terminal does it: what has started this program stops with it.
    process.kill(0, "SIGTSTP");
    await promise;
  } finally {
    clearTimeout(timer);
    process.off("SIGCONT", resolve);
  }
  // A terminal tells only what is in front that its size has changed, and meanwhile that was the shell.
  const looked = once(process, "SIGWINCH");
  process.kill(process.pid, "SIGWINCH");
  await looked;
}
