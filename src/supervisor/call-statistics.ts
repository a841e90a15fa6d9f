/** How many calls of a plugin are settled, and how long they take: counters of the last minute. Nothing runs between calls. */
import type { PluginStats } from "../../protocol/control-results.ts";
import { LatencyHistogram } from "../core/latency-histogram.ts";

type CallFigures = Pick<PluginStats, "perSecond" | "recent">;

const secondsShown = 60;
/** A power of two with room for the minute and the second that is not over. */
const ring = 64;
/** What is recent are the current slice of time and the whole ones before it. */
const sliceSeconds = 15;
const slices = 4;

/** Of a plugin that was never called. */
export const noCalls: CallFigures = {
  perSecond: Array.from({ length: secondsShown }, () => 0),
  recent: { seconds: secondsShown, calls: 0, errors: 0, p50: null, p99: null },
};

/** All times are milliseconds of one clock that never goes back. Takes 4.5 KiB. */
export class CallStatistics {
  readonly #since: number;
  readonly #calls = new Uint32Array(ring);
  readonly #errors = new Uint32Array(ring);
  readonly #latencies = Array.from({ length: slices }, () => new LatencyHistogram());
  /** The second, since the clock began, up to which the rings are written. What is behind it is from a turn before. */
  #second: number;

  constructor(now: number) {
    this.#since = now;
    this.#second = secondOf(now);
  }

  answered(now: number, ms: number): void {
    this.#calls[this.#slot(now)]!++;
    this.#latencies[sliceOf(this.#second) % slices]!.record(ms);
  }

  failed(now: number): void {
    const slot = this.#slot(now);
    this.#calls[slot]!++;
    this.#errors[slot]!++;
  }

  cancelled(now: number): void {
    this.#calls[this.#slot(now)]!++;
  }

  figures(now: number): CallFigures {
    this.#turn(secondOf(now));
    const second = this.#second;
    const perSecond = Array.from(
      { length: secondsShown },
      (_, index) => this.#calls[(second - secondsShown + index) % ring] ?? 0,
    );
    const first = (sliceOf(second) - slices + 1) * sliceSeconds;
    const latency = new LatencyHistogram();
    for (const each of this.#latencies) latency.add(each);
    const recent = {
      // What began just now is not multiplied into a rate that nobody has seen.
      seconds: Math.max(1, rounded((now - Math.max(first * 1000, this.#since)) / 1000)),
      calls: sum(this.#calls, first, second),
      errors: sum(this.#errors, first, second),
      p50: rounded(latency.quantile(0.5)),
      p99: rounded(latency.quantile(0.99)),
    };
    return { perSecond, recent };
  }

  #slot(now: number): number {
    const second = secondOf(now);
    if (second !== this.#second) this.#turn(second);
    return second % ring;
  }

  /** Empties what has been left behind since. */
  #turn(second: number): void {
    const before = this.#second;
    this.#second = second;
    for (let each = Math.max(before + 1, second - ring + 1); each <= second; each++) {
      this.#calls[each % ring] = 0;
      this.#errors[each % ring] = 0;
    }
    const slice = sliceOf(second);
    for (let each = Math.max(sliceOf(before) + 1, slice - slices + 1); each <= slice; each++) {
      this.#latencies[each % slices]!.clear();
    }
  }
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}

function sliceOf(second: number): number {
  return Math.floor(second / sliceSeconds);
}

/** Of the seconds from the first to the last one. */
function sum(counts: Uint32Array, first: number, last: number): number {
  let total = 0;
  for (let second = Math.max(0, first); second <= last; second++) total += counts[second % ring]!;
  return total;
}

function rounded(value: number): number;
function rounded(value: number | null): number | null;
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}
