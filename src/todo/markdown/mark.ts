/** Ids behind todos, as comments: `<!-- 12 -->`. They are not seen where Markdown is rendered, and short where it is not. */
import type { TodoId } from "../../../protocol/todo.ts";
import { entity } from "./text.ts";

const pattern = /<!--\s*([1-9]\d{0,14})\s*-->/g;

export function markOf(id: TodoId): string {
  return `<!-- ${id} -->`;
}

/** Wherever a person has moved them within the line. Of two lines that were joined, the first id counts. */
export function withoutMarks(text: string): { readonly text: string; readonly id: TodoId | null } {
  let id: TodoId | null = null;
  const parts: string[] = [];
  let from = 0;
  for (const { 0: mark, 1: digits = "", index } of text.matchAll(pattern)) {
    id ??= digits;
    parts.push(text.slice(from, index).trim());
    from = index + mark.length;
  }
  parts.push(text.slice(from).trim());
  return { text: parts.filter((part) => part !== "").join(" "), id };
}

/** So that what looks like an id is text. */
export function withEncodedMarks(text: string): string {
  return text.replaceAll(pattern, (mark) => entity(mark) + mark.slice(1));
}
