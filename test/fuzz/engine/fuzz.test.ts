/** A search that finds nothing has to be one that would. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { read } from "../fixtures/planted.ts";
import { pure } from "../target.ts";
import type { Target } from "../target.ts";
import { fuzz } from "./fuzz.ts";
import type { Fuzzed } from "./fuzz.ts";
import { minimised } from "./minimise.ts";

const target: Target = {
  name: "planted",
  inputs: fc.constant(Buffer.from("hello")),
  words: ["b", "u", "g", "!"],
  covers: ["test/fuzz/fixtures/planted.ts"],
  tried: 0,
  start: pure(read),
};

function search(covers: readonly string[], seeds: Fuzzed["seeds"] = [], runs = 30_000): Promise<Fuzzed> {
  return fuzz({ ...target, covers }, { until: { runs }, seed: 1, seeds, say: () => {} });
}

describe("a search", () => {
  test("finds what is four steps away, because each step is kept, and makes it as small as it gets", async () => {
    const { found, seeds } = await search(target.covers);
    expect(found.map(({ bytes }) => bytes.toString())).toEqual(["bug!"]);
    expect(found[0]?.found).toMatch(
      /^Error: planted, and found by 0 bytes \(test\/fuzz\/fixtures\/planted\.ts:\d+\)$/,
    );
    expect(seeds[0]).toEqual(found[0]);
    expect(seeds.length).toBeGreaterThan(3);
  });

  test("does not where it is not told what it reaches", async () => {
    expect((await search([])).found).toEqual([]);
  });

  test("keeps what has found something, also when it does not any more", async () => {
    const once = { bytes: Buffer.from("harmless by now"), found: "something" };
    expect((await search(target.covers, [once], 100)).seeds).toContainEqual(once);
  });

  test("tries the same for the same seed", async () => {
    const [first, second] = [await search(target.covers), await search(target.covers)];
    expect(second).toEqual(first);
  });
});

test("an input is cut down to what matters, and the rest made plain", async () => {
  const input = Buffer.from(`${"x".repeat(1000)}{${"\u00e9".repeat(100)}}`);
  const smallest = await minimised(input, async (each) => /\{.+\}/su.test(each.toString("latin1")));
  expect(smallest.toString()).toBe("{a}");
});
