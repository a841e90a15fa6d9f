/** Todo items, with their marks. Pure. */
import { tone } from "../theme.ts";
import { itemLine, stateOf } from "./item.ts";
import type { CheckItem, CheckState } from "./item.ts";
import { isFields, member, moreOf, mostLines, numberText, oneLine } from "./plain.ts";
import type { Fields } from "./plain.ts";

export interface ItemsDrawing {
  readonly kind: "checklist";
  readonly of: "items";
  readonly items: readonly CheckItem[];
}

const deepest = 100;

/** @param isTodo the method belongs to the todo api: a list may be empty */
export function itemsOf(value: unknown, isTodo = false): ItemsDrawing | undefined {
  const list = Array.isArray(value) ? value : isFields(value) ? listIn(value) : undefined;
  if (list === undefined) return undefined;
  const values: readonly unknown[] = list;
  if (values.length === 0 ? !isTodo : !values.every(isItem)) return undefined;
  const items: CheckItem[] = [];
  for (const each of values) collect(each, 0, items);
  return { kind: "checklist", of: "items", items };
}

function listIn(value: Fields): unknown[] | undefined {
  const list = member(value, "items") ?? member(value, "todos");
  return Array.isArray(list) ? list : undefined;
}

function isItem(value: unknown): value is Fields {
  if (!isFields(value) || typeof member(value, "title") !== "string") return false;
  return typeof member(value, "done") === "boolean" || stateOf(member(value, "state")) !== undefined;
}

function collect(value: unknown, depth: number, items: CheckItem[]): void {
  if (!isItem(value)) return;
  const own = member(value, "depth");
  const at = typeof own === "number" && own > 0 ? Math.min(deepest, Math.floor(own)) : depth;
  const isDone = member(value, "done") === true;
  items.push({
    depth: at,
    state: stateOf(member(value, "state")) ?? (isDone ? "done" : "open"),
    title: textAt(value, "title"),
    isHigh: member(value, "priority") === "high",
    about: aboutOf(value),
  });
  const children = member(value, "children");
  if (Array.isArray(children) && at < deepest) for (const child of children) collect(child, at + 1, items);
}

function textAt(value: Fields, key: string): string {
  const text = member(value, key);
  return typeof text === "string" ? text : "";
}

function aboutOf(value: Fields): string {
  const kind = textAt(value, "kind");
  const state = textAt(value, "state");
  const priority = textAt(value, "priority");
  const file = textAt(value, "file");
  const line = member(value, "line");
  const due = textAt(value, "due");
  const author = textAt(value, "author");
  return [
    state === "blocked" || state === "cancelled" ? state : "",
    kind === "checkbox" ? "" : kind,
    priority === "normal" ? "" : priority,
    due === "" ? "" : `due ${due}`,
    author === "" ? "" : `@${author}`,
    file === "" ? "" : typeof line === "number" ? `${file}:${line}` : file,
  ]
    .filter(Boolean)
    .join("  ");
}

export function itemLines({ items }: ItemsDrawing, width: number): string[] {
  const shown = items.slice(0, mostLines - 2);
  return [
    tone("dim", oneLine(countWords(items), width)),
    ...shown.map((item) => itemLine(item, width)),
    ...(shown.length < items.length
      ? [tone("dim", oneLine(moreOf(items.length - shown.length, "item"), width))]
      : []),
  ];
}

/** Of all of them, and of each state that there is. */
function countWords(items: readonly CheckItem[]): string {
  if (items.length === 0) return "No todos.";
  const counts = new Map<CheckState, number>();
  for (const { state } of items) counts.set(state, (counts.get(state) ?? 0) + 1);
  const states = (["open", "active", "blocked", "done", "cancelled"] as const)
    .filter((state) => counts.has(state))
    .map((state) => `${numberText(counts.get(state) ?? 0)} ${state}`);
  return `${numberText(items.length)} ${items.length === 1 ? "todo" : "todos"}: ${states.join(", ")}`;
}
