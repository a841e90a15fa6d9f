/** Memory and CPU of one plugin: sampled when somebody asks, and for all who ask at about the same time together. */
import type { PluginStats } from "../../protocol/control-results.ts";
import { processUsage } from "../io/process/usage.ts";
import type { ProcessUsage, UsageRoot } from "../io/process/usage.ts";

/** Shortest time between two samples, milliseconds: below it, CPU time in steps of 10 ms is no share of anything. */
const sampleEvery = 500;

type Metered = PluginStats["process"];

interface Sample {
  readonly root: UsageRoot;
  /** When it was begun, in milliseconds of the clock. */
  readonly at: number;
  readonly usage: Promise<ProcessUsage | null>;
  readonly metered: Promise<Metered>;
  done: boolean;
}

export class UsageMeter {
  readonly #read: (root: UsageRoot) => Promise<ProcessUsage | null>;
  readonly #now: () => number;
  #last: Sample | null = null;

  constructor(read: (root: UsageRoot) => Promise<ProcessUsage | null> = processUsage, now = clock) {
    this.#read = read;
    this.#now = now;
  }

  sample(root: UsageRoot): Promise<Metered> {
    const at = this.#now();
    const before = this.#last !== null && isSame(this.#last.root, root) ? this.#last : null;
    if (before !== null && (!before.done || at - before.at < sampleEvery)) return before.metered;
    const usage = this.#read(root);
    const sample: Sample = { root, at, usage, metered: meter(usage, at, before), done: false };
    void sample.metered.finally(() => (sample.done = true));
    this.#last = sample;
    return sample.metered;
  }
}

async function meter(
  reading: Promise<ProcessUsage | null>,
  at: number,
  before: Sample | null,
): Promise<Metered> {
  const usage = await reading;
  if (usage === null) return null;
  const earlier = await before?.usage;
  if (before === null || !earlier) return { ...usage, cpu: null };
  // What ended without anybody waiting for it took its time along.
  const micros = Math.max(0, usage.cpuMicros - earlier.cpuMicros);
  return { ...usage, cpu: micros / 1000 / (at - before.at) };
}

function isSame(one: UsageRoot, other: UsageRoot): boolean {
  return "guard" in one
    ? "guard" in other && one.guard === other.guard
    : "plugin" in other && one.plugin === other.plugin;
}

function clock(): number {
  return performance.now();
}
