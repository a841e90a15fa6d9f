import * as fc from "fast-check";
import { expect, test } from "vitest";
import { KeptParams } from "../../src/wire/kept-params.ts";
import type { Kept } from "../../src/wire/kept-params.ts";

const none = (): Kept => ({ params: undefined, chunk: undefined });

test("a view counts as the whole chunk that it keeps alive, once for neighbours", () => {
  const kept = new KeptParams(1000);
  const chunk = Buffer.from(new ArrayBuffer(800));
  const [first, second, other] = [none(), none(), none()];
  expect(kept.keep(first, chunk.subarray(0, 20))).toBe(true);
  expect(kept.keep(second, chunk.subarray(20, 40))).toBe(true);
  expect(kept.keep(other, Buffer.from(new ArrayBuffer(300)))).toBe(false);
  expect(other.params).toBeUndefined();
  kept.release(first);
  expect(kept.keep(other, Buffer.from(new ArrayBuffer(300)))).toBe(false);
  kept.release(second);
  expect(kept.keep(other, Buffer.from(new ArrayBuffer(300)))).toBe(true);
});

test("memory that was given away meanwhile is given back all the same", () => {
  const kept = new KeptParams(1000);
  const memory = new ArrayBuffer(1000);
  const call = none();
  kept.keep(call, Buffer.from(memory));
  structuredClone(memory, { transfer: [memory] });
  kept.release(call);
  expect(kept.keep(none(), Buffer.from(new ArrayBuffer(1000)))).toBe(true);
});

test("whatever is kept and released, all of the budget is there in the end", () => {
  const size = fc.integer({ min: 1, max: 300 });
  const param = fc.oneof(
    fc.string({ maxLength: 100 }),
    fc.record({ chunk: fc.nat(4), size }).map(({ chunk, size: length }) => ({ chunk, length })),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(param, fc.boolean())), (steps) => {
      const kept = new KeptParams(1000);
      const chunks = Array.from({ length: 5 }, () => new ArrayBuffer(300));
      const open: Kept[] = [];
      for (const [each, releases] of steps) {
        const call = none();
        const json = typeof each === "string" ? each : Buffer.from(chunks[each.chunk]!, 0, each.length);
        if (kept.keep(call, json)) open.push(call);
        if (releases) kept.release(open.shift() ?? none());
      }
      for (const call of open) kept.release(call);
      expect(kept.keep(none(), Buffer.from(new ArrayBuffer(1000)))).toBe(true);
    }),
  );
});
