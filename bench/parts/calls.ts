/** The matrix: sizes by calls in flight. */
import { compare } from "../compare.ts";
import type { Kind, Run } from "../compare.ts";
import type { Contestant } from "../contestants.ts";
import type { Measured } from "../results.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** More than a few large ones at once only measure how much memory there is. */
const inFlightOf: readonly (readonly [bytes: number, inFlight: readonly number[]])[] = [
  [0, [1, 16, 256, 4096]],
  [KiB, [1, 16, 256, 4096]],
  [64 * KiB, [1, 16, 256]],
  [MiB, [1, 16]],
  [16 * MiB, [1]],
];

export const kinds: readonly Kind[] = inFlightOf.flatMap(([bytes, list]) =>
  list.map((inFlight) => ({ bytes, inFlight })),
);

/** One after another is latency, and on one core where that can be had; more at once are a matter of all cores. */
export async function calls(
  contestants: readonly Contestant[],
  wanted: readonly Kind[],
  canPin: boolean,
  run: Run,
): Promise<Measured[]> {
  const [latency, throughput] = [
    wanted.filter(({ inFlight }) => inFlight === 1),
    wanted.filter(({ inFlight }) => inFlight > 1),
  ];
  return [
    ...(await compare(contestants, latency, canPin, run)),
    ...(await compare(contestants, throughput, false, run)),
  ];
}
