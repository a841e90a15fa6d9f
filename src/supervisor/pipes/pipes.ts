/** Which pipes there are: kept in the journal, so that they go on where they were when the supervisor is there again. */
import { z } from "zod";
import { methodsOf } from "../../../protocol/description.ts";
import type { Method } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { nearest } from "../../../protocol/nearest.ts";
import { newPipe, pipeLimits } from "../../../protocol/pipe.ts";
import type { PipeProgress, PipeStatus } from "../../../protocol/pipe.ts";
import type { SupervisorEvent } from "../../../protocol/state.ts";
import { newProgress } from "../../core/pipe-state.ts";
import type { PipeRecord, PipeTable } from "../../io/journal/pipes.ts";
import type { RoutedCall } from "../call.ts";
import type { Events } from "../events.ts";
import { Pipe } from "./pipe.ts";
import type { PipeSurroundings, RouteStream } from "./pipe.ts";
import type { Plugin } from "../plugin.ts";

/** What they live in: the supervisor. */
export interface PipeHost {
  readonly journal: { readonly pipes: PipeTable };
  readonly events: Events;
  route(...call: Parameters<RouteStream>): RoutedCall;
}

/** Before an unreadable journal is read again. Milliseconds. */
const loadAgainMs = 5000;

const text = z.string().nullable();
const count = z.number().nonnegative();
const storedProgress = z.object({
  state: z.enum(["running", "waiting", "paused", "failed", "done"]),
  why: z.string(),
  cursor: text,
  dispatched: text,
  delivered: count,
  redelivered: count,
  durable: z.boolean().nullable(),
  error: z
    .object({ end: z.enum(["source", "sink"]), code: z.string(), message: z.string(), cursor: text })
    .nullable(),
});

export class Pipes {
  readonly #events: Events;
  readonly #table: PipeTable;
  readonly #find: (name: string) => Plugin;
  readonly #around: PipeSurroundings;
  readonly #pipes = new Map<string, Pipe>();
  readonly #unsubscribe: () => void;
  #loaded: Promise<void> | null = null;
  #loadAgain: NodeJS.Timeout | undefined;
  /** There is a configuration: before, every plugin would be missing. */
  #configured = false;
  #closed = false;

