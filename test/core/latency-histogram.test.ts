import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatencyHistogram } from "../../src/core/latency-histogram.ts";

/** From 1 µs to 12 days, as many short ones as long ones. */
const ms = fc.double({ min: -3, max: 9, noNaN: true }).map((exponent) => 10 ** exponent);
const times = fc.array(ms, { minLength: 1, maxLength: 500 });
const share = fc.double({ min: 0, max: 1, minExcluded: true, noNaN: true });

function histogramOf(recorded: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const each of recorded) histogram.record(each);
  return histogram;
}

/** By nearest rank, of the times themselves. */
function exactQuantile(recorded: readonly number[], of: number): number {
  return recorded.toSorted((a, b) => a - b)[Math.ceil(of * recorded.length) - 1] ?? Number.NaN;
}

describe("a quantile", () => {
  test("is within 6 % of the exact one", () => {
    fc.assert(
      fc.property(times, share, (recorded, of) => {
        const ratio = (histogramOf(recorded).quantile(of) ?? Number.NaN) / exactQuantile(recorded, of);
        expect(Math.abs(ratio - 1)).toBeLessThan(0.06);
      }),
    );
  });

  test("of a larger share is never less", () => {
    fc.assert(
      fc.property(times, share, share, (recorded, one, other) => {
        const histogram = histogramOf(recorded);
        const [less = 0, more = 0] = [one, other]
          .toSorted((a, b) => a - b)
          .map((of) => histogram.quantile(of) ?? 0);
        expect(less).toBeLessThanOrEqual(more);
      }),
    );
  });

  test("of two histograms added is that of all their times", () => {
    fc.assert(
      fc.property(times, times, share, (some, others, of) => {
        const both = histogramOf(some);
        both.add(histogramOf(others));
        expect(both.quantile(of)).toBe(histogramOf([...some, ...others]).quantile(of));
      }),
    );
  });

  test("of nothing is null, after clearing too", () => {
    const histogram = histogramOf([]);
    expect(histogram.quantile(0.5)).toBeNull();
    histogram.record(1);
    histogram.clear();
    expect(histogram.quantile(1)).toBeNull();
  });
});

test("what is beyond the range counts as the shortest or the longest", () => {
  expect(histogramOf([0]).quantile(1)).toBe(histogramOf([0.001]).quantile(1));
  expect(histogramOf([Infinity]).quantile(1)).toBe(histogramOf([1e12]).quantile(1));
});
