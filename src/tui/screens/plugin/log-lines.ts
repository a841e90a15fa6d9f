/** The part of a log that is in sight, as lines of text. Pure; what is out of sight costs nothing. */
import type { LogLine } from "../../../../protocol/state.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { clockTime, plural } from "../../../text/words.ts";
import { cut, fit, widthOf, wrap } from "../../parts/fit.ts";
import { promptLine } from "../../parts/prompt.ts";
import type { Size } from "../../screen.ts";
import { paint, tone } from "../../theme.ts";
import type { Tone } from "../../theme.ts";
import { cursorOf, lastNumber, lineAt, shownText, topOf } from "./log.ts";
import type { LogState } from "./log.ts";

/** Lines of the tab that are not the log's. */
const logFrameRows = 1;

function logRows({ rows }: Size): number {
  return Math.max(1, rows - logFrameRows);
}

/** The number of the line at the top. */
export function logTop(log: LogState, size: Size): number {
  return topOf(log, logRows(size), (line) => (log.isWrapped ? bodyLines(line, log, size.columns).length : 1));
}

/** How many of the lines are in sight, wholly or in part. */
export function logInSight(log: LogState, size: Size): number {
  const rows = logRows(size);
  const top = logTop(log, size);
  let used = 0;
  let at = top;
  for (; at <= lastNumber(log) && used < rows; at += 1) {
    const line = lineAt(log, at);
    used += line === undefined || !log.isWrapped ? 1 : bodyLines(line, log, size.columns).length;
  }
  return Math.max(1, at - top);
}

/** @param waitingFor what it takes before there is a log to show; null: it has begun to come */
export function logLines(log: LogState, size: Size, waitingFor: "daemon" | "log" | null): string[] {
  const rows = logRows(size);
  const lines: string[] = [];
  for (let at = logTop(log, size); at <= lastNumber(log) && lines.length < rows; at += 1) {
    const line = lineAt(log, at);
    if (line !== undefined) lines.push(...drawn(line, log, size.columns, at));
  }
  if (lines.length === 0) {
    const words =
      waitingFor === null
        ? `Nothing was written to stderr${emptyWords[log.lives]}.`
        : waitingWords[waitingFor];
    lines.push(tone("dim", cut(words, size.columns)));
  }
  return [statusLine(log, size.columns), ...lines.slice(0, rows)].slice(0, size.rows);
}

const waitingWords = {
  daemon: "The daemon is away: the log is read when it is back.",
  log: "Reading the log…",
} as const;

const emptyWords = {
  all: "",
  current: " in its current life",
  previous: " in the life before this one",
} as const satisfies Record<LogState["lives"], string>;

const livesWords = {
  all: "all lives",
  current: "the current life",
  previous: "the life before",
} as const satisfies Record<LogState["lives"], string>;

function statusLine(log: LogState, width: number): string {
  const { search, dropped, cursor, lines, first } = log;
  if (search.isTyping) return promptLine("/", search.input, width);
  const last =
    cursor === null ? undefined : `line ${cursorOf(log) - first + 1} of ${lines.length}; f follows`;
  const parts = [
    livesWords[log.lives],
    last ?? `${plural(lines.length, "line")}${log.lives === "previous" ? "" : ", following"}`,
    ...(log.isWrapped ? ["wrapped"] : []),
    ...(search.input.text === "" ? [] : [`/${terminalLine(search.input.text)}`]),
  ];
  const words = cut(parts.join(" · "), width);
  if (dropped === 0) return tone("dim", words);
  const loss = cut(` · ${plural(dropped, "line")} dropped: too fast to read`, width - widthOf(words));
  return tone("dim", words) + tone("warn", loss);
}

function drawn(line: LogLine, log: LogState, width: number, number: number): string[] {
  if (line.kind === "border") {
    const text = borderLine(line, log, width);
    return [tone(number === log.cursor ? "selected" : "accent", text)];
  }
  const before = prefixOf(line, log, width);
  const room = Math.max(2, width - widthOf(before));
  const look = toneOf(line.level);
  return bodyLines(line, log, width).map((text, at) => {
    const head = at === 0 ? before : " ".repeat(widthOf(before));
    if (number === log.cursor)
      return tone("selected", `${head}${marked(fit(text, room), log, "plain", true)}`);
    return tone("dim", head) + marked(text, log, look, false);
  });
}

/** A rule across the whole width; the daemon's own dashes are not needed then. */
function borderLine(line: LogLine, log: LogState, width: number): string {
  const words = terminalLine(line.text).replaceAll(/^─+\s*|\s*─+$/g, "");
  const time = log.hasTime ? `${clockTime(line.at)} ` : "";
  const text = cut(`${time}── ${words} `, width);
  return text + "─".repeat(Math.max(0, width - widthOf(text)));
}

/** Time and level; nothing where there is no room for them. */
function prefixOf({ at, level }: LogLine, { hasTime }: LogState, width: number): string {
  const time = hasTime ? `${clockTime(at)} ` : "";
  const mark = level === undefined ? "" : `${fit(terminalLine(level), 5)} `;
  const prefix = time + mark;
  return widthOf(prefix) > width - 8 ? "" : prefix;
}

function bodyLines(line: LogLine, log: LogState, width: number): string[] {
  if (line.kind === "border") return [""];
  const room = Math.max(2, width - widthOf(prefixOf(line, log, width)));
  const text = shownText(line);
  return log.isWrapped ? wrap(text, room) : [cut(text, room)];
}

function toneOf(level: string | undefined): Tone {
  switch (level?.toLowerCase()) {
    case "error":
    case "fatal":
    case "panic":
      return "bad";
    case "warn":
    case "warning":
      return "warn";
    case "debug":
    case "trace":
      return "dim";
    default:
      return "plain";
  }
}

/** With what is searched standing out. */
function marked(text: string, { search }: LogState, look: Tone, isSelected: boolean): string {
  const needle = search.input.text;
  if (needle === "") return tone(look, text);
  const pattern = new RegExp(needle.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), "gi");
  let from = 0;
  let line = "";
  for (const match of text.matchAll(pattern)) {
    line += tone(look, text.slice(from, match.index));
    // Inside the selected line, which is reversed already, it stands out in another way.
    line += isSelected ? paint(["bold", "underline"], match[0]) : tone("selected", match[0]);
    from = match.index + match[0].length;
  }
  return line + tone(look, text.slice(from));
}
