/** From a list to Markdown, within the file that there was: lines that have not changed stay as a person has written them. */
import type { Todo, TodoId, TodoRow } from "../../../protocol/todo.ts";
import { walk } from "../list.ts";
import type { TodoList } from "../list.ts";
import { longestRise } from "../rising.ts";
import type { ItemBlock, Layout, MarkdownDocument, OtherBlock } from "./document.ts";
import { lineOf } from "./item.ts";
import { keptLines } from "./kept.ts";
import { markOf } from "./mark.ts";
import { notesLines } from "./notes.ts";
import { Outline } from "./outline.ts";
import { parseMarkdown } from "./parse.ts";
import { isOpener, regionEnd } from "./region.ts";
import { columnOf, isBlank } from "./text.ts";
import type { Line } from "./text.ts";

const nothing: MarkdownDocument = parseMarkdown("");

/**
 * The text that `parseMarkdown` reads as this list.
 * @param previous the file as it was; absent: there was none
 */
export function printMarkdown(list: TodoList, previous: MarkdownDocument = nothing): string {
  const text = new Printer(list, previous, false).print();
  // What a person has left open above, such as code without an end, may take in what comes below it now.
  return isSame(parseMarkdown(text).list, list) ? text : new Printer(list, previous, true).print();
}

function isSame(one: TodoList, other: TodoList): boolean {
  return one.nextId === other.nextId && JSON.stringify([...walk(one)]) === JSON.stringify([...walk(other)]);
}

/** How a todo was printed. */
interface Placed {
  readonly id: TodoId;
  readonly indent: string;
  readonly column: number;
  readonly bullet: string;
}

class Printer {
  readonly #list: TodoList;
  readonly #before: TodoList;
  readonly #layout: Layout;
  /** Everything of todos is written anew, and nothing that is open stands above them. */
  readonly #isCareful: boolean;
  readonly #items = new Map<TodoId, ItemBlock>();
  readonly #outline = new Outline<TodoId>();
  readonly #placed = new Map<TodoId, Placed>();
  readonly #lastBelow = new Map<TodoId | null, Placed>();
  readonly #pieces: string[] = [];
  /** Other lines whose place is here, or further down where they would come between a todo and what is below it. */
  readonly #waiting: OtherBlock[] = [];
  /** The todo directly above, if nothing but blank lines has come since. */
  #above: Placed | null = null;
  #isBlankAbove = true;
  #blanks: number | null = null;

  constructor(list: TodoList, { list: before, layout }: MarkdownDocument, isCareful: boolean) {
    this.#list = list;
    this.#before = before;
    this.#layout = layout;
    this.#isCareful = isCareful;
    for (const block of layout.blocks) if (block.kind === "item") this.#items.set(block.id, block);
  }

