/** How many failures count towards a crash loop now: as the policy is going to count them at the next one. Pure. */

/**
 * @param failures unix time of each, milliseconds
 * @param now the same, of a clock that may jump either way: what is stamped later than now can not be placed, and counts for nothing
 */
export function recentFailures(failures: readonly number[], windowMs: number, now: number): number {
  return failures.filter((at) => at <= now && now - at < windowMs).length;
}
