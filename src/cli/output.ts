/** stdout is data, stderr is talk. Everything that the command line prints goes through an `Output`. */
import { styleText } from "node:util";
import { jsonText, terminalLine } from "./sanitize.ts";

type Style = Parameters<typeof styleText>[0];

export type Paint = (style: Style, text: string) => string;

/** What is needed of `process.stdout` and `process.stderr`. */
export type TextStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export interface Output {
  readonly json: boolean;
  /** Whether stdout is a terminal. */
  readonly terminal: boolean;
  /** Columns of stdout; undefined: not a terminal, so nothing is cut. */
  readonly width: number | undefined;
  /** A line of data. */
  readonly line: (text: string) => void;
  /** One JSON value on stdout: indented on a terminal unless `--json` was given, on one line otherwise. */
  readonly value: (value: unknown) => void;
  /** A line of talk on stderr; nothing with `--json`. */
  readonly note: (text: string) => void;
  /** Text on stderr as it is, without a line end. */
  readonly talk: (text: string) => void;
  /** Whether stderr is a terminal. */
  readonly talksToTerminal: boolean;
  /** Colour, where stdout is a terminal that wants it (NO_COLOR, FORCE_COLOR and the like are honoured). */
  readonly style: Paint;
  /** The same for stderr. */
  readonly styleTalk: Paint;
}

export function createOutput(stdout: TextStream, stderr: TextStream, json: boolean): Output {
  const styled = (stream: TextStream) => (style: Style, text: string) => styleText(style, text, { stream });
  return {
    json,
    terminal: stdout.isTTY === true,
    // A terminal that does not know its size says 0.
    width: stdout.isTTY === true && stdout.columns ? stdout.columns : undefined,
    talksToTerminal: stderr.isTTY === true,
    line: (text) => void stdout.write(`${text}\n`),
    value: (value) =>
      void stdout.write(`${jsonText(value, stdout.isTTY === true && !json ? 2 : undefined)}\n`),
    note: (text) => void (json || stderr.write(`${text}\n`)),
    talk: (text) => void stderr.write(text),
    style: styled(stdout),
    styleTalk: styled(stderr),
  };
}

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

/**
 * Columns aligned, the last one cut to the width that is left (never below 20). Cells are made harmless here.
 * @param width columns of the terminal; undefined: nothing is cut
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | Cell)[])[],
  style: Paint,
  width?: number,
): string[] {
  const cells = rows.map((row) => row.map((cell): Cell => plain(cell)));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  const last = header.length - 1;
  const before = widths.slice(0, last).reduce((sum, each) => sum + each + 2, 0);
  const room = width === undefined ? Infinity : Math.max(20, width - before);
  const lay = (row: readonly Cell[]): string =>
    row
      .map(({ text, style: own }, column) => {
        const cut = column === last ? ellipsis(text, room) : text;
        const gap = column === last ? "" : " ".repeat((widths[column] ?? 0) - cut.length + 2);
        return (own === undefined ? cut : style(own, cut)) + gap;
      })
      .join("")
      .trimEnd();
  return [lay(header.map((text) => ({ text, style: "dim" }))), ...cells.map(lay)];
}

/** Lines of `label: value`, the values aligned; a missing value leaves its line out. */
export function fields(
  pairs: readonly (readonly [label: string, value: string | undefined])[],
  style: Paint,
): string[] {
  const present = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  const width = Math.max(0, ...present.map(([label]) => label.length));
  return present.map(([label, value]) => `${style("dim", label.padEnd(width))}  ${value}`);
}

export function ellipsis(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1)).trimEnd()}…`;
}

function plain(cell: string | Cell): Cell {
  return typeof cell === "string" ? { text: terminalLine(cell) } : { ...cell, text: terminalLine(cell.text) };
}
