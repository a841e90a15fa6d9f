/** Tells when a file appears or changes. Polls: fs.watch loses files that are replaced, and parents that come later. */
import { stat } from "node:fs/promises";
import type { BigIntStats } from "node:fs";
import { looks } from "./looks.ts";

export interface Watch {
  close(): void;
}

export interface WatchOptions {
  /** The file as the caller last looked at it (`fingerprint`), so that no change since then is missed. */
  readonly since?: Promise<string>;
}

interface Watched {
  readonly path: string;
  readonly onChange: () => void;
  readonly since: Promise<string>;
  /** As last reported, or as it was at the beginning; undefined before the first look. */
  known: string | undefined;
  /** As seen at the last look. */
  seen: string | undefined;
  /** A file system that does not answer must not pile up looks at it, nor keep other files from theirs. */
  looking: boolean;
}

const absent = "absent";

/** Milliseconds for a file system to answer. */
const patience = 10_000;

/**
 * What tells two states of a file apart; mode included, because `chmod +x` is a repair. `absent` when there is none, or its
 * file system does not answer within ten seconds: that it answers again is a repair too.
 */
export function fingerprint(path: string): Promise<string> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(late.resolve, patience, absent).unref();
  return Promise.race([state(path), late.promise]).finally(() => clearTimeout(timer));
}

/** Shared by all who ask: on a file system that does not answer they would only pile up. */
const asked = new Map<string, Promise<string>>();

function state(path: string): Promise<string> {
  const before = asked.get(path);
  if (before !== undefined) return before;
  const found = looks.at(path, () => stat(path, { bigint: true }).then(describe, () => absent));
  asked.set(path, found);
  return found.finally(() => asked.delete(path));
}

function describe(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.mode}:${stats.size}:${stats.mtimeNs}`;
}

/** All the watched files of one process, behind one timer which does not keep the process alive. */
export class FilePoller {
  readonly #watched = new Set<Watched>();
  readonly #intervalMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Undefined: no timer, only `tick()`. */
  constructor(intervalMs: number | undefined) {
    this.#intervalMs = intervalMs;
  }

  /**
   * Calls `onChange` whenever the file is there and differs from what it was, once it has looked the same for two
   * polls: a compiler may still be writing it. That it went away is not reported; that it came back is.
   */
  watch(path: string, onChange: () => void, options: WatchOptions = {}): Watch {
    const since = options.since ?? fingerprint(path);
    const watched: Watched = { path, onChange, since, known: undefined, seen: undefined, looking: false };
    this.#watched.add(watched);
    if (this.#intervalMs !== undefined) {
      this.#timer ??= setInterval(() => void this.tick(), this.#intervalMs).unref();
    }
    return {
      close: () => {
        this.#watched.delete(watched);
        if (this.#watched.size > 0) return;
        clearInterval(this.#timer);
        this.#timer = undefined;
      },
    };
  }

  /** One look at every file. */
  async tick(): Promise<void> {
    const idle = [...this.#watched].filter(({ looking }) => !looking);
    await Promise.all(idle.map((watched) => this.#look(watched)));
  }

  async #look(watched: Watched): Promise<void> {
    watched.looking = true;
    watched.known ??= await watched.since;
    watched.seen ??= watched.known;
    const found = await state(watched.path);
    watched.looking = false;
    if (!this.#watched.has(watched)) return;
    const still = found === watched.seen;
    watched.seen = found;
    if (found === absent) watched.known = absent;
    if (!still || found === watched.known) return;
    watched.known = found;
    watched.onChange();
  }
}

const shared = new FilePoller(1000);

/** Watches a file, present or not, with one look a second. See `FilePoller.watch`. */
export function watchFile(path: string, onChange: () => void, options?: WatchOptions): Watch {
  return shared.watch(path, onChange, options);
}
