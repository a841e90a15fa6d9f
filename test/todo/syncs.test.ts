import { expect, test } from "vitest";
import { Syncs } from "../../src/todo/syncs.ts";

/** Rounds that end when they are told to. */
function rounds() {
  const begun: string[] = [];
  const ends: ((fails?: Error) => void)[] = [];
  const syncs = new Syncs((plugin, isTold) => {
    const round = begun.push(`${plugin} ${isTold ? "told" : "quiet"}`);
    return new Promise<number>((resolve, reject) => {
      ends.push((error) => (error === undefined ? resolve(round) : reject(error)));
    });
  });
  /** Ends the round of that number, once it has begun. */
  const end = async (n: number, error?: Error): Promise<void> => {
    while (ends[n - 1] === undefined) await Promise.resolve();
    ends[n - 1]?.(error);
  };
  return { syncs, begun, end };
}

test("a plugin is asked once more, however many asked for it meanwhile", async () => {
  const { syncs, begun, end } = rounds();
  const first = syncs.run("a", false);
  const other = syncs.run("b", true);
  // Begun are the rounds that are there when these ask.
  await end(2);
  expect(await other).toBe(2);
  const more = [syncs.run("a", false), syncs.run("a", true), syncs.run("a", false)];
  await end(1);
  await end(3);
  expect(await Promise.all([first, ...more])).toEqual([3, 3, 3, 3]);
  expect(begun).toEqual(["a quiet", "b told", "a told"]);
});

test("after a round that failed there can be another", async () => {
  const { syncs, end } = rounds();
  const first = syncs.run("a", true);
  await end(1, new Error("no"));
  await expect(first).rejects.toThrow("no");
  const second = syncs.run("a", true);
  await end(2);
  expect(await second).toBe(2);
});
