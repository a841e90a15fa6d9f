/** The todo host with its file and the connection of the moment, as the todo screen works with them. */
import { BulkheadError } from "../../../protocol/error.ts";
import type { SupervisorEvent } from "../../../protocol/state.ts";
import type { Ask, Command, TodoId } from "../../../protocol/todo.ts";
import type { TodoFile } from "../../todo/file.ts";
import { messageOf } from "../../text/message.ts";
import type { AskOptions, Outcome, Proposal, TodoHost } from "../../todo/host.ts";
import type { TodoList } from "../../todo/list.ts";
import type { Patch } from "../../todo/patch.ts";
import { Line } from "./line.ts";
import type { DeskClient } from "./line.ts";
import { withActivity } from "./view.ts";
import type { Activity, Counts, DeskView, FileState, Happening, RunningAsk, ServiceState } from "./view.ts";

export type { DeskView } from "./view.ts";

export interface DeskOptions {
  /** Path of the Markdown checklist. */
  readonly file: string;
  /** Undefined: the daemon is away. */
  readonly client: DeskClient | undefined;
  readonly onView: (view: DeskView) => void;
  /** Until the service is asked for again that another program provides, milliseconds; default 2000. */
  readonly retryAfter?: number;
}

/** Nobody waits longer for a file before being asked, milliseconds. */
const longestSave = 3000;

export class TodoDesk implements AsyncDisposable {
  readonly #options: DeskOptions;
  readonly #file: TodoFile;
  readonly #host: TodoHost;
  readonly #line = new Line();
  readonly #asking = new Map<string, AbortController>();
  #asks: readonly RunningAsk[] = [];
  #activity: readonly Activity[] = [];
  #seq = 0;
  #service: ServiceState = { state: "away" };
  #fileState: FileState = { state: "saved" };
  /** What is done about the connection: one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #isTelling = false;
  #isClosed = false;

  private constructor(options: DeskOptions, file: TodoFile, Host: typeof TodoHost) {
    this.#options = options;
    this.#file = file;
    this.#host = new Host({
      caller: this.#line,
      list: file.list,
      publish: (event, params) => this.#publish(event, params),
      onBatch: (by, summary, patch) =>
        this.#happened({ kind: "batch", by, summary, counts: countsOf(patch) }),
      onPlugins: () => this.#changed(),
      onProblem: (plugin, error) => this.#happened({ kind: "problem", plugin, message: error.message }),
    });
    file.attach(
      this.#host,
      (error) => {
        this.#fileState = { state: "unsaved", why: error.message };
        this.#happened({ kind: "problem", plugin: null, message: error.message });
      },
      () => {
        this.#fileState = { state: "saved" };
        this.#changed();
      },
    );
    // After the file's own listener: what is waited for must have begun.
    this.#host.subscribe(() => this.#save());
  }

  /** What it is made of is loaded now: the other screens need not wait for it. @throws BulkheadError for a file that can not be read */
  static async open(options: DeskOptions): Promise<TodoDesk> {
    const [{ TodoHost: Host }, { TodoFile: File }] = await Promise.all([
      import("../../todo/host.ts"),
      import("../../todo/file.ts"),
    ]);
    const desk = new TodoDesk(options, await File.open(options.file), Host);
    desk.#changed();
    if (options.client !== undefined) desk.connected(options.client);
    return desk;
  }

  get view(): DeskView {
    const host = this.#host;
    const isServing = this.#line.isProvider;
    return {
      list: host.list,
      history: host.history,
      service: this.#service,
      plugins: isServing
        ? Array.from(host.plugins.values(), ({ id, actions, client }) => ({
            id,
            actions,
            mirrors: client.mirror !== undefined,
          }))
        : [],
      unfit: isServing ? Array.from(host.unfit, ([id, { message }]) => ({ id, why: message })) : [],
      asks: this.#asks,
      activity: this.#activity,
      path: this.#file.path,
      file: this.#fileState,
    };
  }

