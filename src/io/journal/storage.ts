/**
 * JSON values of plugins by key, in the journal's file: they outlive plugins and supervisors, and a plugin that leaves the
 * configuration finds its own again when it comes back. Never rejects.
 */
import type { Operation, Operations } from "./messages.ts";
import type { Answer } from "./thread.ts";

export type StorageAnswer<T> = Answer<T>;

type Ask = <O extends Operation>(
  op: O,
  args: Operations[O]["args"],
) => Promise<Answer<Operations[O]["result"]>>;

/** What one plugin has handed to the thread, and what waits for that. */
interface Line {
  asked: number;
  readonly waiting: (() => void)[];
}

/** The thread does one thing after the other: a plugin that asks without end must keep neither others nor crashes waiting. */
const mostAtOnce = 8;

export class PluginStorage {
  readonly #ask: Ask;
  readonly #lines = new Map<string, Line>();

  /** @param ask reaches the journal's thread, whichever that is by then */
  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** JSON text; null: there is none. */
  get(plugin: string, key: string): Promise<StorageAnswer<string | null>> {
    return this.#inTurn("storageGet", { plugin, key });
  }

  /**
   * @param value JSON text
   * @returns null when it is written: then it survives the death of every process; else which limit it would break
   */
  set(plugin: string, key: string, value: string): Promise<StorageAnswer<string | null>> {
    return this.#inTurn("storageSet", { plugin, key, value });
  }

  /** Whether there was one. */
  delete(plugin: string, key: string): Promise<StorageAnswer<boolean>> {
    return this.#inTurn("storageDelete", { plugin, key });
  }

  /** Keys in byte order that begin with `prefix` and come after `after`. */
  list(plugin: string, prefix: string, after: string, limit: number): Promise<StorageAnswer<string[]>> {
    return this.#inTurn("storageList", { plugin, prefix, after, limit });
  }

  /** In the order in which the plugin asked. */
  async #inTurn<O extends Operation>(
    op: O,
    args: Operations[O]["args"] & { readonly plugin: string },
  ): Promise<Answer<Operations[O]["result"]>> {
    const { plugin } = args;
    const line = this.#lines.get(plugin) ?? { asked: 0, waiting: [] };
    this.#lines.set(plugin, line);
    if (line.asked < mostAtOnce) line.asked++;
    else await new Promise<void>((resolve) => line.waiting.push(resolve));
    const answer = await this.#ask(op, args);
    // The place is handed on, so that nobody can slip in between.
    const next = line.waiting.shift();
    if (next !== undefined) next();
    else if (--line.asked === 0) this.#lines.delete(plugin);
    return answer;
  }
}
