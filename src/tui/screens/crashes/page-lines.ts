/** A report as lines of the screen. Pure. */
import { stripVTControlCharacters } from "node:util";
import type { CrashReport } from "../../../../protocol/state.ts";
import { reportLines } from "../../../text/report-page.ts";
import { jsonText } from "../../../text/sanitize.ts";
import { cutPainted, wrapPainted } from "../../parts/painted.ts";
import { paint } from "../../theme.ts";

export interface PageLines {
  readonly lines: readonly string[];
  /** The lines at which its sections begin, the first one included. */
  readonly sections: readonly number[];
}

/** What plugins wrote: it may be long, and its beginning says the most. */
const recorded: ReadonlySet<string> = new Set(["Last messages", "Last lines on stderr"]);
/** Of one line that goes on below, UTF-16 units: the pager has all of it. */
const longest = 8000;

interface Made extends PageLines {
  readonly width: number;
  readonly isWrapped: boolean;
}

const made = new WeakMap<CrashReport, Made>();

export function pageLines(report: CrashReport, width: number, isWrapped: boolean): PageLines {
  const before = made.get(report);
  if (before?.width === width && before.isWrapped === isWrapped) return before;
  const page = { ...laidOut(report, width, isWrapped), width, isWrapped };
  made.set(report, page);
  return page;
}

function laidOut(report: CrashReport, width: number, isWrapped: boolean): PageLines {
  const lines: string[] = [];
  const sections = [0];
  let isRecorded = false;
  for (const line of reportLines(report, paint)) {
    // A section's title has no indentation, and an empty line before it.
    if (lines.at(-1) === "") {
      sections.push(lines.length);
      isRecorded = recorded.has(stripVTControlCharacters(line));
    }
    if (isRecorded && !isWrapped) lines.push(cutPainted(line.slice(0, 4 * width + 100), width));
    else {
      const short = line.length > longest ? `${line.slice(0, longest)}…` : line;
      for (const each of wrapPainted(short, width, indentOf(short))) lines.push(each);
    }
  }
  return { lines, sections };
}

/** Where the value begins beside a label, else a little further in than the line itself. */
function indentOf(line: string): number {
  const text = stripVTControlCharacters(line.slice(0, 200));
  const [label = ""] = /^ {2}[a-z][a-z0-9]* {2,}(?=\S)/.exec(text) ?? [];
  return label.length > 0 && label.length <= 16 ? label.length : text.search(/\S|$/) + 2;
}

/** The next section's first line in the given direction; there is none: the end of the way. */
export function sectionFrom({ lines, sections }: PageLines, top: number, by: 1 | -1): number {
  return by === 1
    ? (sections.find((at) => at > top) ?? Math.max(0, lines.length - 1))
    : (sections.findLast((at) => at < top) ?? 0);
}

/** For the pager and the clipboard: without colours, nothing left out. */
export function reportText(report: CrashReport): string {
  return `${reportLines(report, (_, text) => text).join("\n")}\n`;
}

export function reportJson(report: CrashReport): string {
  return jsonText(report, 2);
}
