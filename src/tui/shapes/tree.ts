/** Any value, as keys and what is below them. Pure. */
import { cut, widthOf } from "../parts/fit.ts";
import { tone } from "../theme.ts";
import { briefJson, isFields, isScalar, member, moreOf, mostLines, numberText, oneLine } from "./plain.ts";
import { textLines } from "./text.ts";

export interface TreeDrawing {
  readonly kind: "tree";
  readonly value: unknown;
}

/** Of one object or array. */
const mostChildren = 1000;
/** Of one text. */
const mostTextLines = 200;
const deepest = 200;

export function treeLines({ value }: TreeDrawing, width: number, most = mostLines): string[] {
  const lines: string[] = [];
  for (const line of branch("", value, 0, width)) {
    if (lines.length >= most - 1) {
      lines.push(tone("dim", "… and more"));
      break;
    }
    lines.push(line);
  }
  return lines;
}

/** @param name with its colon, plain and harmless; "" at the top */
function* branch(name: string, value: unknown, depth: number, width: number): Generator<string> {
  // What is very deep does not move out of sight.
  const indent = " ".repeat(Math.min(2 * Math.max(0, depth - 1), Math.floor(width / 3)));
  const label = name === "" ? "" : `${cut(name, Math.floor(width / 3))} `;
  const start = indent + tone("accent", label);
  const room = Math.max(4, width - widthOf(indent) - widthOf(label));
  const inline = onOneLine(value, room);
  if (inline !== undefined) return yield start + inline;
  if (typeof value === "string") {
    if (name !== "") yield start + tone("dim", cut(`text, ${numberText(value.length)} characters`, room));
    const edge = name === "" ? "" : `${indent}  `;
    const inner = Math.max(4, width - widthOf(edge) - 2);
    for (const line of textLines({ kind: "text", text: value }, inner, mostTextLines))
      yield `${edge}${tone("dim", "│")} ${line}`;
    return;
  }
  if (name !== "") yield start + tone("dim", cut(sizeOf(value), room));
  if (depth >= deepest) return yield `${indent}  ${tone("dim", "…")}`;
  yield* children(value, depth, width, indent);
}

function* children(value: unknown, depth: number, width: number, indent: string): Generator<string> {
  const isList = Array.isArray(value);
  const keys = isFields(value) ? Object.keys(value) : [];
  const count = isList ? value.length : keys.length;
  for (let at = 0; at < Math.min(count, mostChildren); at++) {
    const key = keys[at] ?? "";
    const child: unknown = isList ? value[at] : isFields(value) ? member(value, key) : undefined;
    yield* branch(isList ? `${at}:` : `${oneLine(key, width)}:`, child, depth + 1, width);
  }
  if (count > mostChildren) {
    const inner = depth === 0 ? "" : `${indent}  `.slice(0, width / 2);
    yield inner + tone("dim", cut(moreOf(count - mostChildren, ""), width - inner.length));
  }
}

/** A scalar, an empty container, and a list of scalars if it is short. */
function onOneLine(value: unknown, room: number): string | undefined {
  if (value === null || value === undefined) return tone("dim", "null");
  if (typeof value === "string") {
    if (value.includes("\n") || value.length > room) return undefined;
    const text = briefJson(value, room);
    return widthOf(oneLine(text, room + 1)) <= room ? oneLine(text, room) : undefined;
  }
  if (isScalar(value)) return oneLine(briefJson(value, room), room);
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    if (list.length > room || !list.every(isScalar)) return undefined;
  } else if (isFields(value) && Object.keys(value).length > 0) return undefined;
  const text = briefJson(value, room);
  return text.length <= room && widthOf(oneLine(text, room + 1)) <= room ? oneLine(text, room) : undefined;
}

function sizeOf(value: unknown): string {
  if (Array.isArray(value)) return `[${numberText(value.length)}]`;
  return isFields(value) ? `{${numberText(Object.keys(value).length)}}` : "";
}