  /** The daemon is there, or there again. */
  connected(client: DeskClient): void {
    if (this.#isClosed || this.#line.client === client) return;
    this.#line.client = client;
    void client.closed.then(() => this.#left(client));
    this.#serve();
  }

  receive(event: SupervisorEvent): void {
    // A second host would do the same batches once more.
    if (this.#line.isProvider) this.#host.receive(event);
  }

  /** A person's own change of the list as it is now. Null: there is nothing to do. */
  edit(
    change: (list: TodoList) => { readonly commands: readonly Command[]; readonly label: string } | null,
  ): Outcome | null {
    const edit = change(this.#host.list);
    return edit === null ? null : this.#host.apply(edit.commands, edit.label);
  }

  /** What was taken back; null: there was nothing. */
  undo(): string | null {
    return this.#host.undo();
  }

  redo(): string | null {
    return this.#host.redo();
  }

  /** What a plugin would do. Nothing has happened yet. @param id by which it can be cancelled */
  generate(id: string, plugin: string, ask: Ask): Promise<Proposal> {
    return this.#ask(id, plugin, "generate", (options) => this.#host.generate(plugin, ask, options));
  }

  accept(proposal: Proposal, under: TodoId | null): Promise<Outcome> {
    return this.#host.accept(proposal, under);
  }

  run(id: string, plugin: string, action: string, ask: Ask): Promise<Outcome> {
    return this.#ask(id, plugin, action, (options) => this.#host.run(plugin, action, ask, options));
  }

  /** Asks a plugin what is new in what it mirrors. */
  sync(id: string, plugin: string): Promise<Outcome> {
    return this.#ask(id, plugin, "sync", () => this.#host.sync(plugin));
  }

  /** @param id of one thing that was asked; undefined: all */
  cancel(id?: string): void {
    for (const [each, controller] of this.#asking) if (id === undefined || each === id) controller.abort();
  }

  /** Why the file does not have what the list has, when it should by now; undefined: it has. */
  async unsaved(): Promise<string | undefined> {
    const late = Promise.withResolvers<string>();
    const timer = setTimeout(() => late.resolve("The todo list is still being saved."), longestSave);
    const saved = this.#file.saved().then(
      () => undefined,
      (error: unknown) => `The todo list is not saved: ${messageOf(error)}.`,
    );
    try {
      return await Promise.race([saved, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when the file has what the list has. @throws what kept it from being written */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.cancel();
    await this.#turn;
    try {
      await this.#host[Symbol.asyncDispose]();
    } catch {
      // Of a connection that has ended: nobody is left who would have to be told.
    } finally {
      await this.#closeFile();
    }
  }

  async #closeFile(): Promise<void> {
    try {
      await this.#file.saved();
    } catch (error) {
      throw BulkheadError.of("todo_file_unusable", `the todo list is not saved: ${messageOf(error)}`);
    } finally {
      await this.#file[Symbol.asyncDispose]();
    }
  }

  async #ask<T>(
    id: string,
    plugin: string,
    what: string,
    run: (options: AskOptions) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    const { signal } = controller;
    this.#asking.get(id)?.abort();
    this.#asking.set(id, controller);
    this.#asks = [
      ...this.#asks.filter((each) => each.id !== id),
      { id, plugin, what, since: Date.now(), progress: undefined },
    ];
    this.#changed();
    const onProgress = (progress: unknown): void => {
      this.#asks = this.#asks.map((each) => (each.id === id ? { ...each, progress } : each));
      this.#changed();
    };
    try {
      return await orAborted(run({ signal, onProgress }), signal);
    } catch (error) {
      if (!signal.aborted) this.#happened({ kind: "problem", plugin, message: messageOf(error) });
      throw error;
    } finally {
      if (this.#asking.get(id) === controller) {
        this.#asking.delete(id);
        this.#asks = this.#asks.filter((each) => each.id !== id);
      }
      this.#changed();
    }
  }

  #serve(): void {
    clearTimeout(this.#retry);
    this.#next(async () => {
      if (this.#line.client === undefined || this.#isClosed) return;
      if (this.#service.state === "away") this.#become({ state: "opening" });
      try {
        await this.#host.open();
        if (this.#line.client !== undefined) this.#become({ state: "provided" });
      } catch (error) {
        await this.#host.close();
        if (this.#line.client === undefined) return;
        const why = messageOf(error);
        const code = error instanceof BulkheadError ? error.code : undefined;
        // Of this connection it will never be otherwise.
        if (code === "read_only") return this.#become({ state: "refused" });
        this.#become({ state: code === "service_taken" ? "taken" : "failed", why });
        this.#retry = setTimeout(() => this.#serve(), this.#options.retryAfter ?? 2000);
        // It must not keep the program from ending.
        this.#retry.unref();
      }
    });
  }

  #left(client: DeskClient): void {
    if (this.#line.client !== client) return;
    this.#line.client = undefined;
    clearTimeout(this.#retry);
    this.#become({ state: "away" });
    this.#next(() => this.#host.close());
  }

  #next(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => {
      this.#happened({ kind: "problem", plugin: null, message: messageOf(error) });
    });
  }

  async #publish(event: string, params: Readonly<Record<string, unknown>>): Promise<void> {
    const seq = this.#happened({
      kind: "event",
      event,
      title: titleOf(params),
      by: byOf(params),
      told: null,
    });
    const { client, isProvider } = this.#line;
    // While there is another host, these are not the todos that plugins know.
    if (client === undefined || !isProvider) return;
    const { subscribers } = await client.control("event.publish", { event, params: { ...params } });
    this.#activity = this.#activity.map((each) =>
      each.seq === seq && each.kind === "event" ? { ...each, told: subscribers } : each,
    );
    this.#changed();
  }

  #save(): void {
    const { list } = this.#host;
    this.#fileState = { state: "saving" };
    this.#changed();
    void this.#file.saved().then(
      () => {
        if (this.#fileState.state !== "saving" || this.#host.list !== list) return;
        this.#fileState = { state: "saved" };
        this.#changed();
      },
      (error: unknown) => {
        this.#fileState = { state: "unsaved", why: messageOf(error) };
        this.#changed();
      },
    );
  }

  #happened(what: Happening): number {
    this.#seq += 1;
    this.#activity = withActivity(this.#activity, { ...what, seq: this.#seq, at: Date.now() });
    this.#changed();
    return this.#seq;
  }

  #become(service: ServiceState): void {
    this.#service = service;
    this.#changed();
  }

  /** Tells all that has changed in one turn at once; before whoever awaits the change goes on. */
  #changed(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      if (!this.#isClosed) this.#options.onView(this.view);
    });
  }
}

/** A call that is cancelled is over for whoever has cancelled it, however long the other side takes to say so. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(BulkheadError.of("cancelled", "cancelled"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function countsOf({ todos }: Patch): Counts {
  const counts = { added: 0, changed: 0, removed: 0 };
  for (const { before, after } of todos.values()) {
    if (before === undefined) counts.added += 1;
    else if (after === undefined) counts.removed += 1;
    else counts.changed += 1;
  }
  return counts;
}

function titleOf({ todo }: Readonly<Record<string, unknown>>): string | null {
  if (typeof todo !== "object" || todo === null || !("title" in todo)) return null;
  return typeof todo.title === "string" ? todo.title : null;
}

function byOf({ by }: Readonly<Record<string, unknown>>): string | null {
  return typeof by === "string" ? by : null;
}
