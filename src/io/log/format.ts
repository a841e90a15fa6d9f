/**
 * One line of a plugin's log file: `2026-11-20T08:30:00.123Z 7 - text`, made to be read with `tail` and by `readLog`.
 * After time and generation comes the level, `-` where the plugin named none, or `=` for a border between two lives.
 * The text is as the plugin wrote it, control characters included.
 */
import type { LogLine } from "../../../protocol/state.ts";

const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\d+) (=|-|[a-z]{1,10}) (.*)$/s;

let lastAt = Number.NaN;
let lastTime = "";

/** A flood has the same millisecond in thousands of lines. */
function time(at: number): string {
  if (at !== lastAt) {
    lastAt = at;
    lastTime = new Date(at).toISOString();
  }
  return lastTime;
}

/** Without the line's end; the text must have none in it. */
export function formatLine(line: LogLine): string {
  const mark = line.kind === "border" ? "=" : (line.level ?? "-");
  return `${time(line.at)} ${line.generation} ${mark} ${line.text}`;
}

/** Undefined for what is not a whole line, such as the last one written before a power cut. */
export function parseLine(plugin: string, stored: string): LogLine | undefined {
  const [, at, generation, mark, text] = pattern.exec(stored) ?? [];
  if (at === undefined || mark === undefined || text === undefined) return undefined;
  const line = { plugin, generation: Number(generation), at: Date.parse(at), text };
  if (mark === "=") return { ...line, kind: "border" };
  return mark === "-" ? { ...line, kind: "line" } : { ...line, kind: "line", level: mark };
}

const numericLevels: Record<number, string> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};
const writtenTimes = new Set(["time", "timestamp", "ts"]);

/** A structured line, `{"level": "warn", "msg": "…"}` and whatever else it has; anything else is text. */
export function readStructured(text: string): { level: string; texts: string[] } | undefined {
  if (!text.startsWith("{") || !text.includes('"level"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("level" in value) || !("msg" in value))
    return undefined;
  const { level: given, msg, ...others } = value;
  const level = typeof given === "number" ? numericLevels[given] : String(given).toLowerCase();
  if (level === undefined || !/^[a-z]{1,10}$/.test(level) || typeof msg !== "string") return undefined;
  const rest = Object.entries(others).filter(([key]) => !writtenTimes.has(key));
  const tail = rest.length === 0 ? "" : ` ${JSON.stringify(Object.fromEntries(rest))}`;
  // Bytes can not hold half a surrogate pair, but an escape can.
  return { level, texts: `${msg}${tail}`.toWellFormed().split("\n") };
}