  /** @param find a plugin by its id or an alias; throws `plugin_not_found` */
  constructor(host: PipeHost, find: (name: string) => Plugin) {
    this.#events = host.events;
    this.#table = host.journal.pipes;
    this.#find = find;
    this.#around = {
      table: this.#table,
      events: this.#events,
      route: (...call) => host.route(...call),
      pluginOf: (target) => this.#pluginOf(target),
      absence: (target) => this.#absence(target),
    };
    this.#unsubscribe = this.#events.subscribe((event) => this.#heard(event));
  }

  /** Sorted by id. @throws BulkheadError `internal_error`, when the journal can not be read. */
  async list(): Promise<PipeStatus[]> {
    await this.#load();
    const rows = [...this.#pipes.values()].map((pipe) => pipe.status());
    return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /**
   * Begins at once. What the source's description says is looked at where it is known.
   *
   * @throws BulkheadError `plugin_not_found`, `method_not_found`, `invalid_params`; `internal_error`, when it can not be
   * kept.
   */
  async create(wanted: z.input<typeof newPipe>): Promise<PipeStatus> {
    await this.#load();
    if (this.#closed) throw BulkheadError.of("supervisor_stopping", "the supervisor is stopping");
    const parsed = newPipe.safeParse(wanted);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw misfit(`/${issue?.path.map(String).join("/") ?? ""}`, issue?.message ?? "does not fit");
    }
    const { source, sink, params = {}, name } = parsed.data;
    const from = this.#method(source);
    if (from !== null && from.item === undefined) throw misfit("/source", `${source} is no stream`);
    if (this.#method(sink)?.item !== undefined) throw misfit("/sink", `${sink} is a stream itself`);
    const id = name ?? `${idOf(source)}-${idOf(sink)}`;
    if (this.#pipes.has(id)) {
      const named = name === undefined ? "; give this one a name of its own" : "";
      throw misfit("/name", `there is a pipe ${id} already${named}`);
    }
    if (this.#pipes.size >= pipeLimits.pipes) throw misfit("", `there are ${pipeLimits.pipes} pipes already`);
    const durable = takesNoCursor(from) ? false : null;
    const record = { id, source, sink, params, createdAt: Date.now(), progress: { ...newProgress, durable } };
    const pipe = this.#add(record);
    const kept = await this.#table.add(record);
    if (!kept.ok) {
      pipe.remove();
      this.#pipes.delete(id);
      throw BulkheadError.of("internal_error", `the pipe could not be kept: ${kept.message}`);
    }
    this.#events.tell({ type: "pipe.state", pipe: id, from: null, to: "running", why: "created" });
    pipe.dispatch({ type: "start" });
    return pipe.status();
  }

  /** What the sink has is still settled; nothing more is fetched. */
  async pause(id: string): Promise<PipeStatus> {
    const pipe = await this.#get(id);
    pipe.dispatch({ type: "pause" });
    await pipe.saved();
    return pipe.status();
  }

  /**
   * Tries at once what is in its way, or goes past it.
   *
   * @throws BulkheadError `invalid_params`, when there is no item to leave out.
   */
  async resume(id: string, { skip = false }: { skip?: boolean | undefined } = {}): Promise<PipeStatus> {
    const pipe = await this.#get(id);
    if (skip && !pipe.canSkip)
      throw misfit("/skip", `no item is in the way of ${id}: it is ${pipe.status().state}`);
    pipe.dispatch({ type: "resume", skip });
    await pipe.saved();
    return pipe.status();
  }

  /** As it was. What the sink has is cancelled there. */
  async remove(id: string): Promise<PipeStatus> {
    const pipe = await this.#get(id);
    const last = pipe.status();
    pipe.remove();
    this.#pipes.delete(id);
    const { state: from } = last;
    this.#events.tell({ type: "pipe.state", pipe: id, from, to: null, why: "removed by the operator" });
    const deleted = await this.#table.delete(id);
    if (deleted.ok) return last;
    throw BulkheadError.of("internal_error", `the pipe may be back after a restart: ${deleted.message}`);
  }

  /** Before the plugins are stopped: what they still answer counts. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    clearTimeout(this.#loadAgain);
    for (const pipe of this.#pipes.values()) pipe.close();
  }

  async #get(id: string): Promise<Pipe> {
    await this.#load();
    const pipe = this.#pipes.get(id);
    if (pipe !== undefined) return pipe;
    const near = nearest(id, [...this.#pipes.keys()]);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    throw BulkheadError.of("pipe_not_found", `there is no pipe ${JSON.stringify(id)}${meant}`);
  }

  #load(): Promise<void> {
    this.#loaded ??= this.#loadOnce().catch((error: unknown) => {
      this.#loaded = null;
      this.#loadAgain ??= setTimeout(() => {
        this.#loadAgain = undefined;
        if (!this.#closed) void this.#load().catch(() => undefined);
      }, loadAgainMs).unref();
      throw error;
    });
    return this.#loaded;
  }

  async #loadOnce(): Promise<void> {
    const stored = await this.#table.list();
    if (!stored.ok) throw BulkheadError.of("internal_error", `the pipes can not be read: ${stored.message}`);
    if (this.#closed) return;
    for (const record of stored.value) {
      const progress = storedProgress.safeParse(record.progress);
      this.#add({ ...record, progress: progress.success ? progress.data : damaged });
    }
    if (this.#configured) this.#begin();
  }

  #add(record: PipeRecord<PipeProgress>): Pipe {
    const pipe = new Pipe(record, this.#around);
    this.#pipes.set(record.id, pipe);
    return pipe;
  }

  #begin(): void {
    for (const pipe of this.#pipes.values()) pipe.dispatch({ type: "start" });
  }

  #heard(event: SupervisorEvent): void {
    if (event.type === "config.loaded") {
      if (!this.#configured)
        void this.#load().then(
          () => this.#begin(),
          () => undefined,
        );
      this.#configured = true;
    } else if (event.type === "session.state" && event.from === "ready") {
      for (const pipe of this.#pipes.values()) pipe.loosen(event.plugin);
      return;
    } else if (event.type !== "plugin.state") return;
    for (const pipe of this.#pipes.values()) pipe.wake();
  }

  #pluginOf(target: string): string {
    try {
      return this.#find(idOf(target)).id;
    } catch {
      return idOf(target);
    }
  }

  #absence(target: string): string | null {
    try {
      const { id, state, why } = this.#find(idOf(target)).status();
      const isThere = state === "idle" || state === "starting" || state === "serving";
      return isThere ? null : `${id} is ${state}: ${why}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Null: not known before the plugin has described itself. @throws BulkheadError `plugin_not_found`, `method_not_found` */
  #method(target: string): Method | null {
    const { described } = this.#plugin(idOf(target)) ?? { described: null };
    if (described === null) return null;
    const name = target.slice(target.indexOf("/") + 1);
    const methods = methodsOf(described.apis);
    const method = methods.get(name);
    if (method !== undefined) return method;
    const near = nearest(name, [...methods.keys()]);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    throw BulkheadError.of("method_not_found", `${idOf(target)} has no method ${name}${meant}`);
  }

  /** Null: its entry can not be run as it is. @throws BulkheadError `plugin_not_found` */
  #plugin(name: string): Plugin | null {
    try {
      return this.#find(name);
    } catch (error) {
      if (error instanceof BulkheadError && error.code === "plugin_unavailable") return null;
      throw error;
    }
  }
}

/** Nothing is known of what it has delivered: it must not begin from the start by itself. */
const damaged: PipeProgress = {
  ...newProgress,
  state: "failed",
  why: "its progress could not be read; if resumed, it begins from the start",
};

function idOf(target: string): string {
  return target.slice(0, target.indexOf("/"));
}

/** It names its params, and `cursor` is none of them. */
function takesNoCursor(method: Method | null): boolean {
  const params = method?.params;
  if (typeof params !== "object" || typeof params["properties"] !== "object") return false;
  return params["properties"] !== null && !Object.hasOwn(params["properties"], "cursor");
}

function misfit(path: string, message: string): BulkheadError {
  return BulkheadError.of("invalid_params", message, { path });
}
