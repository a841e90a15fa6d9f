/** A text of several lines. Pure. */
import { wrap } from "../parts/fit.ts";
import { tone } from "../theme.ts";
import { manyLines, moreOf, mostLines, oneLine } from "./plain.ts";

export interface TextDrawing {
  readonly kind: "text";
  readonly text: string;
}

/** UTF-16 units that are drawn. */
const longest = 200_000;

export function textOf(value: unknown): TextDrawing | undefined {
  return typeof value === "string" ? { kind: "text", text: value } : undefined;
}

export function textLines({ text }: TextDrawing, width: number, most = mostLines): string[] {
  const units = Math.min(longest, 2 * most * width);
  const all = manyLines(text, units).split("\n");
  const lines: string[] = [];
  let drawn = 0;
  while (drawn < all.length && lines.length < most) {
    for (const each of wrap(all[drawn] ?? "", width)) lines.push(each);
    drawn += 1;
  }
  const isCut = text.length > units;
  if (drawn === all.length && lines.length <= most && !isCut) return lines;
  const left = all.length - drawn + (lines.length >= most ? 1 : 0);
  const more = isCut ? moreOf(text.length - units, "character") : moreOf(left, "line");
  return [...lines.slice(0, most - 1), tone("dim", oneLine(more, width))];
}
