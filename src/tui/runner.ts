/** Does what the state can not do itself: talks to the daemon, the clipboard, the pager. */
import type { LogLine } from "../../protocol/state.ts";
import type { Client } from "../client/client.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { Answer, CallNews, Effect, LogQuery, PluginCall } from "./effect.ts";
import { asBulkheadError } from "../text/failure.ts";
import type { News } from "./facts.ts";
import type { Message } from "./state.ts";
import type { TodoDesk } from "./todos/desk.ts";

export interface RunnerOptions {
  readonly client: () => Client | undefined;
  readonly dispatch: (message: Message) => void;
  readonly desk: () => Promise<TodoDesk>;
  /** Writes to the terminal beside the pictures. */
  readonly write: (sequence: string) => void;
  /** Stops the program, as ctrl+z does; resolves when it is continued. */
  readonly suspend: () => Promise<void>;
  /** Shows a text in the pager; resolves when it is closed. */
  readonly page: (text: string) => Promise<void>;
  readonly quit: () => void;
  /** What would be lost by it. */
  readonly losses: () => Promise<readonly string[]>;
}

type Reply<T, M> = (value: T) => M;

/** Between two messages about what comes in a stream, milliseconds. */
const pace = 50;
/** Before a log that could not be followed is tried again, milliseconds. */
const patience = 1000;
/** Of one batch; what is more came faster than anybody reads. */
const mostLines = 5000;

export class Runner {
  readonly #options: RunnerOptions;
  readonly #calls = new Map<string, AbortController>();
  readonly #describing = new Set<string>();
  #log: AbortController | undefined;
  #relog: NodeJS.Timeout | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  readonly run = (effect: Effect<Message>): void => {
    switch (effect.do) {
      case "control":
        void this.#control(effect);
        break;
      case "call":
        void this.#call(effect.call, effect.reply);
        break;
      case "cancel":
        this.#calls.get(effect.id)?.abort();
        break;
      case "describe":
        void this.#describe(effect.plugin);
        break;
      case "log":
        void this.#readLog(effect.query, effect.reply);
        break;
      case "stop_log":
        this.#log?.abort();
        break;
      case "todos":
        void this.#ask(effect);
        break;
      case "copy":
        this.#options.write(`\u001B]52;c;${Buffer.from(effect.text).toString("base64")}\u0007`);
        this.#notice("good", `copied: ${effect.what}`);
        break;
      case "pager":
        void this.#options
          .page(effect.text)
          .catch((error: unknown) => this.#notice("bad", asBulkheadError(error).message));
        break;
      case "suspend":
        void this.#options
          .suspend()
          .catch((error: unknown) => this.#notice("bad", asBulkheadError(error).message));
        break;
      case "quit":
        if (effect.isAgreed === true) this.#options.quit();
        else void this.#quit();
        break;
      case "notice":
      case "confirm":
      case "go":
      case "overlay":
        // Done by the state itself.
        break;
      default:
        effect satisfies never;
    }
  };

  close(): void {
    this.#log?.abort();
    clearTimeout(this.#relog);
    for (const call of this.#calls.values()) call.abort();
  }

  async #quit(): Promise<void> {
    const losses = await this.#options.losses();
    if (losses.length === 0) this.#options.quit();
    else this.#options.dispatch({ type: "losses", losses });
  }

  async #control({ method, params, reply }: Extract<Effect<Message>, { do: "control" }>): Promise<void> {
    const answered = async (): Promise<unknown> => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `control()` has checked that they belong together
      return this.#client().control(method, params as never);
    };
    await this.#answer(answered, reply);
  }

