/** A value as the JSON that it is. Pure. */
import { jsonText } from "../../text/sanitize.ts";
import { wrap } from "../parts/fit.ts";
import { tone } from "../theme.ts";
import { head, isFields, manyLines, member, moreOf, mostLines } from "./plain.ts";

export interface JsonDrawing {
  readonly kind: "json";
  readonly value: unknown;
}

/** Of one text, UTF-16 units. */
const longest = 20_000;
const deepest = 200;

export function jsonLines({ value }: JsonDrawing, width: number, most = mostLines): string[] {
  const lines: string[] = [];
  for (const line of written("", value, "", 0)) {
    for (const each of wrap(manyLines(line, line.length), width)) lines.push(each);
    if (lines.length < most) continue;
    return [...lines.slice(0, most - 1), tone("dim", "… and more")];
  }
  return lines;
}

/** @param before the key, where there is one @param after the comma, if there is one */
function* written(before: string, value: unknown, after: string, depth: number): Generator<string> {
  const indent = "  ".repeat(Math.min(depth, 20));
  const list: readonly unknown[] | undefined = Array.isArray(value) ? value : undefined;
  const keys = isFields(value) ? Object.keys(value) : undefined;
  const count = list?.length ?? keys?.length;
  if (count === undefined) return yield indent + before + scalar(value) + after;
  const [open, close] = list === undefined ? ["{", "}"] : ["[", "]"];
  if (count === 0) return yield indent + before + open + close + after;
  if (depth >= deepest) return yield `${indent}${before}${open} … ${close}${after}`;
  yield indent + before + open;
  for (let at = 0; at < count; at++) {
    const comma = at === count - 1 ? "" : ",";
    const key = keys?.[at];
    if (key === undefined) yield* written("", list?.[at], comma, depth + 1);
    else if (isFields(value)) yield* written(`${scalar(key)}: `, member(value, key), comma, depth + 1);
  }
  yield indent + close + after;
}

function scalar(value: unknown): string {
  if (typeof value !== "string" || value.length <= longest) return jsonText(value);
  const short = head(value, longest);
  return `${jsonText(short)} ${moreOf(value.length - short.length, "character")}`;
}