  print(): string {
    const rows = [...walk(this.#list)];
    const due = this.#due(rows);
    for (const row of rows) {
      this.#waiting.push(...(due.get(row.id) ?? []));
      this.#flush(row.parent);
      this.#item(row);
    }
    this.#waiting.push(...(due.get(null) ?? []));
    this.#end();
    this.#keep();
    return (this.#layout.hasMark ? "\u{FEFF}" : "") + this.#pieces.join("");
  }

  /** The other lines that come before each todo, null: at the end: with the next one that has not moved. */
  #due(rows: readonly TodoRow[]): Map<TodoId | null, OtherBlock[]> {
    const places = new Map<TodoId, number>();
    for (const [place, block] of this.#layout.blocks.entries()) {
      if (block.kind === "item") places.set(block.id, place);
    }
    const kept = rows.filter(({ id }) => places.has(id)).map(({ id }) => id);
    const settled = new Set(longestRise(kept.map((id) => places.get(id) ?? 0)).map((at) => kept[at]));
    const due = new Map<TodoId | null, OtherBlock[]>();
    let from: OtherBlock[] = [];
    for (const [place, block] of this.#layout.blocks.entries()) {
      if (block.kind === "other" && place === 0) due.set(rows[0]?.id ?? null, [block]);
      else if (block.kind === "other") from.push(block);
      else if (settled.has(block.id)) {
        due.set(block.id, [...(due.get(block.id) ?? []), ...from]);
        from = [];
      }
    }
    due.set(null, [...(due.get(null) ?? []), ...from]);
    return due;
  }

  /** @param parent of the todo that comes next */
  #flush(parent: TodoId | null): void {
    const column = parent === null ? -1 : (this.#placed.get(parent)?.column ?? -1);
    for (let [block] = this.#waiting; block !== undefined; [block] = this.#waiting) {
      const parts = block.marks.some((mark) => mark.column <= column);
      if (parts || this.#isMisread(block) || (this.#isCareful && isOpenEnded(block))) return;
      this.#waiting.shift();
      this.#other(block);
    }
  }

  #end(): void {
    const first = this.#waiting.find(({ notesColumn }) => notesColumn !== null);
    if (this.#waiting.some((block) => this.#isMisread(block, block === first))) this.#line("<!-- -->");
    for (const block of this.#waiting) this.#other(block);
  }

  /** Whether it would become a part of the todo above, as its notes or as what is below it. */
  #isMisread({ notesColumn, codeColumn }: OtherBlock, isFirst = true): boolean {
    const isNotes =
      isFirst && this.#above !== null && notesColumn !== null && notesColumn > this.#above.column;
    return isNotes || (codeColumn !== null && codeColumn > this.#outline.outermost);
  }

  #other(block: OtherBlock): void {
    // Further down it was a line across, or a character; here it would begin front matter, or be a byte order mark.
    const isSpecial = /^(?:---[ \t]*$|\u{FEFF})/u.test(block.lines[0]?.text ?? "");
    if (isSpecial && this.#pieces.length === 0 && !this.#layout.hasFrontMatter) this.#line("");
    const isGap = block.marks.length === 0;
    // What stood between two gaps has gone, and one gap is enough.
    const skipped = isGap ? Math.min(this.#blanks ?? 0, block.lines.length) : 0;
    for (const { text, end } of block.lines.slice(skipped)) this.#line(text, end);
    for (const { column, isBullet } of block.marks) this.#outline.other(column, isBullet);
    this.#blanks = isGap ? Math.max(this.#blanks ?? 0, block.lines.length) : null;
    if (!isGap) this.#above = null;
  }

  #item(todo: Todo): void {
    const { id, parent } = todo;
    const block = this.#items.get(id);
    const sibling = this.#lastBelow.get(parent);
    const indent = this.#indent(parent, [block?.indent, sibling?.indent]);
    const bullet = block?.bullet ?? nextBullet(sibling?.bullet ?? "-");
    const { line, notes } = this.#lines(todo, block, indent, bullet);
    this.#line(line.text, line.end);
    for (const { text, end } of notes) this.#line(text, end);
    const placed = { id, indent, column: columnOf(indent), bullet };
    this.#placed.set(id, placed);
    this.#lastBelow.set(parent, placed);
    this.#outline.todo(placed.column, id);
    this.#above = placed;
    this.#blanks = null;
  }

  /** The first of these that puts it below its parent; there is always one. */
  #indent(parent: TodoId | null, candidates: readonly (string | undefined)[]): string {
    const above = parent === null ? undefined : this.#placed.get(parent);
    const inner = above === undefined ? "" : above.indent + this.#step(above);
    const fits = (indent: string | undefined): indent is string =>
      indent !== undefined && this.#outline.parentAt(columnOf(indent)) === parent;
    return candidates.find(fits) ?? inner;
  }

  #step({ indent, bullet }: Placed): string {
    return indent.includes("\t") ? "\t" : " ".repeat(bullet.length + 1);
  }

  #lines(todo: Todo, block: ItemBlock | undefined, indent: string, bullet: string) {
    const before = this.#before.todos.get(todo.id);
    const inner = indent + " ".repeat(bullet.length + 1);
    const line: Line = { text: lineOf(todo.id, todo, indent, bullet), end: this.#layout.end };
    const notes =
      todo.notes === null
        ? []
        : notesLines(todo.notes, inner).map((text): Line => ({ text, end: this.#layout.end }));
    if (this.#isCareful || block === undefined || before === undefined || indent !== block.indent) {
      return { line, notes };
    }
    return {
      line: isSameLine(todo, before) ? (marked(block) ?? line) : line,
      notes: todo.notes === before.notes ? block.notes : notes,
    };
  }

  #keep(): void {
    const lines = keptLines(this.#list);
    if (lines.length === 0) return;
    if (!this.#isBlankAbove) this.#line("");
    for (const line of lines) this.#line(line);
  }

  #line(text: string, end: string = this.#layout.end): void {
    const last = this.#pieces.at(-1);
    // The last line of a file may have no end, until something comes behind it.
    if (last !== undefined && !/[\r\n]$/.test(last)) this.#pieces.push(this.#layout.end);
    this.#pieces.push(text + end);
    this.#isBlankAbove = isBlank(text);
  }
}

function isSameLine(one: Todo, other: Todo): boolean {
  return (
    one.title === other.title &&
    one.state === other.state &&
    one.priority === other.priority &&
    one.due === other.due
  );
}

/** As a person has written it, with its id. Undefined: it has the id of another one. */
function marked({ id, written, line }: ItemBlock): Line | undefined {
  if (written === id) return line;
  return written === null ? { text: `${line.text.trimEnd()} ${markOf(id)}`, end: line.end } : undefined;
}

function nextBullet(bullet: string): string {
  const number = Number.parseInt(bullet, 10);
  return Number.isNaN(number) ? bullet : `${Math.min(number + 1, 999_999_999)}${bullet.slice(-1)}`;
}

/** Whether code or a comment begins in it that may end further down. */
function isOpenEnded({ lines }: OtherBlock): boolean {
  const texts = lines.map(({ text }) => text);
  for (let at = 0; at < texts.length; at += 1) {
    const end = regionEnd(texts, at);
    if (end === -1 && isOpener(texts[at] ?? "")) return true;
    at = Math.max(at, end);
  }
  return false;
}
