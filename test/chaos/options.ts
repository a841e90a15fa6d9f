/** What is asked of a chaos run. */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

export interface Options {
  /** For how long something is broken; starting, settling and looking at the records come on top of it. */
  readonly seconds: number;
  /** Decides what is broken and when, and what is called. Not how the machine takes turns. */
  readonly seed: number;
  readonly plugins: number;
  readonly clients: number;
  /** Keeps the records also where nothing was found. */
  readonly keep: boolean;
}

const bounds = { seconds: [5, 3600], seed: [0, 2 ** 32 - 1], plugins: [2, 64], clients: [2, 32] } as const;
type Count = keyof typeof bounds;

/** @throws Error that names the option */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "30" },
      seed: { type: "string", default: String(randomInt(2 ** 32)) },
      plugins: { type: "string", default: "12" },
      clients: { type: "string", default: "6" },
      keep: { type: "boolean", default: false },
    },
  });
  const count = (name: Count): number => {
    const [least, most] = bounds[name];
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`--${name} takes a whole number from ${least} to ${most}, not ${values[name]}`);
  };
  return {
    seconds: count("seconds"),
    seed: count("seed"),
    plugins: count("plugins"),
    clients: count("clients"),
    keep: values.keep,
  };
}
