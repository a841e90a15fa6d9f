/** Numbers over time in one line of text. Pure. */
const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** The latest `width` values, the newest at the right; 0 is a space. */
export function sparkline(values: readonly number[], width: number): string {
  const latest = values.slice(-width);
  const highest = Math.max(0, ...latest);
  const drawn = latest.map((value) => {
    if (value <= 0 || highest === 0) return " ";
    return bars[Math.min(bars.length - 1, Math.floor((value / highest) * (bars.length - 1)))] ?? " ";
  });
  return drawn.join("").padStart(width);
}
