/** For whatever reads a schema of a plugin: a pattern in it can take for ever, and everybody else waits meanwhile. */
import { createContext, Script } from "node:vm";

/** Milliseconds of the processor, of which a sound schema takes less than one. */
const usual = 250;
/** A machine that has other things to do may need so many times as long. */
const mostAttempts = 40;
const script = new Script("run()");
const context: { run?: () => void } = createContext({});

/**
 * @param work without effects: it is begun again where the time went by without it
 * @param longest milliseconds of this thread on a processor
 * @throws Error, when it takes too long, and whatever the work throws
 */
export function inTime<T>(work: () => T, longest: number = usual): T {
  const before = process.threadCpuUsage();
  for (let attempt = 1; ; attempt++) {
    try {
      return within(work, longest);
    } catch (error) {
      if (!isLate(error) || attempt === mostAttempts) throw error;
      const { user, system } = process.threadCpuUsage(before);
      if (user + system >= longest * 1000) throw error;
    }
  }
}

function within<T>(work: () => T, longest: number): T {
  const results: T[] = [];
  context.run = () => void results.push(work());
  try {
    // The only way to end a regular expression that does not end by itself.
    script.runInContext(context, { timeout: longest });
  } finally {
    delete context.run;
  }
  for (const result of results) return result;
  throw new Error("it gave no answer");
}

/** It is of the script's own realm, and so no `Error` here. */
function isLate(error: unknown): boolean {
  const isObject = typeof error === "object" && error !== null;
  return isObject && Reflect.get(error, "code") === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
