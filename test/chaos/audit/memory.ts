/** Whether the daemon grows: the one that had the second half of the run to itself. */
import type { Facts, MemorySample } from "../records.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";

export interface MemoryFigures {
  /** Medians of what it holds, in bytes; null: it did not live long enough to say. */
  readonly first: number | null;
  readonly last: number | null;
  /** The most that any daemon had resident, garbage included. */
  readonly mostResident: number;
}

/** At first everything is done for the first time, and leaves something behind. */
const warmUpMs = 5000;
/** Bytes. What is in flight just now is a matter of chance; a bound for an hour as for a minute. */
export const allowedGrowth = 8 * 1024 ** 2;
/** Bytes: some 25 MiB that it holds, the runtime itself, and the garbage of large calls. */
export const allowedResident = 384 * 1024 ** 2;
const fewest = 3;

export function auditMemory(
  held: readonly MemorySample[],
  resident: readonly MemorySample[],
  { lastDaemon }: Facts,
): { violations: Violation[]; figures: MemoryFigures } {
  const mostResident = resident.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const tooMuch = mostResident > allowedResident ? [`${mostResident} bytes resident`] : [];
  const bounded = violation("the daemon's memory is bounded", tooMuch);

  const life = held.filter(({ pid }) => pid === lastDaemon);
  const begins = (life[0]?.at ?? 0) + warmUpMs;
  const own = life.filter(({ at }) => at >= begins).map(({ bytes }) => bytes);
  if (own.length < fewest) return { violations: bounded, figures: { first: null, last: null, mostResident } };
  const third = Math.floor(own.length / 3);
  const first = median(own.slice(0, third));
  const last = median(own.slice(-third));
  const grew =
    last - first > allowedGrowth
      ? [`it held ${first} bytes in its first third, and ${last} in its last`]
      : [];
  return {
    violations: [...violation("the daemon's memory is flat", grew), ...bounded],
    figures: { first, last, mostResident },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
