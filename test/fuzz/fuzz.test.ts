/** Every kept seed, and as many made inputs as a test has time for: always the same ones. `npm run fuzz` looks for more. */
import { describe, expect, test } from "vitest";
import { Inputs } from "./engine/inputs.ts";
import { readSeeds } from "./engine/seeds.ts";
import { targets } from "./targets/all.ts";
import type { Target } from "./target.ts";

const SEED = 20_260_101;

async function holds(target: Target, inputs: Iterable<Buffer>): Promise<number> {
  const trials = await target.start();
  let count = 0;
  try {
    for (const input of inputs) {
      try {
        await trials.run(input);
      } catch (error) {
        const text = JSON.stringify(input.toString("latin1"));
        throw new Error(`${target.name} fails for ${text}`, { cause: error });
      }
      count++;
    }
  } finally {
    await trials.close();
  }
  return count;
}

function* made(target: Target): Generator<Buffer> {
  const corpus = readSeeds(target.name).map(({ bytes }) => bytes);
  const inputs = new Inputs(target, SEED, corpus);
  for (let i = 0; i < target.tried; i++) yield inputs.next();
}

describe.each(targets)("$name", (target) => {
  test("holds for every seed", async () => {
    const seeds = readSeeds(target.name);
    expect(seeds).not.toHaveLength(0);
    expect(
      await holds(
        target,
        seeds.map(({ bytes }) => bytes),
      ),
    ).toBe(seeds.length);
  });

  test("holds for what is made of them", async () => {
    expect(await holds(target, made(target))).toBe(target.tried);
  });
});
