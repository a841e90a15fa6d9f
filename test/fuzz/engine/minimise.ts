/** The smallest input that still does the same. */

/**
 * Takes out halves, then quarters, down to single bytes, until nothing can be taken out any more; then makes what is left
 * as plain as it can be.
 *
 * @param same whether an input does what the first one did
 * @param attempts how often it may be asked
 */
export async function minimised(
  input: Buffer,
  same: (input: Buffer) => Promise<boolean>,
  attempts = 20_000,
): Promise<Buffer> {
  let left = attempts;
  const holds = async (candidate: Buffer): Promise<boolean> => left-- > 0 && same(candidate);
  let best = input;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length;) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (await holds(shorter)) best = shorter;
      else at += size;
    }
  }
  for (let at = 0; at < best.length; at++) {
    for (const plain of "a0 ") {
      if (best[at] === plain.charCodeAt(0)) break;
      const plainer = Buffer.from(best);
      plainer[at] = plain.charCodeAt(0);
      if (!(await holds(plainer))) continue;
      best = plainer;
      break;
    }
  }
  return best;
}
