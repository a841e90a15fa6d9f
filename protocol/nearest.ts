/** Did you mean …? The candidate that a mistyped word most likely stood for. */

/** Longer words are not compared: nobody mistypes one, and the comparison is quadratic. */
const longest = 100;

/**
 * The nearest candidate, or undefined when none is near. Case and the separators `-`, `_`, `.` and `/` do not count,
 * a swap of neighbours is one mistake, and about one mistake in three characters is forgiven. The start of exactly one
 * candidate (from three characters on) counts as near as well. Of equals, the first wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = fold(word);
  if (wanted.length === 0 || wanted.length > longest) return undefined;
  let best: string | undefined;
  let bestDistance = Infinity;
  const begun: string[] = [];
  for (const candidate of candidates) {
    const folded = fold(candidate);
    if (folded.length === 0 || folded.length > longest) continue;
    if (wanted.length >= 3 && folded.startsWith(wanted)) begun.push(candidate);
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, folded.length) / 3));
    const found = distance(wanted, folded);
    if (found <= allowed && found < bestDistance) {
      best = candidate;
      bestDistance = found;
    }
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
 * twice.
 */
export function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
