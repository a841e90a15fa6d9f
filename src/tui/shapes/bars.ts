/** Numbers as bars. Pure. */
import { fit, widthOf } from "../parts/fit.ts";
import { tone } from "../theme.ts";
import { oneLine } from "./plain.ts";

export interface Bar {
  /** Not harmless yet. */
  readonly label: string;
  readonly value: number;
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const levels = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const shortestBar = 4;
const longestBar = 60;

function highest(values: Iterable<number>): number {
  let most = 0;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** One line for each: label, bar, number. Bars below zero go to the left of where the others begin. */
export function barLines(bars: readonly Bar[], format: (value: number) => string, width: number): string[] {
  const labels = bars.map(({ label }) => oneLine(label, Math.max(6, Math.floor(width * 0.4))));
  const numbers = bars.map(({ value }) => oneLine(format(value), Math.max(6, Math.floor(width * 0.4))));
  const labelWidth = highest(labels.map(widthOf));
  const numberWidth = highest(numbers.map(widthOf));
  const room = Math.min(longestBar, width - labelWidth - numberWidth - 4);
  const most = highest(bars.map(({ value }) => value));
  const least = highest(bars.map(({ value }) => -value));
  const left = least === 0 ? 0 : Math.min(room - 1, Math.max(1, Math.round(room / (1 + most / least))));
  const right = most === 0 ? 0 : room - left;
  const scale = Math.max(left === 0 ? 0 : least / left, right === 0 ? 0 : most / right);
  return bars.map(({ value }, at) => {
    const label = fit(labels[at] ?? "", labelWidth);
    const number = fit(numbers[at] ?? "", numberWidth, "right");
    if (room < shortestBar) return fit(`${label}  ${number}`, width).trimEnd();
    return `${label}  ${drawnBar(value, scale, left, right)}  ${number}`;
  });
}

function drawnBar(value: number, scale: number, left: number, right: number): string {
  const size = scale === 0 ? 0 : Math.abs(value) / scale;
  if (value < 0) {
    const cells = Math.min(left, Math.max(1, Math.round(size)));
    return " ".repeat(left - cells) + tone("bad", "█".repeat(cells)) + " ".repeat(right);
  }
  // What is above zero is seen, however small.
  const filled = Math.min(right * 8, Math.max(value > 0 ? 1 : 0, Math.round(size * 8)));
  const bar = "█".repeat(Math.floor(filled / 8)) + (eighths[filled % 8] ?? "");
  return " ".repeat(left) + tone("accent", bar) + " ".repeat(Math.max(0, right - bar.length));
}

/** Lines of a column chart, without its scale. */
const chartRows = 6;
const widestColumn = 3;

/** Numbers side by side, in order, as columns above and below zero, with the scale at the left. */
export function columnLines(
  points: readonly number[],
  format: (value: number) => string,
  width: number,
): string[] {
  const most = highest(points);
  const least = highest(points.map((value) => -value));
  const above =
    least === 0
      ? chartRows
      : most === 0
        ? 0
        : Math.min(chartRows - 1, Math.max(1, Math.round(chartRows / (1 + least / most))));
  const below = chartRows - above;
  const scale = Math.max(above === 0 ? 0 : most / above, below === 0 ? 0 : least / below) || 1;
  const labels = [most, 0, -least].map((value) =>
    oneLine(value === 0 ? "0" : format(value), Math.max(4, Math.floor(width / 3))),
  );
  const labelWidth = highest(labels.map(widthOf));
  const room = Math.max(1, width - labelWidth - 2);
  const columns = sampled(points, room);
  const thick = Math.max(1, Math.min(widestColumn, Math.floor(room / Math.max(1, columns.length))));
  return Array.from({ length: chartRows }, (_, row) => {
    const isTop = row === 0 && above > 0;
    const isZero = row === above - 1 || (above === 0 && row === 0);
    const isBottom = row === chartRows - 1 && below > 0;
    const label = isTop ? labels[0] : isBottom ? labels[2] : isZero ? labels[1] : "";
    const axis = isTop || isZero || isBottom ? "┤" : "│";
    const cells = columns.map((value) => {
      const cell =
        row < above ? risen(value / scale - (above - 1 - row)) : hung(-value / scale - (row - above));
      return cell.repeat(thick);
    });
    const isBelow = row >= above;
    return `${fit(label ?? "", labelWidth, "right")} ${axis}${tone(isBelow ? "bad" : "accent", cells.join(""))}`;
  });
}

/** @param part of a cell that is filled from its bottom */
function risen(part: number): string {
  if (part <= 0) return " ";
  return levels[Math.min(8, Math.max(1, Math.round(part * 8)))] ?? " ";
}

/** From its top: there are half cells only. */
function hung(part: number): string {
  if (part <= 0) return " ";
  return part <= 0.5 ? "▀" : "█";
}

/** No more than there is room for: each is the one farthest from zero of those that it stands for. */
function sampled(points: readonly number[], room: number): readonly number[] {
  if (points.length <= room) return points;
  return Array.from({ length: room }, (_, at) => {
    const from = Math.floor((at * points.length) / room);
    const to = Math.max(from + 1, Math.floor(((at + 1) * points.length) / room));
    return points.slice(from, to).reduce((far, each) => (Math.abs(each) > Math.abs(far) ? each : far), 0);
  });
}
