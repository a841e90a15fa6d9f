/** Whether a plugin's processes together keep within the limits of its entry. Pure. */
import type { UsageLimits } from "../../protocol/config.ts";

export interface UsageSample {
  /** Steady clock, milliseconds. */
  readonly at: number;
  readonly memoryBytes: number;
  readonly cpuMicros: number;
  readonly files: number;
}

export interface Excess {
  /** The key of the entry's limits. */
  readonly limit: "max_memory" | "max_files" | "max_cpu";
  readonly detail: string;
}

/** The share of a core is an average over so long, milliseconds: work comes in bursts. */
export const cpuWindowMs = 10_000;

/** The samples that are still needed, the latest last: one of them is a whole window old, if any is. */
export function recent(samples: readonly UsageSample[], now: number): readonly UsageSample[] {
  const first = samples.findLastIndex(({ at }) => now - at >= cpuWindowMs);
  return samples.slice(Math.max(0, first));
}

/** By the latest sample; null: it keeps within all of them. */
export function excess(limits: UsageLimits, samples: readonly UsageSample[]): Excess | null {
  const latest = samples.at(-1);
  if (latest === undefined) return null;
  const { memoryBytes, files, cpu } = limits;
  if (memoryBytes !== undefined && latest.memoryBytes > memoryBytes) {
    const detail = `${mebibytes(latest.memoryBytes)} of memory, and max_memory is ${mebibytes(memoryBytes)}`;
    return { limit: "max_memory", detail };
  }
  if (files !== undefined && latest.files > files) {
    return { limit: "max_files", detail: `${latest.files} open descriptors, and max_files is ${files}` };
  }
  const share = shareOfCore(samples, latest);
  if (cpu !== undefined && share !== null && share > cpu) {
    const detail = `${share.toFixed(2)} cores over ${cpuWindowMs / 1000} s, and max_cpu is ${cpu}`;
    return { limit: "max_cpu", detail };
  }
  return null;
}

/** Null: it has not been looked at for a whole window yet. */
function shareOfCore([earliest]: readonly UsageSample[], latest: UsageSample): number | null {
  if (earliest === undefined) return null;
  const ms = latest.at - earliest.at;
  // What ended without anybody waiting for it took its time along.
  return ms < cpuWindowMs ? null : Math.max(0, latest.cpuMicros - earliest.cpuMicros) / 1000 / ms;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0)} MiB`;
}
