/** Figures in words: what the table and the page have in common. */
import { words } from "../compare.ts";
import type { Kind } from "../compare.ts";
import { titles } from "../contestants.ts";
import { median, ratio, short, spread } from "../numbers.ts";
import type { Goal, Measured } from "../results.ts";
import { micros } from "../results.ts";

export const titleOf = (side: string): string => titles[side] ?? side;

export interface MeasuredKind extends Kind {
  readonly pinned: boolean;
}

/** Each kind of work that was measured, once, as it came. */
export function kindsOf(measured: readonly Measured[]): MeasuredKind[] {
  const seen = new Map(
    measured.map(({ bytes, inFlight, pinned }) => [`${bytes} ${inFlight}`, { bytes, inFlight, pinned }]),
  );
  return [...seen.values()];
}

export interface Row {
  readonly side: string;
  readonly title: string;
  /** Median, and from the fastest to the slowest round. */
  readonly time: string;
  readonly range: string;
  readonly perSecond: string;
  /** Its time as a multiple of another side's. */
  readonly times: string;
  readonly cpu: string;
  readonly relayCpu: string;
  readonly micros: number;
}

/** @param base whose time is 1 */
export function rowsOf(measured: readonly Measured[], kind: Kind, base: string): Row[] {
  const ours = micros(measured, base, kind.bytes, kind.inFlight);
  return measured
    .filter(({ bytes, inFlight }) => bytes === kind.bytes && inFlight === kind.inFlight)
    .map(({ side, rounds }) => {
      const own = rounds.map(({ microsPerCall }) => microsPerCall);
      const { median: middle, min, max } = spread(own);
      const relay = rounds.map(({ relayCpuMicrosPerCall }) => relayCpuMicrosPerCall ?? Number.NaN);
      return {
        side,
        title: titleOf(side),
        time: time(middle),
        range: `${time(min)} to ${time(max)}`,
        perSecond: rate(middle),
        times: ours.length === 0 ? "–" : short(ratio(own, ours)),
        cpu: time(median(rounds.map(({ cpuMicrosPerCall }) => cpuMicrosPerCall))),
        relayCpu: relay.every(Number.isFinite) ? time(median(relay)) : "",
        micros: middle,
      };
    });
}

export function time(micros: number): string {
  if (!Number.isFinite(micros)) return "–";
  return micros < 1000 ? `${short(micros)} µs` : `${short(micros / 1000)} ms`;
}

export function rate(micros: number): string {
  const perSecond = 1e6 / micros;
  return perSecond < 1000 ? short(perSecond) : `${short(perSecond / 1000)} k`;
}

export const mebibytes = (bytes: number): string => `${short(bytes / 1024 ** 2)} MiB`;

export function verdict({ met }: Goal): string {
  if (met === null) return "not measured";
  return met ? "met" : "MISSED";
}

/** What is said above a group of rows. */
export const heading = (kind: MeasuredKind): string => `${words(kind)}${where(kind.pinned)}`;

export const where = (pinned: boolean): string => (pinned ? ", on one core" : "");
