/** A batch of commands on a list: all of it, or nothing. */
import type { Command, Todo, TodoId } from "../../protocol/todo.ts";
import { ancestors, childrenOf } from "./list.ts";
import type { TodoList } from "./list.ts";
import type { Patch } from "./patch.ts";
import { PatchRecord } from "./patch.ts";

export interface BatchError {
  /** Of the command, counted from 0. */
  readonly index: number;
  /** JSON pointer into the command. */
  readonly path: string;
  readonly message: string;
}

/** `command 3, /parent: there is no todo "9"` */
export function batchErrorWords({ index, path, message }: BatchError): string {
  return `command ${index + 1}${path === "" ? "" : `, ${path}`}: ${message}`;
}

export type BatchResult =
  | {
      readonly ok: true;
      readonly list: TodoList;
      /** tempId -> id. */
      readonly created: ReadonlyMap<string, TodoId>;
      readonly patch: Patch;
    }
  | { readonly ok: false; readonly error: BatchError };

export const bounds = {
  commands: 10_000,
  todos: 100_000,
  depth: 64,
  /** Of one todo as JSON, in characters: an event that carries it must fit. */
  todo: 16_384,
  metadataKey: 128,
} as const;

/** @param origin the plugin whose batch it is; null: a person's */
export function apply(list: TodoList, commands: readonly Command[], origin: string | null): BatchResult {
  const draft = new Draft(list, origin);
  let index = 0;
  try {
    if (commands.length > bounds.commands) {
      throw new Refused("", `the batch has ${commands.length} commands, over ${bounds.commands}`);
    }
    for (const each of commands) {
      draft.perform(each);
      index += 1;
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, error: { index, path: error.path, message: error.message } };
  }
  return draft.result();
}

/** A command that can not be done. */
class Refused extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

type CommandOf<Op extends Command["op"]> = Extract<Command, { op: Op }>;
type Place = { readonly parent?: string | null | undefined; readonly after?: string | null | undefined };

/** A list while a batch changes it. */
class Draft {
  readonly #record: PatchRecord;
  readonly #todos: Map<TodoId, Todo>;
  /** Arrays that are not the draft's own yet must not be changed. */
  readonly #children: Map<TodoId | null, readonly TodoId[]>;
  readonly #own = new Map<TodoId | null, TodoId[]>();
  readonly #created = new Map<string, TodoId>();
  readonly #origin: string | null;
  #nextId: number;

  constructor(list: TodoList, origin: string | null) {
    this.#record = new PatchRecord(list);
    this.#todos = new Map(list.todos);
    this.#children = new Map(list.children);
    this.#nextId = list.nextId;
    this.#origin = origin;
  }

