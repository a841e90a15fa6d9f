/** Did you mean …? The candidate that a mistyped word most likely stood for. */

/** Longer words are not compared: nobody mistypes one, and the comparison is quadratic. */
const longest = 100;
/** A plugin may offer any number of names, and everybody else waits while they are compared. */
const mostCandidates = 200;

/**
 * The nearest of the first 200 candidates, or undefined when none is near. Case and the separators `-`, `_`, `.` and
 * `/` do not count, a swap of neighbours is one mistake, and about one mistake in three characters is forgiven. The
 * start of exactly one candidate (from three characters on) counts as near as well. Of equals, the first wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = fold(word);
  if (wanted.length === 0 || wanted.length > longest) return undefined;
  let best: string | undefined;
  let bestDistance = Infinity;
  let looked = 0;
  const begun: string[] = [];
  for (const candidate of candidates) {
    if (++looked > mostCandidates) break;
    const folded = fold(candidate);
    if (folded.length === 0 || folded.length > longest) continue;
    if (wanted.length >= 3 && folded.startsWith(wanted)) begun.push(candidate);
    const forgiven = Math.max(1, Math.floor(Math.max(wanted.length, folded.length) / 3));
    const found = distance(wanted, folded, Math.min(forgiven, bestDistance - 1));
    if (found === Infinity) continue;
    best = candidate;
    bestDistance = found;
    if (found === 0) break;
  }
  return best ?? (begun.length === 1 ? begun[0] : undefined);
}

function fold(word: string): string {
  // Cut first: a word of a megabyte is not worth folding.
  return word
    .slice(0, 2 * longest)
    .toLowerCase()
    .replaceAll(/[-_./\s]/g, "");
}

/**
 * Optimal string alignment distance: insertions, deletions, substitutions, and swaps of neighbours, no part edited
 * twice. `Infinity` when it is more than `most`; the smaller that is, the less there is to compute.
 */
export function distance(a: string, b: string, most = Infinity): number {
  if (Math.abs(a.length - b.length) > most) return Infinity;
  const bound = Math.min(most, Math.max(a.length, b.length));
  const far = bound + 1;
  const row = () => new Int32Array(b.length + 1).fill(far);
  let [beforeLast, last, next] = [row(), row(), row()];
  for (let j = 0; j <= Math.min(b.length, bound); j++) last[j] = j;
  let leastOfLast = 0;
  for (let i = 1; i <= a.length; i++) {
    // Cells further than `bound` from the diagonal cost more than that.
    const from = Math.max(1, i - bound);
    const to = Math.min(b.length, i + bound);
    next.fill(far);
    if (i <= bound) next[0] = i;
    let least = Math.min(i, far);
    for (let j = from; j <= to; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let cost = Math.min(at(last, j) + 1, at(next, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (
        i > 1 &&
        j > 1 &&
        a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
        a.charCodeAt(i - 2) === b.charCodeAt(j - 1)
      ) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      }
      next[j] = cost;
      if (cost < least) least = cost;
    }
    // A swap reaches back over two rows.
    if (least > bound && leastOfLast > bound) return Infinity;
    leastOfLast = least;
    [beforeLast, last, next] = [last, next, beforeLast];
  }
  const found = at(last, b.length);
  return found <= bound ? found : Infinity;
}

function at(row: Int32Array, index: number): number {
  return row[index] ?? Infinity;
}
