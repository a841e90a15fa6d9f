/** Numbers, as bars with their labels. Pure. */
import { tone } from "../theme.ts";
import { barLines } from "./bars.ts";
import type { Bar } from "./bars.ts";
import { isFields, member, moreOf, mostLines, numberText, oneLine } from "./plain.ts";

export interface ChartDrawing {
  readonly kind: "chart";
  readonly bars: readonly Bar[];
}

const fewestNumbers = 4;
const fewestLabels = 3;

/** An array of numbers, or an object of them. */
export function chartOf(value: unknown): ChartDrawing | undefined {
  if (Array.isArray(value)) {
    const numbers: readonly unknown[] = value;
    if (numbers.length < fewestNumbers || !numbers.every(isNumber)) return undefined;
    return { kind: "chart", bars: numbers.map((each, at) => ({ label: String(at), value: each })) };
  }
  if (!isFields(value)) return undefined;
  const bars: Bar[] = [];
  for (const label of Object.keys(value)) {
    const number = member(value, label);
    if (!isNumber(number)) return undefined;
    bars.push({ label, value: number });
  }
  return bars.length < fewestLabels ? undefined : { kind: "chart", bars };
}

/** JSON can say numbers that no double can hold. */
function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

export function chartLines({ bars }: ChartDrawing, width: number): string[] {
  const shown = bars.slice(0, mostLines - 1);
  const lines = barLines(shown, numberText, width);
  if (shown.length < bars.length)
    lines.push(tone("dim", oneLine(moreOf(bars.length - shown.length, ""), width)));
  return lines;
}
