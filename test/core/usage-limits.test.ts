import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuWindowMs, excess, recent } from "../../src/core/usage-limits.ts";
import type { UsageSample } from "../../src/core/usage-limits.ts";

const mebibyte = 1024 * 1024;
const sample = (more: Partial<UsageSample>): UsageSample => ({
  at: 0,
  memoryBytes: 0,
  cpuMicros: 0,
  files: 0,
  ...more,
});

describe("a plugin's processes together", () => {
  test("may use what they like, where no limit is set, and before they were looked at", () => {
    expect(excess({}, [sample({ memoryBytes: 1e12, files: 1e6 })])).toBeNull();
    expect(excess({ memoryBytes: 1 }, [])).toBeNull();
  });

  test("are over a limit by the latest sample, and exactly at it are not", () => {
    const limits = { memoryBytes: 100 * mebibyte, files: 8 };
    expect(excess(limits, [sample({ memoryBytes: 200 * mebibyte }), sample({ at: 1 })])).toBeNull();
    expect(excess(limits, [sample({ memoryBytes: 100 * mebibyte, files: 8 })])).toBeNull();
    expect(excess(limits, [sample({ memoryBytes: 101 * mebibyte })])).toEqual({
      limit: "max_memory",
      detail: "101 MiB of memory, and max_memory is 100 MiB",
    });
    expect(excess(limits, [sample({ files: 9 })])).toEqual({
      limit: "max_files",
      detail: "9 open descriptors, and max_files is 8",
    });
  });

  test("may use CPU time in bursts: it counts over a whole window", () => {
    const limits = { cpu: 0.5 };
    const burst = sample({ at: cpuWindowMs - 1, cpuMicros: 9e6 });
    expect(excess(limits, [sample({}), burst])).toBeNull();
    expect(excess(limits, [sample({}), burst, sample({ at: cpuWindowMs, cpuMicros: 9e6 })])).toEqual({
      limit: "max_cpu",
      detail: "0.90 cores over 10 s, and max_cpu is 0.5",
    });
  });
});

test("samples are kept for one window and no longer", () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, (each) => {
      let now = 0;
      let kept: readonly UsageSample[] = [];
      for (const gap of each) {
        now += gap;
        kept = recent([...kept, sample({ at: now })], now);
        // One at most is older than the window, and it is the first one.
        expect(kept.filter(({ at }) => now - at >= cpuWindowMs).length).toBeLessThanOrEqual(1);
        expect(kept.at(-1)?.at).toBe(now);
      }
    }),
  );
});
