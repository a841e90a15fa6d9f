/** From one plugin to five hundred: whether the set grows in a straight line. */
import { isComplete } from "../compare.ts";
import type { Run } from "../compare.ts";
import { many } from "../contestants.ts";
import { say } from "../prepare.ts";
import { RemoteSide } from "../remote-side.ts";
import type { Plugins } from "../results.ts";

const inFlight = 256;
const perTurn = 100_000;

export async function plugins(counts: readonly number[], run: Run): Promise<Plugins[]> {
  const found = counts.map((count) => ({
    contestant: many(count),
    result: {
      plugins: count,
      readyMs: [] as number[],
      residentBytesPerPlugin: [] as number[],
      microsPerCall: [] as number[],
    },
  }));
  const runnable = found.filter(({ contestant }) => isComplete(contestant, run));
  for (let round = 0; round < run.rounds; round++) {
    for (const { contestant, result } of runnable) {
      say(contestant.title);
      const side = await RemoteSide.start(contestant.command);
      const { readyMs = Number.NaN, residentBytesPerPlugin = Number.NaN } = side.about.facts ?? {};
      const work = { bytes: 0, calls: Math.round(perTurn * Math.min(1, run.turnMs / 300)), inFlight };
      await side.measure(work);
      const { microsPerCall } = await side.measure(work);
      await side.close();
      result.readyMs.push(readyMs);
      result.residentBytesPerPlugin.push(residentBytesPerPlugin);
      result.microsPerCall.push(microsPerCall);
    }
  }
  return runnable.map(({ result }) => result);
}
