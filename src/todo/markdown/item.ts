/** One line of a checklist: `- [x] Title due:2026-12-31 !high <!-- 12 -->`. */
import { todoState } from "../../../protocol/todo.ts";
import type { Todo, TodoId, TodoPriority, TodoState } from "../../../protocol/todo.ts";
import { bounds, isDay } from "../batch.ts";
import { markOf, withEncodedMarks, withoutMarks } from "./mark.ts";
import { columnOf, decoded, encoded, entity } from "./text.ts";

export interface Item {
  readonly indent: string;
  readonly column: number;
  /** `-`, `*`, `+`, `3.` or `3)`. */
  readonly bullet: string;
  /** As it stands there; whether it is a known one is another matter. */
  readonly id: TodoId | null;
  /** Empty: somebody is still writing it. */
  readonly title: string;
  readonly state: TodoState;
  readonly priority: TodoPriority;
  readonly due: string | null;
}

export type ItemFields = Pick<Todo, "title" | "state" | "priority" | "due">;

const boxes: Readonly<Record<TodoState, string>> = {
  open: " ",
  done: "x",
  active: "/",
  blocked: "!",
  cancelled: "-",
};

const pattern = /^([ \t]*)([-*+]|\d{1,9}[.)])[ \t]+\[([ xX/!-])\](?:[ \t]+([^]*))?$/;
const word = /^(?:due:(\d{4}-\d\d-\d\d)|!(high|normal|low))$/i;
const escapedWord = /^\\+(?:due:\d{4}-\d\d-\d\d|!(?:high|normal|low))$/i;

export function isItem(line: string): boolean {
  // No todo is that long, and whoever searches it would search for long.
  return line.length <= 4 * bounds.todo && pattern.test(line);
}

export function itemOf(line: string): Item | null {
  const match = isItem(line) ? pattern.exec(line) : null;
  if (match === null) return null;
  const [, indent = "", bullet = "", box = "", rest = ""] = match;
  const { id, text } = withoutMarks(rest);
  const { before, due, priority } = withoutWords(text);
  const title = unescaped(before);
  const state = todoState.options.find((each) => boxes[each] === box.toLowerCase()) ?? "open";
  return { indent, column: columnOf(indent), bullet, id, title, state, priority: priority ?? "normal", due };
}

export function lineOf(
  id: TodoId,
  { title, state, priority, due }: ItemFields,
  indent: string,
  bullet: string,
) {
  const words = [
    `${indent}${bullet} [${boxes[state]}] ${escaped(title)}`,
    ...(due === null ? [] : [`due:${due}`]),
    ...(priority === "normal" ? [] : [`!${priority}`]),
    markOf(id),
  ];
  return words.join(" ");
}

/** Takes what stands behind the title, one of each; the first word is the title's in any case. */
function withoutWords(line: string) {
  let rest = line;
  let due: string | null = null;
  let priority: TodoPriority | null = null;
  for (;;) {
    const [before, last] = lastWord(rest);
    const [, day, name] = word.exec(last) ?? [];
    if (before === "") break;
    if (day !== undefined && due === null && isDay(day)) due = day;
    else if (name !== undefined && priority === null) priority = priorityOf(name);
    else break;
    rest = before;
  }
  return { before: rest, due, priority };
}

function priorityOf(name: string): TodoPriority {
  const lower = name.toLowerCase();
  return lower === "high" || lower === "low" ? lower : "normal";
}

function escaped(title: string): string {
  const [, last] = lastWord(title);
  const at = title.length - last.length;
  const isWord = word.test(last) || escapedWord.test(last);
  const text = encoded(isWord ? `${title.slice(0, at)}\\${last}` : title);
  return withEncodedMarks(text).replaceAll(/^\s|\s$/g, entity);
}

function unescaped(line: string): string {
  const title = decoded(line);
  const [, last] = lastWord(title);
  const at = title.length - last.length;
  return escapedWord.test(last) ? `${title.slice(0, at)}${last.slice(1)}` : title;
}

/** And what stands before it, without the space between them. */
function lastWord(text: string): [before: string, last: string] {
  let at = text.length;
  while (at > 0 && !/\s/.test(text.charAt(at - 1))) at -= 1;
  return [text.slice(0, at).trimEnd(), text.slice(at)];
}