  result(): BatchResult {
    const list = { todos: this.#todos, children: this.#children, nextId: this.#nextId };
    return { ok: true, list, created: this.#created, patch: this.#record.against(list) };
  }

  perform(command: Command): void {
    switch (command.op) {
      case "create":
        return this.#create(command);
      case "update":
        return this.#update(command);
      case "delete":
        return this.#delete(this.#find(command.id, "/id"));
      case "move":
        return this.#move(command);
      case "metadata":
        return this.#annotate(command);
      default:
        return command satisfies never;
    }
  }

  #create(command: CommandOf<"create">): void {
    const { tempId, title, state = "open", priority = "normal" } = command;
    const { due = null, notes = null, metadata = {} } = command;
    if (tempId === "") throw new Refused("/tempId", "must not be empty");
    if (this.#created.has(tempId)) throw new Refused("/tempId", `${show(tempId)} stands for another todo`);
    if (this.#todos.has(tempId)) throw new Refused("/tempId", `${show(tempId)} is the id of a todo`);
    if (this.#todos.size >= bounds.todos) throw new Refused("", `there are ${bounds.todos} todos already`);
    const parent = this.#parentOf(command);
    for (const key of Object.keys(metadata)) checkKey(key, `/metadata/${pointerStep(key)}`);
    const id = String(this.#nextId++);
    this.#put({ id, parent, title, state, priority, due, notes, metadata, origin: this.#origin });
    this.#insert(id, parent, command);
    this.#created.set(tempId, id);
  }

  #update({ id, title, state, priority, due, notes }: CommandOf<"update">): void {
    const before = this.#find(id, "/id");
    this.#put({
      ...before,
      title: title ?? before.title,
      state: state ?? before.state,
      priority: priority ?? before.priority,
      due: due === undefined ? before.due : due,
      notes: notes === undefined ? before.notes : notes,
    });
  }

  #delete({ id, parent }: Todo): void {
    this.#detach(id, parent);
    const gone = [id];
    for (const each of gone) {
      for (const child of childrenOf({ children: this.#children }, each)) gone.push(child);
      this.#record.todo(each);
      this.#todos.delete(each);
      this.#replace(each, []);
    }
  }

  #move(command: CommandOf<"move">): void {
    const todo = this.#find(command.id, "/id");
    const parent = this.#parentOf(command, this.#height(todo.id));
    for (const { id } of ancestors({ todos: this.#todos }, parent)) {
      if (id === todo.id) throw new Refused("/parent", "a todo can not become a part of itself");
    }
    this.#detach(todo.id, todo.parent);
    this.#insert(todo.id, parent, command);
    if (parent !== todo.parent) this.#put({ ...todo, parent });
  }

  #annotate({ id, key, value }: CommandOf<"metadata">): void {
    const before = this.#find(id, "/id");
    checkKey(key, "/key");
    const { [key]: _, ...others } = before.metadata;
    const isRemoved = value === undefined || value === null;
    this.#put({ ...before, metadata: isRemoved ? others : { ...others, [key]: value } });
  }

  #find(reference: string, path: string): Todo {
    const todo = this.#todos.get(this.#created.get(reference) ?? reference);
    if (todo === undefined) throw new Refused(path, `there is no todo ${show(reference)}`);
    return todo;
  }

  /** @param height levels of what is to stand there, itself included */
  #parentOf({ parent }: Place, height = 1): TodoId | null {
    if (parent === undefined || parent === null) return null;
    const { id } = this.#find(parent, "/parent");
    if ([...ancestors({ todos: this.#todos }, id)].length + height > bounds.depth) {
      throw new Refused("/parent", `it would be deeper than ${bounds.depth} levels`);
    }
    return id;
  }

  #height(id: TodoId): number {
    let levels = 0;
    let level: readonly TodoId[] = [id];
    for (; level.length > 0; levels += 1) {
      level = level.flatMap((each) => childrenOf({ children: this.#children }, each));
    }
    return levels;
  }

  #put(todo: Todo): void {
    check(todo);
    this.#record.todo(todo.id);
    this.#todos.set(todo.id, todo);
  }

  #insert(id: TodoId, parent: TodoId | null, { after }: Place): void {
    const siblings = this.#siblings(parent);
    if (after === undefined) siblings.push(id);
    else if (after === null) siblings.unshift(id);
    else {
      const behind = this.#find(after, "/after").id;
      // Batches mostly append one behind the other.
      const at = siblings.at(-1) === behind ? siblings.length - 1 : siblings.indexOf(behind);
      if (at === -1) throw new Refused("/after", `${show(after)} is not one of its siblings`);
      siblings.splice(at + 1, 0, id);
    }
    this.#replace(parent, siblings);
  }

  #detach(id: TodoId, parent: TodoId | null): void {
    const siblings = this.#siblings(parent);
    // Batches mostly delete from behind.
    siblings.splice(siblings.at(-1) === id ? siblings.length - 1 : siblings.indexOf(id), 1);
    this.#replace(parent, siblings);
  }

  #siblings(parent: TodoId | null): TodoId[] {
    const own = this.#own.get(parent) ?? [...childrenOf({ children: this.#children }, parent)];
    this.#own.set(parent, own);
    return own;
  }

  #replace(parent: TodoId | null, siblings: TodoId[]): void {
    this.#record.children(parent);
    if (siblings.length > 0) this.#children.set(parent, siblings);
    else {
      this.#children.delete(parent);
      this.#own.delete(parent);
    }
  }
}

function check(todo: Todo): void {
  if (todo.title.trim() === "") throw new Refused("/title", "must not be empty");
  if (/[\r\n]/.test(todo.title)) throw new Refused("/title", "must be one line");
  if (todo.due !== null && !isDay(todo.due)) {
    throw new Refused("/due", `${show(todo.due)} is no day such as 2026-12-31`);
  }
  const size = JSON.stringify(todo).length;
  if (size > bounds.todo) throw new Refused("", `the todo has ${size} characters, over ${bounds.todo}`);
}

/** Whether a list may have it, as far as it depends on the todo alone. */
export function isSound(todo: Todo): boolean {
  try {
    check(todo);
    return Object.keys(todo.metadata).every((key) => key !== "" && key.length <= bounds.metadataKey);
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** `2026-12-31`, and a day that there is. */
export function isDay(text: string): boolean {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  // The 31st of a shorter month would become the next one.
  return day !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function checkKey(key: string, path: string): void {
  if (key === "" || key.length > bounds.metadataKey) {
    throw new Refused(path, `a key has 1 to ${bounds.metadataKey} characters`);
  }
}

function pointerStep(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function show(text: string): string {
  return JSON.stringify(text.length <= 64 ? text : `${text.slice(0, 63)}…`);
}
