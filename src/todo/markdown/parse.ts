/** From Markdown to a list. Any text is one: what is no checklist is kept as it is. */
import type { Todo, TodoId } from "../../../protocol/todo.ts";
import { bounds, isSound } from "../batch.ts";
import type { TodoList } from "../list.ts";
import type { Block, Layout, MarkdownDocument, OtherBlock } from "./document.ts";
import { isItem, itemOf } from "./item.ts";
import type { Item } from "./item.ts";
import { keptAt } from "./kept.ts";
import type { Kept } from "./kept.ts";
import { notesOf } from "./notes.ts";
import { Outline } from "./outline.ts";
import { regionEnd } from "./region.ts";
import { columnOf, isBlank, linesOf } from "./text.ts";
import type { Line } from "./text.ts";

const byteOrderMark = "\u{FEFF}";
/** Without a block that says which ids were given, larger ones are believed to be no ids. */
const largestLoose = 1_000_000_000;

interface Found {
  readonly item: Item;
  readonly parent: Found | null;
  readonly notes: string | null;
  readonly line: Line;
  readonly below: readonly Line[];
}

/** An `OtherBlock` that is being read. */
interface OpenBlock {
  readonly lines: Line[];
  readonly marks: { readonly column: number; readonly isBullet: boolean }[];
  notesColumn: number | null;
  codeColumn: number | null;
}

export function parseMarkdown(text: string): MarkdownDocument {
  const hasMark = text.startsWith(byteOrderMark);
  const reader = new Reader(linesOf(hasMark ? text.slice(1) : text));
  reader.read();
  return reader.document(hasMark);
}

class Reader {
  readonly #lines: readonly Line[];
  readonly #end: Layout["end"];
  readonly #texts: readonly string[];
  readonly #blocks: (Found | OtherBlock)[] = [];
  readonly #outline = new Outline<Found>();
  readonly #kept = new Map<TodoId, Kept>();
  #nextId: number | null = null;
  #hasFrontMatter = false;
  #count = 0;
  /** Up to where the lines are read. */
  #at = 0;
  #other: OpenBlock | null = null;

  constructor(lines: readonly Line[]) {
    this.#end = lines[0]?.end || "\n";
    this.#lines = this.#withoutKept(lines);
    this.#texts = this.#lines.map(({ text }) => text);
  }

  read(): void {
    this.#readFrontMatter();
    while (this.#at < this.#lines.length) if (!this.#readItem()) this.#readOther();
    this.#endOther();
  }

  document(hasMark: boolean): MarkdownDocument {
    const { ids, known, nextId } = this.#identified();
    const todos = new Map<TodoId, Todo>();
    const children = new Map<TodoId | null, TodoId[]>();
    const blocks = this.#blocks.map((found): Block => {
      if ("marks" in found) return found;
      const { item, line, below } = found;
      const id = ids.get(found) ?? "";
      const todo = this.#todo(found, id, ids);
      todos.set(id, known.has(id) ? this.#annotated(todo) : todo);
      const siblings = children.get(todo.parent);
      if (siblings === undefined) children.set(todo.parent, [id]);
      else siblings.push(id);
      const { indent, bullet, id: written } = item;
      return { kind: "item", id, written, indent, bullet, line, notes: below };
    });
    const list: TodoList = { todos, children, nextId };
    const layout: Layout = { hasMark, end: this.#end, hasFrontMatter: this.#hasFrontMatter, blocks };
    return { list, known, layout };
  }

  #todo({ item, parent, notes }: Found, id: TodoId, ids: ReadonlyMap<Found, TodoId>): Todo {
    const { title, state, priority, due } = item;
    const above = parent === null ? null : (ids.get(parent) ?? null);
    return { id, parent: above, title, state, priority, due, notes, metadata: {}, origin: null };
  }

