/** JSON text that is being edited, as lines with their numbers. Pure. */
import { promptLine } from "../parts/prompt.ts";
import type { TextInput } from "../parts/text-input.ts";
import { oneLine } from "../shapes/plain.ts";
import { tone } from "../theme.ts";

export function rawLines(
  { text, cursor }: TextInput,
  columns: number,
  rows: number,
  isActive: boolean,
): string[] {
  const lines = text.split("\n");
  const before = text.slice(0, cursor).split("\n");
  const active = before.length - 1;
  const top = Math.max(0, Math.min(active - Math.floor(rows / 2), lines.length - rows));
  const digits = String(lines.length).length;
  const width = columns - digits - 1;
  return lines.slice(top, top + rows).map((line, at) => {
    const number = tone("dim", String(top + at + 1).padStart(digits));
    if (!isActive || top + at !== active) return `${number} ${oneLine(line, width)}`;
    const column = before.at(-1)?.length ?? 0;
    const start = Math.max(0, column - width * 4);
    const part = { text: line.slice(start, column + width * 4), cursor: column - start };
    // The label is empty; the space behind it is the one behind the number.
    return number + promptLine("", part, width + 1);
  });
}
