/** Which parts of the sources have been reached, as V8's block coverage tells it. */
import { Session } from "node:inspector";
import type { Profiler } from "node:inspector";

/** For each script: for each of its characters, whether it has been reached. */
export type Reached = ReadonlyMap<string, Uint8Array>;

let session: Session | undefined;

/**
 * Begins to count, once and for all: what has run before, or after an end of it, is not counted block by block. So this
 * comes before the sources are loaded.
 */
export function beginCoverage(): Session {
  if (session !== undefined) return session;
  session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  return session;
}

export class Coverage {
  readonly #session = beginCoverage();
  readonly #covers: readonly string[];
  readonly #sizes = new Map<string, number>();
  readonly #all = new Map<string, Uint8Array>();

  /** @param covers sources, from the repository's root: files, or folders with `/` at the end */
  constructor(covers: readonly string[]) {
    this.#covers = covers;
  }

  /** Reached since this was asked last. */
  take(): Reached {
    const reached = new Map<string, Uint8Array>();
    let scripts: Profiler.ScriptCoverage[] = [];
    // The answer comes at once: the session is with this very thread.
    this.#session.post("Profiler.takePreciseCoverage", (_, taken) => (scripts = taken?.result ?? []));
    for (const { url, functions } of scripts) {
      if (!this.#covers.some((each) => url.includes(`/${each}`))) continue;
      const ranges = functions.flatMap((each) => each.ranges);
      const size = Math.max(this.#sizes.get(url) ?? 0, ...ranges.map(({ endOffset }) => endOffset));
      this.#sizes.set(url, size);
      const map = new Uint8Array(size);
      // Outer ones come before those within them.
      for (const { startOffset, endOffset, count } of ranges)
        map.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      reached.set(url, map);
    }
    return reached;
  }

  /** What of it is not known yet; undefined: nothing. */
  fresh(reached: Reached): Reached | undefined {
    const fresh = new Map<string, Uint8Array>();
    for (const [url, map] of reached) {
      const known = this.#all.get(url);
      const more = map.map((each, i) => (each === 1 && known?.[i] !== 1 ? 1 : 0));
      if (more.includes(1)) fresh.set(url, more);
    }
    return fresh.size === 0 ? undefined : fresh;
  }

  /** From now on it is known. */
  add(reached: Reached): void {
    for (const [url, map] of reached) {
      const known = this.#all.get(url) ?? new Uint8Array(map.length);
      const sum = known.length < map.length ? new Uint8Array(map.length) : known;
      if (sum !== known) sum.set(known);
      for (let i = 0; i < map.length; i++) if (map[i] === 1) sum[i] = 1;
      this.#all.set(url, sum);
    }
  }

  forget(): void {
    this.#all.clear();
  }

  /** Characters that have been reached, of so many. */
  get total(): { readonly reached: number; readonly of: number } {
    let sum = 0;
    for (const map of this.#all.values()) for (const each of map) sum += each;
    return { reached: sum, of: [...this.#sizes.values()].reduce((total, size) => total + size, 0) };
  }
}

export function includes(reached: Reached, part: Reached): boolean {
  return [...part].every(([url, map]) => {
    const all = reached.get(url);
    return map.every((each, i) => each === 0 || all?.[i] === 1);
  });
}
