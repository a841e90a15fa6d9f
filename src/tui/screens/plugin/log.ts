/** A plugin's log as it is read: the latest lines, what is in sight of them, what is searched. Pure. */
import type { LogLine } from "../../../../protocol/state.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { noFilter } from "../../parts/filter.ts";
import type { Filter } from "../../parts/filter.ts";
import { movedList } from "../../parts/list.ts";
import type { Move } from "../../parts/list.ts";

/** Which lives' lines are asked for. */
export const lives = ["all", "current", "previous"] as const;
export type Lives = (typeof lives)[number];

/** Lines that are kept here, and characters of each; the plugin's log files have more. */
export const keptLines = 5000;
const longestLine = 8192;

/** Lines are numbered from 0 as they come: numbers stay as they are when the oldest lines go. */
export interface LogState {
  readonly lives: Lives;
  readonly lines: readonly LogLine[];
  /** The number of the first of them. */
  readonly first: number;
  /** So many came faster than they could be shown. */
  readonly dropped: number;
  /** The number of the selected line; null: the end is followed. */
  readonly cursor: number | null;
  /** The number of the line at the top, when nothing is followed. */
  readonly top: number;
  readonly isWrapped: boolean;
  readonly hasTime: boolean;
  readonly search: Filter;
}

export const emptyLog: LogState = {
  lives: "all",
  lines: [],
  first: 0,
  dropped: 0,
  cursor: null,
  top: 0,
  isWrapped: false,
  hasTime: true,
  search: noFilter,
};

/** The settings of the view stay, the lines go. */
export function forgotten(log: LogState): LogState {
  return { ...log, lines: [], first: 0, dropped: 0, cursor: null, top: 0 };
}

export function received(
  log: LogState,
  batch: readonly LogLine[],
  isReset: boolean,
  dropped: number,
): LogState {
  const before = isReset ? forgotten(log) : log;
  const all = [...before.lines, ...batch.map(shortened)];
  const gone = Math.max(0, all.length - keptLines);
  return {
    ...before,
    lines: gone === 0 ? all : all.slice(gone),
    first: before.first + gone,
    dropped: before.dropped + dropped,
  };
}

function shortened(line: LogLine): LogLine {
  return line.text.length <= longestLine ? line : { ...line, text: `${line.text.slice(0, longestLine)}…` };
}

/** What is shown is put away; what comes is shown. */
export function cleared(log: LogState): LogState {
  return { ...log, lines: [], first: log.first + log.lines.length, dropped: 0, cursor: null };
}

export function lastNumber({ first, lines }: LogState): number {
  return first + lines.length - 1;
}

/** The selected line, or the last one. */
export function cursorOf(log: LogState): number {
  const { cursor, first } = log;
  return cursor === null ? lastNumber(log) : Math.min(lastNumber(log), Math.max(first, cursor));
}

export function lineAt({ lines, first }: LogState, number: number): LogLine | undefined {
  return lines[number - first];
}

/**
 * The number of the line at the top, so that the selected one is in sight and no room is left at the end.
 * @param heightOf how many rows a line takes
 */
export function topOf(log: LogState, rows: number, heightOf: (line: LogLine) => number): number {
  const { first } = log;
  const cursor = cursorOf(log);
  const height = (number: number): number => {
    const line = lineAt(log, number);
    return line === undefined ? 0 : heightOf(line);
  };
  // Every line takes a row at least, so no more than `rows` lines are ever measured.
  let top = log.cursor === null ? cursor : Math.min(cursor, Math.max(first, log.top, cursor - rows + 1));
  let used = 0;
  for (let at = top; at <= cursor; at += 1) used += height(at);
  while (used > rows && top < cursor) {
    used -= height(top);
    top += 1;
  }
  for (let at = cursor + 1; at <= lastNumber(log) && used < rows; at += 1) used += height(at);
  while (top > first && used + height(top - 1) <= rows) {
    top -= 1;
    used += height(top);
  }
  return Math.max(first, top);
}

/** @param top where the view is now */
export function scrolledLog(log: LogState, move: Move, rows: number, top: number): LogState {
  const from = { cursor: cursorOf(log) - log.first, top: top - log.first };
  const to = movedList(from, move, log.lines.length, rows);
  // Down from the end of a log that is followed leads nowhere, and is no wish to stop.
  if (log.cursor === null && to.cursor === from.cursor) return log;
  return { ...log, cursor: to.cursor + log.first, top: to.top + log.first };
}

export function followed(log: LogState): LogState {
  return log.cursor === null ? { ...log, cursor: cursorOf(log), top: log.first } : { ...log, cursor: null };
}

/** A line's text as it is shown, and searched. */
export function shownText({ text }: LogLine): string {
  return terminalLine(text.replaceAll("\t", "  "));
}

function isMatch(line: LogLine, needle: string): boolean {
  return needle !== "" && shownText(line).toLowerCase().includes(needle.toLowerCase());
}

/** The next line with the searched text, from the selected one on and round; undefined: there is none. */
export function found(log: LogState, direction: "down" | "up", isHereGood: boolean): LogState | undefined {
  const needle = log.search.input.text;
  const count = log.lines.length;
  const start = cursorOf(log) - log.first;
  const by = direction === "down" ? 1 : -1;
  for (let steps = isHereGood ? 0 : 1; steps <= count; steps += 1) {
    const at = (((start + by * steps) % count) + count) % count;
    const line = log.lines[at];
    if (line !== undefined && isMatch(line, needle)) return { ...log, cursor: log.first + at };
  }
  return undefined;
}
