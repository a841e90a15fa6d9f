/** Who may still make a call of a plugin whose window of calls in flight is shared. Pure. */
import { reserveOf } from "./lineage.ts";

/**
 * Whether somebody who has so many calls in flight may make another one. What each may have is in proportion to the places
 * that are free, and a reserve beside the window counts as free: alone, one may have the whole window, to the last place of it;
 * several that want more than there is come to have the same, together the window and not much of the reserve; and whatever those
 * who are there already have, some of it is left for the next. Nobody is counted for that, and nothing is set aside.
 *
 * The rule is that of dynamic thresholds (A. K. Choudhury and E. L. Hahne, "Dynamic queue length thresholds for shared-memory
 * packet switches", IEEE/ACM Transactions on Networking 6, 1998).
 *
 * @param mine at most `all`
 */
export function mayCall(window: number, mine: number, all: number): boolean {
  const reserve = othersOf(window);
  return mine * reserve < window * (window + reserve - all);
}

/**
 * The reserve for others: a quarter. A window of less than four has none, because who sets such a one means that the plugin
 * can not do more at once.
 */
export function othersOf(window: number): number {
  return Math.floor(window / 4);
}

/** As many as there can be at most: the window, its reserve for others, and one for calls that others wait for. */
export function mostCalls(window: number): number {
  return window + othersOf(window) + reserveOf(window);
}
