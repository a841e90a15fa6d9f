/** A line of a plugin's log, in a file or on a terminal. Pure. */
import type { LogLine } from "../../protocol/state.ts";
import type { Paint } from "./columns.ts";
import { terminalLine } from "./sanitize.ts";
import { dateTime } from "./words.ts";

/** @param named with the plugin's name, where there are several */
export function logLine(line: LogLine, named: boolean, style: Paint): string {
  const name = named ? `${terminalLine(line.plugin)}  ` : "";
  const text = terminalLine(line.text);
  // The border between two lives brings its own rules.
  if (line.kind === "border") return style("cyan", `${dateTime(line.at)}  ${name}${text}`);
  const level = line.level === undefined ? "" : `${terminalLine(line.level).padEnd(5)} `;
  const loud = line.level === "error" || line.level === "fatal";
  return `${style("dim", dateTime(line.at))}  ${name}${loud ? style("red", level + text) : level + text}`;
}
