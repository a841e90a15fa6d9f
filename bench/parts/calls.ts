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

/** On one core where that can be had: of calls in flight too, what is compared is then what they cost and not how they are placed. */
export function calls(
  contestants: readonly Contestant[],
  wanted: readonly Kind[],
  canPin: boolean,
  run: Run,
): Promise<Measured[]> {
  return compare(contestants, wanted, canPin, run);
}
