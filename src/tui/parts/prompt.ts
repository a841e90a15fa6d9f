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
  const room = Math.max(1, width - widthOf(label) - 1);
  const left = terminalLine(text.slice(0, cursor));
  const at = firstChar(text.slice(cursor));
  const right = terminalLine(text.slice(cursor + at.length));
  if (!isActive) return `${tone("accent", label)} ${cut(left + terminalLine(at) + right, room)}`;
  const under = at === "" || at === "\n" ? " " : cut(terminalLine(at), room);
  const before = tail(left, room - widthOf(under));
  const after = cut(right, room - widthOf(before) - widthOf(under));
  return `${tone("accent", label)} ${before}${tone("selected", under)}${after}`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function firstChar(text: string): string {
  const [first] = graphemes.segment(text);
  return first?.segment ?? "";
}

/** The last columns of it. */
function tail(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  if (room <= 0) return "";
  // No character has more units than this for each of its columns.
  const near = Array.from(graphemes.segment(text.slice(-room * 16)), ({ segment }) => segment);
  let width = 1;
  let first = near.length;
  while (first > 0 && width + widthOf(near[first - 1] ?? "") <= room) {
    first -= 1;
    width += widthOf(near[first] ?? "");
  }
  return `…${near.slice(first).join("")}`;
}
