/** Lines of a label and what it stands for, which may go on below. Pure. */
import { terminalLine } from "../../text/sanitize.ts";
import { tone } from "../theme.ts";
import type { Tone } from "../theme.ts";
import { cut, fit, wrap } from "./fit.ts";

export interface Labelled {
  readonly label: string;
  /** Line breaks are kept. */
  readonly text: string;
  readonly tone?: Tone;
  /** Lines that it may take; default 12. One is cut and never broken. */
  readonly most?: number;
}

/** @param labelWidth columns; less where it would be more than a third of the width */
export function labelledLines(rows: readonly Labelled[], width: number, labelWidth: number): string[] {
  const before = Math.min(labelWidth, Math.floor(width / 3));
  const room = Math.max(2, width - before - 1);
  return rows.flatMap(({ label, text, tone: look = "plain", most = 12 }) =>
    brokenLines(text, room, most).map((line, at) => {
      const head = fit(at === 0 ? terminalLine(label) : "", before);
      return `${tone("dim", head)} ${tone(look, line)}`;
    }),
  );
}

/** At most so many lines, the last one with `…` where there is more; made harmless. Bounded work, whatever the length. */
export function brokenLines(text: string, width: number, most: number): string[] {
  const near = text.length > width * (most + 1) ? text.slice(0, width * (most + 1)) : text;
  const [first = "", ...others] = near.split(/\r?\n/).map(terminalLine);
  if (most === 1) return [cut(others.length > 0 || near !== text ? `${first}…` : first, width)];
  const lines = [first, ...others].flatMap((line) => wrap(line, width));
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), cut(`${lines[most - 1] ?? ""}…`, width)];
}
