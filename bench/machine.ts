/** What the figures were taken on, without anything that names the machine. */
import os from "node:os";
import type { Machine } from "./results.ts";

export const load = (): number => os.loadavg()[0] ?? Number.NaN;

export function machine(before: number): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 1024 ** 3),
    // The version only: what a distribution or a provider appends to it may be a name.
    system: `${os.type()} ${/^[\d.]+/.exec(os.release())?.[0] ?? os.release()}`,
    node: process.version,
    load: [before, load()],
  };
}
