/**
 * Looks at files that may never come back: a file system that has gone keeps whoever looks at it, and with it one of the
 * few threads that a process has for all of its files. Such looks may take a share of them, one file system (but that of the
 * root) half of that, and one file two.
 */
import { mountPointOf, mountPoints } from "./mount-points.ts";

export interface LookOptions<T> {
  /** Nobody waits any more. What is under way stays so: nothing ends it but an answer. */
  readonly signal?: AbortSignal | undefined;
  /** Gets what came after all when nobody waited any more. */
  readonly discard?: (late: T) => void;
}

/** The time was up before a file, or those that were looked at before it, had answered. */
export class Unanswered extends Error {
  readonly file: string;

  /** @param others what was being looked at while there was no room for `file`; none: it had its turn */
  constructor(file: string, others: readonly string[]) {
    super(words(file, others));
    this.file = file;
  }
}

interface Look {
  readonly path: string;
  begin(): void;
}

/** Milliseconds for a look that hears of its end itself, and ends in good order: one that is only slow. */
const usualMoment = 250;
/** Of one file. Its state and its contents are looked at side by side. */
const mostOfFile = 2;

export class Looks {
  readonly #underway = new Set<Look>();
  readonly #waiting = new Set<Look>();
  readonly #most: () => number;
  readonly #mounts: () => readonly string[];
  readonly #momentMs: number;

  /** @param most looks under way at once */
  constructor(most: () => number, mounts: () => readonly string[] = mountPoints, momentMs = usualMoment) {
    this.#most = most;
    this.#mounts = mounts;
    this.#momentMs = momentMs;
  }

  /**
   * Looks as soon as there is room.
   *
   * @throws Unanswered when the signal is that of a timeout, otherwise the signal's reason, and whatever the look throws
   */
  at<T>(path: string, look: () => Promise<T>, { signal, discard }: LookOptions<T> = {}): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let timer: NodeJS.Timeout | undefined;
    let isGivenUp = false;
    const giveUp = (others: readonly string[]): void => {
      isGivenUp = true;
      const isTimeout = signal?.reason instanceof Error && signal.reason.name === "TimeoutError";
      reject(isTimeout ? new Unanswered(path, others) : signal?.reason);
    };
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      this.#underway.delete(entry);
      this.#admit();
    };
    const entry: Look = {
      path,
      begin: () => {
        const found = look().finally(over);
        found.then(
          (late) => isGivenUp && discard?.(late),
          () => undefined,
        );
        found.then(resolve, reject);
      },
    };
    const end = (): void => {
      if (this.#waiting.delete(entry)) giveUp([...this.#underway].map((each) => each.path));
      else timer = setTimeout(giveUp, this.#momentMs, []);
    };
    if (signal?.aborted === true) {
      giveUp([]);
      return promise;
    }
    signal?.addEventListener("abort", end, { once: true });
    this.#waiting.add(entry);
    this.#admit();
    return promise;
  }

  #admit(): void {
    for (const look of this.#waiting) {
      if (this.#underway.size >= this.#most()) return;
      if (!this.#hasRoomFor(look)) continue;
      this.#waiting.delete(look);
      this.#underway.add(look);
      look.begin();
    }
  }

  #hasRoomFor(look: Look): boolean {
    const underway = [...this.#underway];
    if (underway.filter(({ path }) => path === look.path).length >= mostOfFile) return false;
    const mostOfPlace = Math.max(mostOfFile, Math.floor(this.#most() / 2));
    // The usual case: nobody has to know where files are.
    if (underway.length < mostOfPlace) return true;
    const points = this.#mounts();
    const place = mountPointOf(look.path, points);
    if (place === undefined) return true;
    return underway.filter((each) => mountPointOf(each.path, points) === place).length < mostOfPlace;
  }
}

function words(file: string, others: readonly string[]): string {
  const asked = "(does the file system answer?)";
  if (others.length === 0) return `${file} could not be read in time ${asked}`;
  const named = [...new Set(others)].slice(0, 3).join(", ");
  return `${file} could not be looked at in time: looks at ${named} have not come back ${asked}`;
}

/** Of libuv, unless the environment says otherwise before a process looks at its first file. */
const usualThreads = 4;

function threads(): number {
  return Number(process.env["UV_THREADPOOL_SIZE"]) || usualThreads;
}

/**
 * Of this process, whose threads all share: at what is needed to start plugins. Half of them; of four three, so that one file
 * system does not take all.
 */
export const looks = new Looks(() => Math.max(Math.min(3, threads() - 1), Math.floor(threads() / 2), 1));

/** At what a configuration names, which must be read also when those places are taken. */
export const configured = new Looks(() => Math.max(1, Math.floor(threads() / 4)));
