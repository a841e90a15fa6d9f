/** Numbers over time in one line of text. Pure. */
const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** The latest `width` values, the newest at the right; 0 is a space. */
export function sparkline(values: readonly number[], width: number): string {
  if (width <= 0) return "";
  const latest = values.slice(-width);
  const highest = Math.max(0, ...latest);
  const drawn = latest.map((value) => {
    if (value <= 0 || highest === 0) return " ";
    return bars[Math.min(bars.length - 1, Math.floor((value / highest) * (bars.length - 1)))] ?? " ";
  });
  return drawn.join("").padStart(width);
}

/** The same span in fewer values, each the sum of several, the newest complete at the right; no more than there are. */
export function condensed(values: readonly number[], count: number): number[] {
  if (count <= 0) return [];
  const each = Math.max(1, Math.ceil(values.length / count));
  const first = values.length % each;
  const sums: number[] = first === 0 ? [] : [values.slice(0, first).reduce((sum, value) => sum + value, 0)];
  for (let at = first; at < values.length; at += each) {
    sums.push(values.slice(at, at + each).reduce((sum, value) => sum + value, 0));
  }
  return sums;
}
