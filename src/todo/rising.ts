/** The longest part of a row of numbers that only rises: what has not moved, when others have. */

/** Returns places in the row, in their order. Of several equally long parts, it is one of them. */
export function longestRise(numbers: readonly number[]): number[] {
  /** The place of the smallest number with which a rise of that length ends. */
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  for (const [place, number] of numbers.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    before[place] = ends[low - 1];
    ends[low] = place;
  }
  const rise: number[] = [];
  for (let place = ends.at(-1); place !== undefined; place = before[place]) rise.push(place);
  return rise.toReversed();
}
