import { describe, expect, test } from "vitest";
import { inTime } from "../../src/io/in-time.ts";

/** Waits without taking the processor, as on a machine that has other things to do. */
function wait(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("a limit of time", () => {
  test("ends what does not end by itself", () => {
    expect(() => inTime(() => /^(a+)+$/.test(`${"a".repeat(40)}b`), 20)).toThrow("timed out");
  });

  test("is no limit of the time in which the machine does something else", () => {
    let attempts = 0;
    const work = (): string => {
      if (++attempts <= 3) wait(60_000);
      return "done";
    };
    expect(inTime(work, 100)).toBe("done");
    expect(attempts).toBe(4);
  });

  test("is one in the end", () => {
    expect(() => inTime(() => wait(60_000), 5)).toThrow("timed out");
  });

  test("throws what the work throws", () => {
    expect(() =>
      inTime(() => {
        throw new RangeError("its own");
      }),
    ).toThrow(RangeError);
  });
});
