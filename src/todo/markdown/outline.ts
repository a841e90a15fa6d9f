/** Which todo a line stands below: reading and writing follow the same rule. */
import { bounds } from "../batch.ts";

interface Open<T> {
  readonly column: number;
  /** Null: a bullet that is no todo. */
  readonly todo: T | null;
  /** Of the todo, or of the one that it stands below; 0 for none. */
  readonly depth: number;
}

export class Outline<T> {
  readonly #open: Open<T>[] = [];

  /** Below what a todo in this column would stand; null: nothing; undefined: it would be code. */
  parentAt(column: number): T | null | undefined {
    if (this.isCode(column)) return undefined;
    for (let at = this.#above(column); at >= 0; at -= 1) {
      const { todo, depth } = this.#open[at] ?? { todo: null, depth: 0 };
      if (todo !== null && depth < bounds.depth) return todo;
    }
    return null;
  }

  /** Indented so far, and below nothing that it could belong to. */
  isCode(column: number): boolean {
    return column >= 4 && this.#above(column) === -1;
  }

  /** The column of what is furthest out. */
  get outermost(): number {
    return this.#open[0]?.column ?? Infinity;
  }

  todo(column: number, todo: T): void {
    const parent = this.parentAt(column);
    const depth = this.#open.find((each) => each.todo === parent)?.depth ?? 0;
    this.#push({ column, todo, depth: depth + 1 });
  }

  /** A line that is no todo: all that is not further out than it has ended. */
  other(column: number, isBullet: boolean): void {
    if (isBullet && !this.isCode(column)) this.#push({ column, todo: null, depth: 0 });
    else this.#open.length = this.#above(column) + 1;
  }

  #push(entry: Open<T>): void {
    this.#open.length = this.#above(entry.column) + 1;
    this.#open.push(entry);
  }

  #above(column: number): number {
    return this.#open.findLastIndex((each) => each.column < column);
  }
}
