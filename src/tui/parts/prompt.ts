/** A text input as a line, with its cursor. Pure. */
import { terminalLine } from "../../text/sanitize.ts";
import { tone } from "../theme.ts";
import { cut, cutFront, widthOf } from "./fit.ts";
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
  const before = cutFront(left, room - widthOf(under));
  const after = cut(right, room - widthOf(before) - widthOf(under));
  return `${tone("accent", label)} ${before}${tone("selected", under)}${after}`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function firstChar(text: string): string {
  const [first] = graphemes.segment(text);
  return first?.segment ?? "";
}
