import { expect, test } from "vitest";
import type { ProcessUsage, UsageRoot } from "../../src/io/process/usage.ts";
import { UsageMeter } from "../../src/supervisor/usage-meter.ts";

/** A meter at times of the test, of a process that has used so much CPU by then. */
function meterOf(cpuMicros: (now: number) => number) {
  const at = { now: 0, samples: 0 };
  const read = (): Promise<ProcessUsage | null> => {
    at.samples++;
    return Promise.resolve({ count: 1, memoryBytes: 1, cpuMicros: cpuMicros(at.now) });
  };
  return { at, meter: new UsageMeter(read, () => at.now) };
}

const root: UsageRoot = { guard: 7 };

test("the share of CPU is what was used since the last sample", async () => {
  const { at, meter } = meterOf((now) => now * 250);
  expect(await meter.sample(root)).toMatchObject({ cpu: null });
  at.now = 2000;
  expect(await meter.sample(root)).toMatchObject({ cpu: 0.25, cpuMicros: 500_000 });
});

test("within half a second all get the same sample, and the next one reaches back to it", async () => {
  const { at, meter } = meterOf((now) => now * 1000);
  await meter.sample(root);
  at.now = 600;
  const shared = await Promise.all(Array.from({ length: 20 }, () => meter.sample(root)));
  at.now = 1099;
  expect(new Set([...shared, await meter.sample(root)]).size).toBe(1);
  expect(at.samples).toBe(2);
  at.now = 1100;
  expect(await meter.sample(root)).toMatchObject({ cpu: 1 });
  expect(at.samples).toBe(3);
});

test("a sample that takes longer is waited for, by all", async () => {
  const reading = Promise.withResolvers<ProcessUsage | null>();
  let samples = 0;
  let now = 0;
  const meter = new UsageMeter(
    () => (samples++, reading.promise),
    () => now,
  );
  const first = meter.sample(root);
  now = 10_000;
  const second = meter.sample(root);
  reading.resolve(null);
  expect(await Promise.all([first, second])).toEqual([null, null]);
  expect(samples).toBe(1);
});

test("another process has no share yet", async () => {
  const { at, meter } = meterOf((now) => now);
  await meter.sample(root);
  at.now = 100;
  expect(await meter.sample({ guard: 8 })).toMatchObject({ cpu: null });
  at.now = 1000;
  expect(await meter.sample({ plugin: 8 })).toMatchObject({ cpu: null });
});

test("time that went with a process that nobody waited for makes no negative share", async () => {
  const { at, meter } = meterOf((now) => 1_000_000 - now);
  await meter.sample(root);
  at.now = 1000;
  expect(await meter.sample(root)).toMatchObject({ cpu: 0 });
});