  #annotated(todo: Todo): Todo {
    const { origin, metadata } = this.#kept.get(todo.id) ?? todo;
    const whole = { ...todo, origin, metadata };
    return isSound(whole) ? whole : todo;
  }

  /** The first line with an id has it; a copy of that line is something new, and so is an id that was never given. */
  #identified() {
    const found = this.#blocks.filter((block) => "item" in block);
    const below = this.#nextId ?? largestLoose;
    const ids = new Map<Found, TodoId>();
    const known = new Set<TodoId>();
    for (const each of found) {
      const { id } = each.item;
      if (id === null || known.has(id) || Number(id) >= below) continue;
      known.add(id);
      ids.set(each, id);
    }
    let nextId = this.#nextId ?? 1;
    for (const id of known) nextId = Math.max(nextId, Number(id) + 1);
    for (const each of found) if (!ids.has(each)) ids.set(each, String(nextId++));
    return { ids, known, nextId };
  }

  #readFrontMatter(): void {
    if (!/^---[ \t]*$/.test(this.#texts[0] ?? "")) return;
    const end = this.#texts.findIndex((text, at) => at > 0 && /^(?:---|\.\.\.)[ \t]*$/.test(text));
    if (end === -1) return;
    this.#hasFrontMatter = true;
    this.#keep(end + 1, { column: 0, isBullet: false });
  }

  /** Takes it out beforehand: as the end of a comment that begins further up it would take all todos in. */
  #withoutKept(lines: readonly Line[]): Line[] {
    const texts = lines.map(({ text }) => text);
    const rest: Line[] = [];
    for (let at = 0; at < lines.length;) {
      const block = keptAt(texts, at);
      rest.push(...lines.slice(at, block === null ? at + 1 : at));
      at += block?.lines ?? 1;
      if (block === null) continue;
      this.#nextId = Math.max(this.#nextId ?? 1, block.nextId);
      for (const [id, kept] of block.kept) if (!this.#kept.has(id)) this.#kept.set(id, kept);
    }
    return rest;
  }

  #readItem(): boolean {
    const line = this.#lines[this.#at];
    const item = itemOf(line?.text ?? "");
    if (line === undefined || item === null || item.title === "") return false;
    const parent = this.#outline.parentAt(item.column);
    if (parent === undefined || this.#count >= bounds.todos) return false;
    const end = this.#notesEnd(item.column);
    const below = this.#lines.slice(this.#at + 1, end);
    const notes = notesOf(below.map(({ text }) => text));
    const found: Found = { item, parent, notes, line, below };
    // A todo that is too large for a list stays a line of the file.
    if (!isSound(this.#todo(found, "9".repeat(15), new Map()))) return false;
    this.#endOther();
    this.#blocks.push(found);
    this.#outline.todo(item.column, found);
    this.#count += 1;
    this.#at = end;
    return true;
  }

  /** The index behind the notes of the todo in this line. */
  #notesEnd(column: number): number {
    let end = this.#at + 1;
    let limit: number | undefined;
    for (let at = end; at < this.#texts.length; at += 1) {
      const text = this.#texts[at] ?? "";
      if (isBlank(text)) continue;
      if (columnOf(text) <= column || isItem(text)) break;
      limit ??= this.#outdent(at, column);
      const last = regionEnd(this.#texts, at, limit);
      if (last !== -1) at = last;
      end = at + 1;
    }
    return end;
  }

  #outdent(start: number, column: number): number {
    let at = start;
    for (; at < this.#texts.length; at += 1) {
      const text = this.#texts[at] ?? "";
      if (!isBlank(text) && columnOf(text) <= column) break;
    }
    return at;
  }

  #readOther(): void {
    const text = this.#texts[this.#at] ?? "";
    if (isBlank(text)) return this.#keep(this.#at + 1);
    const last = regionEnd(this.#texts, this.#at);
    const column = columnOf(text);
    const isBullet = /^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/.test(text);
    this.#keep(Math.max(last, this.#at) + 1, { column, isBullet });
  }

  #keep(end: number, mark?: { column: number; isBullet: boolean }): void {
    const other = this.#open();
    for (const line of this.#lines.slice(this.#at, end)) other.lines.push(line);
    if (mark !== undefined) {
      const item = itemOf(this.#texts[this.#at] ?? "");
      if (item !== null && item.title !== "" && this.#outline.isCode(mark.column)) {
        other.codeColumn ??= Math.min(...other.marks.map(({ column }) => column));
      }
      // Half a todo, or one that is too large, is nobody's notes.
      other.notesColumn ??= item === null ? mark.column : 0;
      other.marks.push(mark);
      this.#outline.other(mark.column, mark.isBullet);
    }
    this.#at = end;
  }

  #open(): OpenBlock {
    this.#other ??= { lines: [], marks: [], notesColumn: null, codeColumn: null };
    return this.#other;
  }

  #endOther(): void {
    if (this.#other !== null) this.#blocks.push({ kind: "other", ...this.#other });
    this.#other = null;
  }
}
