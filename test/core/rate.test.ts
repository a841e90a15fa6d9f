import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBucket } from "../../src/core/rate.ts";

const perSecond = fc.integer({ min: 1, max: 10_000 });
/** What is asked for, and how long after what was asked for before, milliseconds. */
const asked = fc.array(
  fc.record({
    tokens: fc.integer({ min: 1, max: 50 }),
    after: fc.double({ min: 0, max: 2000, noNaN: true }),
  }),
  { maxLength: 200 },
);

/** When how much was taken. */
function taken(bucket: TokenBucket, requests: readonly { tokens: number; after: number }[]) {
  let now = 0;
  return requests.flatMap(({ tokens, after }) => {
    now += after;
    return bucket.take(tokens, now) === 0 ? [{ now, tokens }] : [];
  });
}

describe("a token bucket", () => {
  test("gives in no stretch of time more than what it holds and what came in meanwhile", () => {
    fc.assert(
      fc.property(perSecond, fc.integer({ min: 1, max: 500 }), asked, (rate, most, requests) => {
        const given = taken(new TokenBucket(rate, most), requests);
        given.forEach((first, from) => {
          let sum = 0;
          for (const { now, tokens } of given.slice(from)) {
            sum += tokens;
            expect(sum).toBeLessThanOrEqual(most + ((now - first.now) * rate) / 1000 + 1e-6);
          }
        });
      }),
    );
  });

  test("refuses nobody who asks for no more than its rate", () => {
    fc.assert(
      fc.property(perSecond, fc.integer({ min: 1, max: 300 }), (rate, count) => {
        const bucket = new TokenBucket(rate);
        for (let n = 0; n < count; n++) expect(bucket.take(1, (n * 1000) / rate)).toBe(0);
      }),
    );
  });

  test("gives what it refused after the time that it named, and not a millisecond and a bit before", () => {
    fc.assert(
      fc.property(perSecond, asked, fc.integer({ min: 1, max: 50 }), (rate, requests, tokens) => {
        const bucket = new TokenBucket(rate, 50);
        taken(bucket, requests);
        const now = requests.reduce((sum, { after }) => sum + after, 0);
        const ms = bucket.take(tokens, now);
        fc.pre(ms > 1);
        expect(bucket.take(tokens, now + ms - 1.001)).toBeGreaterThan(0);
        expect(bucket.take(tokens, now + ms + 1e-6)).toBe(0);
      }),
    );
  });

  test("never gives more than it holds", () => {
    expect(new TokenBucket(5).take(6, 0)).toBe(Infinity);
  });

  test("gains nothing by a clock that goes back", () => {
    const bucket = new TokenBucket(1000, 1);
    expect([bucket.take(1, 5), bucket.take(1, 0), bucket.take(1, 5)]).toEqual([0, 1, 1]);
  });
});
