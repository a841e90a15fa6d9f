/** Counts of how long things took, in buckets that widen with the time: any quantile within 6 %, in a fixed kilobyte. Pure. */

/** Buckets for each doubling: one spans 12 % of its time, and its middle is within 6 % of all of it. */
const perDoubling = 6;
const shortestMs = 0.001;
const doublings = 40;
const buckets = perDoubling * doublings;

/** From 1 µs to 12 days; what is beyond counts as the shortest or the longest. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(buckets);

  record(ms: number): void {
    const bucket = Math.floor(Math.log2(ms / shortestMs) * perDoubling);
    // Of nothing at all the logarithm is −∞.
    this.#counts[Math.max(0, Math.min(buckets - 1, bucket))]!++;
  }

  /** Counts what the other one has counted as well. */
  add(other: LatencyHistogram): void {
    for (let bucket = 0; bucket < buckets; bucket++) this.#counts[bucket]! += other.#counts[bucket]!;
  }

  clear(): void {
    this.#counts.fill(0);
  }

  /**
   * By nearest rank: the least time that so large a share of all does not exceed, in milliseconds; null: nothing is counted.
   *
   * @param share in (0, 1]
   */
  quantile(share: number): number | null {
    let left = Math.ceil(share * this.#counts.reduce((sum, count) => sum + count, 0));
    if (left === 0) return null;
    const bucket = this.#counts.findIndex((count) => (left -= count) <= 0);
    return shortestMs * 2 ** ((bucket + 0.5) / perDoubling);
  }
}
