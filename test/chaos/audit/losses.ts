/** Times of which rows may be missing in the journal. */
import type { Deed } from "../records.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The daemon tries again after so long at most, where the disk was away for no longer than it is here. */
const retryMs = 5000;

const endings = new Set(["daemon killed", "daemon stopped", "daemon died"]);

/** When the disk was away, and so long after it was back. */
export function lossTimes(deeds: readonly Deed[], more: number): Span[] {
  return deeds
    .filter(({ deed }) => deed === "disk taken")
    .map(({ at }) => {
      const back = deeds.find((deed) => deed.deed === "disk given back" && deed.at >= at);
      return { from: at, to: (back?.at ?? Infinity) + more };
    });
}

/** When the daemon was ended, by whomever. */
export function daemonEnds(deeds: readonly Deed[]): number[] {
  return deeds.filter(({ deed }) => endings.has(deed)).map(({ at }) => at);
}

/** From the loss of the disk to the end of a daemon that had not written everything yet: only so can rows be lost. */
export function lostRows(deeds: readonly Deed[]): Span[] {
  const ends = daemonEnds(deeds);
  return lossTimes(deeds, retryMs).flatMap(({ from, to }) => {
    const last = ends.findLast((at) => at >= from && at <= to);
    return last === undefined ? [] : [{ from, to: last }];
  });
}