  async #ask({ ask, reply }: Extract<Effect<Message>, { do: "todos" }>): Promise<void> {
    await this.#answer(async () => ask(await this.#options.desk()), reply);
  }

  async #answer(
    work: () => Promise<unknown>,
    reply: Extract<Effect<Message>, { do: "control" }>["reply"],
  ): Promise<void> {
    try {
      const value = await work();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever made the effect knows what it asks for
      if (reply !== undefined) this.#options.dispatch(reply({ ok: true, value: value as never }));
    } catch (error) {
      const failure = asBulkheadError(error);
      if (reply === undefined) this.#notice("bad", `${failure.message} [${failure.code}]`);
      else this.#options.dispatch(reply({ ok: false, error: failure }));
    }
  }

  async #describe(plugin: string): Promise<void> {
    if (this.#describing.has(plugin)) return;
    this.#describing.add(plugin);
    try {
      const value = await this.#client().describe(plugin);
      this.#fed([{ type: "described", plugin, described: { ok: true, value } }]);
    } catch (error) {
      this.#fed([{ type: "described", plugin, described: { ok: false, error: asBulkheadError(error) } }]);
    } finally {
      this.#describing.delete(plugin);
    }
  }

  async #call(call: PluginCall, reply: Reply<CallNews, Message>): Promise<void> {
    const { id, target, params, isStream, timeout } = call;
    const controller = new AbortController();
    this.#calls.get(id)?.abort();
    this.#calls.set(id, controller);
    const startedAt = performance.now();
    let waiting: { progress?: unknown; items?: unknown[]; answer?: Answer<unknown> } = {};
    let timer: NodeJS.Timeout | undefined;
    const tell = (): void => {
      clearTimeout(timer);
      timer = undefined;
      const news = { id, ...waiting, elapsedMs: performance.now() - startedAt };
      waiting = {};
      this.#options.dispatch(reply(news));
    };
    const tellSoon = (): void => void (timer ??= setTimeout(tell, pace));
    const options = {
      signal: controller.signal,
      timeout,
      onProgress: (progress: unknown) => {
        waiting.progress = progress;
        tellSoon();
      },
    };
    try {
      const client = this.#client();
      let value: unknown;
      if (isStream) {
        const items = client.stream(target, params, options);
        for await (const item of items) {
          const fresh = (waiting.items ??= []);
          fresh.push(item.value);
          tellSoon();
          // What is not shown yet keeps the plugin waiting, rather than this program's memory growing.
          if (fresh.length > mostLines) await new Promise((resolve) => setTimeout(resolve, pace));
        }
        value = await items.result;
      } else value = await client.call(target, params, options);
      waiting.answer = { ok: true, value };
    } catch (error) {
      waiting.answer = { ok: false, error: asBulkheadError(error) };
    }
    if (this.#calls.get(id) === controller) this.#calls.delete(id);
    tell();
  }

  async #readLog(
    asked: LogQuery,
    reply: (lines: readonly LogLine[], isReset: boolean, dropped: number) => Message,
  ): Promise<void> {
    const { plugin, previous, lines, follow } = asked;
    const client = this.#options.client();
    this.#log?.abort();
    const controller = new AbortController();
    this.#log = controller;
    const query = {
      lines,
      ...(plugin === undefined ? {} : { plugin }),
      ...(previous === undefined ? {} : { previous }),
    };
    let waiting: LogLine[] = [];
    let isReset = true;
    let dropped = 0;
    let timer: NodeJS.Timeout | undefined;
    const tell = (): void => {
      timer = undefined;
      if (controller.signal.aborted) return;
      const message = reply(waiting, isReset, dropped);
      waiting = [];
      isReset = false;
      dropped = 0;
      this.#options.dispatch(message);
    };
    try {
      if (!follow) {
        waiting = await this.#client().control("log.read", query);
        return tell();
      }
      timer = setTimeout(tell, pace);
      const take = (line: LogLine): void => {
        waiting.push(line);
        if (waiting.length >= 2 * mostLines) {
          dropped += waiting.length - mostLines;
          waiting = waiting.slice(-mostLines);
        }
        timer ??= setTimeout(tell, pace);
      };
      await this.#client().follow("log.read", query, take, controller.signal);
    } catch (error) {
      clearTimeout(timer);
      if (controller.signal.aborted) return;
      this.#notice("bad", asBulkheadError(error).message);
      // The connection's end is told by the connection. While it lasts, too much came at once: once more, a little later.
      const again = (): void => {
        if (!controller.signal.aborted) void this.#readLog(asked, reply);
      };
      if (follow && this.#options.client() === client) this.#relog = setTimeout(again, patience);
    }
  }

  #client(): Client {
    const client = this.#options.client();
    if (client === undefined) throw BulkheadError.of("daemon_unreachable", "the daemon is away");
    return client;
  }

  #fed(news: readonly News[]): void {
    this.#options.dispatch({ type: "fed", news });
  }

  #notice(tone: "good" | "bad", text: string): void {
    this.#options.dispatch({ type: "notice", tone, text });
  }
}
