/** For whatever reads a schema of a plugin: a pattern in it can take for ever, and everybody else waits meanwhile. */
import { createContext, Script } from "node:vm";

/** Milliseconds, of which a sound schema takes less than one. */
const usual = 250;
const script = new Script("run()");
const context: { run?: () => void } = createContext({});

/** @param longest milliseconds @throws Error, when it takes too long, and whatever the work throws */
export function inTime<T>(work: () => T, longest: number = usual): T {
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
