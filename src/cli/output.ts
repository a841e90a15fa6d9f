/** stdout is data, stderr is talk. Everything that the command line prints goes through an `Output`. */
import { styleText } from "node:util";
import type { Paint, Style } from "../text/columns.ts";
import { jsonText } from "../text/sanitize.ts";

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
