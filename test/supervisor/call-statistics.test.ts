import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CallStatistics, noCalls } from "../../src/supervisor/call-statistics.ts";

type How = "answered" | "failed" | "cancelled";

interface Settled {
  readonly at: number;
  readonly how: How;
  readonly ms: number;
}

/** Bursts, pauses within a minute, and pauses beyond it. */
const pause = fc.oneof(
  { weight: 5, arbitrary: fc.nat(400) },
  { weight: 3, arbitrary: fc.nat(20_000) },
  { weight: 1, arbitrary: fc.nat(500_000) },
);
const call = fc.record({
  pause,
  how: fc.constantFrom<How>("answered", "failed", "cancelled"),
  ms: fc.double({ min: 0.01, max: 30_000, noNaN: true }),
});
const history = fc.array(call, { minLength: 1, maxLength: 120 });

function settle(start: number, calls: readonly { pause: number; how: How; ms: number }[]) {
  let at = start;
  const settled = calls.map(({ pause: since, how, ms }): Settled => ({ at: (at += since), how, ms }));
  const statistics = new CallStatistics(settled[0]?.at ?? start);
  for (const { at: now, how, ms } of settled) {
    if (how === "answered") statistics.answered(now, ms);
    else if (how === "failed") statistics.failed(now);
    else statistics.cancelled(now);
  }
  return { statistics, settled, end: at };
}

describe("beside a list of everything that was settled", () => {
  test("each of the last 60 whole seconds has its calls", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), history, pause, (start, calls, later) => {
        const { statistics, settled, end } = settle(start, calls);
        const now = end + later;
        const second = Math.floor(now / 1000);
        const expected = Array.from(
          { length: 60 },
          (_, index) => settled.filter(({ at }) => Math.floor(at / 1000) === second - 60 + index).length,
        );
        expect(statistics.figures(now).perSecond).toEqual(expected);
      }),
    );
  });

  test("what is recent are the calls of one stretch of time: up to a minute, and 45 seconds at least", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), history, pause, (start, calls, later) => {
        const { statistics, settled, end } = settle(start, calls);
        const now = end + later;
        const { recent } = statistics.figures(now);
        const age = Math.max(1, (now - (settled[0]?.at ?? 0)) / 1000);
        expect(recent.seconds).toBeLessThanOrEqual(60);
        expect(recent.seconds).toBeGreaterThanOrEqual(Math.min(45, age) * 0.999);
        // Figures are rounded to four digits, a millisecond may be on either side.
        const from = now - recent.seconds * 1000;
        const least = settled.filter(({ at }) => at > from + 10);
        const most = settled.filter(({ at }) => at >= from - 10);
        const among = (counted: number, fits: (each: Settled) => boolean): void => {
          expect(counted).toBeGreaterThanOrEqual(least.filter(fits).length);
          expect(counted).toBeLessThanOrEqual(most.filter(fits).length);
        };
        among(recent.calls, () => true);
        among(recent.errors, ({ how }) => how === "failed");
      }),
    );
  });

  test("the latencies are those of the answered calls among them", () => {
    fc.assert(
      fc.property(history, (calls) => {
        const { statistics, settled, end } = settle(
          0,
          calls.map((each) => ({ ...each, pause: 1 })),
        );
        const answered = settled
          .flatMap(({ how, ms }) => (how === "answered" ? [ms] : []))
          .sort((a, b) => a - b);
        const { p50, p99 } = statistics.figures(end).recent;
        for (const [found, share] of [
          [p50, 0.5],
          [p99, 0.99],
        ] as const) {
          const exact = answered[Math.ceil(share * answered.length) - 1];
          if (exact === undefined) expect(found).toBeNull();
          else expect(Math.abs((found ?? 0) / exact - 1)).toBeLessThan(0.1);
        }
      }),
    );
  });
});

test("a call that just came makes no rate of thousands", () => {
  const statistics = new CallStatistics(100_000);
  statistics.answered(100_000, 1);
  expect(statistics.figures(100_001).recent).toMatchObject({ seconds: 1, calls: 1 });
});

test("the second that is not over is recent, and not yet among the whole ones", () => {
  const statistics = new CallStatistics(100_000);
  statistics.failed(100_000);
  expect(statistics.figures(100_999).perSecond).toEqual(noCalls.perSecond);
  expect(statistics.figures(101_000).perSecond.at(-1)).toBe(1);
});

test("after a minute without calls nothing of it is left", () => {
  const statistics = new CallStatistics(100_000);
  statistics.answered(100_000, 5);
  statistics.failed(100_000);
  expect(statistics.figures(200_000)).toEqual({
    perSecond: noCalls.perSecond,
    recent: { seconds: 50, calls: 0, errors: 0, p50: null, p99: null },
  });
});
