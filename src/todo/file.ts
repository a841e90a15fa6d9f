/** A list in a Markdown file, which people edit as well. */
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BulkheadError } from "../../protocol/error.ts";
import type { Command, TodoId } from "../../protocol/todo.ts";
import { bounds } from "./batch.ts";
import { absent, contentsOf, replace, stampOf } from "./disk.ts";
import type { Contents } from "./disk.ts";
import type { TodoHost } from "./host.ts";
import type { TodoList } from "./list.ts";
import { parseMarkdown, printMarkdown, withIds } from "./markdown.ts";
import type { MarkdownDocument } from "./markdown.ts";
import { newName, reconcile } from "./reconcile.ts";

export interface TodoFileOptions {
  /** How often the file is looked at for changes by others, milliseconds; default 1000. */
  readonly pollMs?: number;
}

/** The file as it was last read or written, and the list that it says. */
interface Known extends Contents {
  readonly document: MarkdownDocument;
}

interface Attached {
  readonly host: TodoHost;
  readonly onProblem: (error: Error) => void;
  readonly unsubscribe: () => void;
}

export class TodoFile implements AsyncDisposable {
  readonly path: string;
  /** What the file held when it was opened: for `new TodoHost({ list })`. */
  readonly list: TodoList;
  readonly #pollMs: number;
  #known: Known;
  #attached: Attached | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** There may be something to read or to write. */
  #isDue = false;
  #work: Promise<void> | null = null;
  #problem: Error | null = null;

  private constructor(file: string, known: Known, { pollMs = 1000 }: TodoFileOptions) {
    this.path = file;
    this.list = known.document.list;
    this.#known = known;
    this.#pollMs = pollMs;
  }

  /** Reads the file; absent: an empty list. @throws BulkheadError `usage`: it can not be read, or is not UTF-8 */
  static async open(file: string, options: TodoFileOptions = {}): Promise<TodoFile> {
    const absolute = path.resolve(file);
    const contents = await contentsOf(absolute).catch((error: unknown) => {
      throw BulkheadError.of("usage", error instanceof Error ? error.message : String(error));
    });
    return new TodoFile(absolute, { ...contents, document: parseMarkdown(contents.text ?? "") }, options);
  }

  /**
   * From here on what changes in the host is written, and what others change in the file becomes one batch of the host. Of two
   * changes of the same, the file's holds.
   * @param onProblem what can not be read or written; told once, and tried again with the next change
   */
  attach(host: TodoHost, onProblem: (error: Error) => void): void {
    if (this.#attached !== null) throw new Error("there is a host already");
    const unsubscribe = host.subscribe(() => void this.#wake());
    this.#attached = { host, onProblem, unsubscribe };
    this.#timer = setInterval(() => void this.#look(), this.#pollMs).unref();
    void this.#wake();
  }

  /**
   * Resolves when everything up to now is on disk, and what others have written is in the host.
   * @throws Error why it is not
   */
  async saved(): Promise<void> {
    await this.#wake();
    if (this.#problem !== null) throw this.#problem;
  }

  /** Writes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#wake();
    this.#attached?.unsubscribe();
    this.#attached = null;
  }

  async #look(): Promise<void> {
    const stamp = await stampOf(this.path).catch(() => null);
    if (stamp !== this.#known.stamp) await this.#wake();
  }

  async #wake(): Promise<void> {
    if (this.#attached === null) return;
    this.#isDue = true;
    this.#work ??= this.#run();
    await this.#work;
  }

  /** One at a time; what comes up meanwhile is done in one more round. */
  async #run(): Promise<void> {
    while (this.#isDue && this.#attached !== null) {
      this.#isDue = false;
      const { host, onProblem } = this.#attached;
      try {
        while (!(await this.#round(host)));
        this.#problem = null;
      } catch (error) {
        const problem = error instanceof Error ? error : new Error(String(error));
        const isNew = problem.message !== this.#problem?.message;
        this.#problem = problem;
        if (isNew) onProblem(problem);
      }
    }
    this.#work = null;
  }

  /** Takes what others have written, then writes. False: the file has changed in between. */
  async #round(host: TodoHost): Promise<boolean> {
    const stamp = await stampOf(this.path);
    if (stamp !== this.#known.stamp) {
      const contents = await this.#settled(stamp);
      if (contents === null) return false;
      this.#take(host, contents);
    }
    const { stamp: expected, text: before, document } = this.#known;
    const text = printMarkdown(host.list, document);
    if (text === (before ?? "")) return true;
    const written = await replace(this.path, text, expected);
    if (written === null) return false;
    this.#known = { stamp: written, text, document: parseMarkdown(text) };
    return true;
  }

  /** Half a file is not what somebody wants to say: it must look the same for a while. Null: it does not. */
  async #settled(stamp: string): Promise<Contents | null> {
    await delay(Math.ceil(this.#pollMs / 4));
    if ((await stampOf(this.path)) !== stamp) return null;
    const contents = stamp === absent ? { stamp, text: null } : await contentsOf(this.path);
    return contents.stamp === stamp && (await stampOf(this.path)) === stamp ? contents : null;
  }

  #take(host: TodoHost, { stamp, text }: Contents): void {
    const { text: before, document } = this.#known;
    // A file that somebody has deleted is written anew; where it says the same, only its stamp is new.
    if (text === null || text === before) {
      this.#known = { stamp, text, document };
      return;
    }
    const edited = parseMarkdown(text);
    const commands = reconcile(host.list, edited, document.list);
    const created = this.#apply(host, commands);
    const fresh = [...edited.list.todos.keys()].map((id) => [id, created.get(newName(id))] as const);
    const ids = new Map(fresh.flatMap(([id, given]) => (given === undefined ? [] : [[id, given] as const])));
    this.#known = { stamp, text, document: withIds(edited, ids) };
  }

  /** One batch, unless it would be longer than a batch may be. */
  #apply(host: TodoHost, commands: readonly Command[]): ReadonlyMap<string, TodoId> {
    const created = new Map<string, TodoId>();
    for (let from = 0; from < commands.length; from += bounds.commands) {
      const part = commands.slice(from, from + bounds.commands).map((each) => resolved(each, created));
      const outcome = host.apply(part, `edited in ${path.basename(this.path)}`);
      if (!outcome.ok) throw new Error(`${this.path} does not fit: ${outcome.error.message}`);
      for (const [name, id] of outcome.created) created.set(name, id);
    }
    return created;
  }
}

/** With ids instead of the names that batches before it have given. */
function resolved(command: Command, created: ReadonlyMap<string, TodoId>): Command {
  if (created.size === 0) return command;
  const idOf = (reference: string): string => created.get(reference) ?? reference;
  const placed = { ...command };
  if ("id" in placed) placed.id = idOf(placed.id);
  if ("parent" in placed && typeof placed.parent === "string") placed.parent = idOf(placed.parent);
  if ("after" in placed && typeof placed.after === "string") placed.after = idOf(placed.after);
  return placed;
}
