/** All about one todo. Pure. */
import type { Todo } from "../../../../protocol/todo.ts";
import { terminalLine, terminalText } from "../../../text/sanitize.ts";
import { ancestors, childrenOf } from "../../../todo/list.ts";
import type { TodoList } from "../../../todo/list.ts";
import { plural } from "../../../text/words.ts";
import { wrap } from "../../parts/fit.ts";
import { tone } from "../../theme.ts";
import { dueWords } from "./day.ts";

/** Nobody reads more of it, and it is made anew for each picture. */
const mostLines = 2000;

export function detailLines(list: TodoList, todo: Todo, width: number, now: number): string[] {
  const { title, state, priority, due, origin, id, notes, metadata, parent } = todo;
  const path = [...ancestors(list, parent)].map((each) => each.title).toReversed();
  const facts = [
    `${state}${priority === "normal" ? "" : `, ${priority} priority`}${due === null ? "" : `, due ${dueWords(due, now).text}`}`,
    `id ${id}, made by ${origin ?? "a person"}`,
    ...(path.length === 0 ? [] : [`part of ${path.join(" › ")}`]),
    ...(childrenOf(list, id).length === 0 ? [] : [plural(childrenOf(list, id).length, "part")]),
  ];
  const keys = Object.keys(metadata);
  return [
    ...wrap(terminalLine(title), width).map((line) => tone("strong", line)),
    ...facts.flatMap((each) => wrap(terminalLine(each), width)).map((line) => tone("dim", line)),
    ...(notes === null ? [] : ["", ...wrap(terminalText(notes).replaceAll("\t", "  "), width)]),
    ...keys.flatMap((key) => [
      "",
      ...wrap(terminalLine(key), width).map((line) => tone("accent", line)),
      ...treeLines(metadata[key], width - 2).map((line) => `  ${line}`),
    ]),
  ].slice(0, mostLines);
}

const deepest = 12;

/** A JSON value, a line for each thing in it. */
export function treeLines(value: unknown, width: number, depth = 0): string[] {
  const indent = "  ".repeat(Math.min(depth, Math.floor(Math.max(0, width) / 6)));
  const entries = entriesOf(value);
  if (entries === null || depth >= deepest) return wrapped(indent, plainOf(value), width);
  if (entries.length === 0) return [`${indent}${Array.isArray(value) ? "[]" : "{}"}`];
  const lines: string[] = [];
  for (const [key, each] of entries) {
    if (lines.length > mostLines) break;
    const inner = entriesOf(each);
    if (inner === null || inner.length === 0 || depth + 1 >= deepest) {
      lines.push(...wrapped(indent, `${key}: ${plainOf(each)}`, width));
    } else lines.push(...wrapped(indent, `${key}:`, width), ...treeLines(each, width, depth + 1));
  }
  return lines;
}

/** Null: it has nothing below it that is worth lines of its own. */
function entriesOf(value: unknown): [string, unknown][] | null {
  if (Array.isArray(value)) {
    const isShort = value.every((each) => typeof each !== "object" || each === null);
    if (isShort && JSON.stringify(value).length <= 40) return null;
    return value.map((each: unknown, at) => [`[${at}]`, each]);
  }
  return typeof value === "object" && value !== null ? Object.entries(value) : null;
}

function plainOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
}

/** What goes on in a further line stands further in. */
function wrapped(indent: string, text: string, width: number): string[] {
  const lines = wrap(terminalLine(text), width - indent.length - 2);
  return lines.map((line, at) => `${indent}${at === 0 ? "" : "  "}${line}`);
}
