/** A text input as a line, with its cursor. Pure. */
import { terminalLine } from "../../text/sanitize.ts";
import { tone } from "../theme.ts";
import { cut, widthOf } from "./fit.ts";
import type { TextInput } from "./text-input.ts";

/** @param width columns for the label and the text together; what does not fit scrolls */
export function promptLine(
  label: string,
  { text, cursor }: TextInput,
  width: number,
  isActive = true,
): string {
  const room = Math.max(4, width - widthOf(label) - 1);
  const left = terminalLine(text.slice(0, cursor));
  const [at = ""] = Array.from(text.slice(cursor));
  const right = terminalLine(text.slice(cursor + at.length));
  if (!isActive) return `${tone("accent", label)} ${cut(left + terminalLine(at) + right, room)}`;
  const before = tail(left, room - 1);
  const under = at === "" || at === "\n" ? " " : terminalLine(at);
  const after = cut(right, Math.max(0, room - widthOf(before) - widthOf(under)));
  return `${tone("accent", label)} ${before}${tone("selected", under)}${after}`;
}

/** The last columns of it. */
function tail(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  const chars = Array.from(text);
  let width = 1;
  let first = chars.length;
  while (first > 0 && width + widthOf(chars[first - 1] ?? "") <= room) {
    first -= 1;
    width += widthOf(chars[first] ?? "");
  }
  return `…${chars.slice(first).join("")}`;
}
