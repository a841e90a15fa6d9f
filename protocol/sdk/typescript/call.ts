/** One call, as its handler sees it. */
import { setTimeout as wait } from "node:timers/promises";
import type { Host } from "./host.ts";
import type { Id } from "./message.ts";

/** What progress looks like where a method says nothing else. */
export interface StandardProgress {
  message?: string;
  done?: number;
  total?: number;
}

export interface CallParts {
  readonly id: Id;
  readonly method: string;
  readonly signal: AbortSignal;
  readonly host: Host;
  readonly dataDir: string;
  /** Milliseconds. */
  readonly ms: number | undefined;
  readonly report: (value: unknown) => void;
}

export class Call<Progress = StandardProgress> {
  /** The request's id. */
  readonly id: Id;
  /** As the wire says it: `api.name`. */
  readonly method: string;
  /** Aborted when the caller has given up. Its caller was told already; what is left is to stop. */
  readonly signal: AbortSignal;
  /** The host's services, asked on behalf of this call. */
  readonly host: Host;
  /** A directory of the plugin's own that outlives the process. */
  readonly dataDir: string;
  readonly #deadline: number | undefined;
  readonly #report: (value: unknown) => void;

  constructor(parts: CallParts) {
    this.id = parts.id;
    this.method = parts.method;
    this.signal = parts.signal;
    this.host = parts.host;
    this.dataDir = parts.dataDir;
    this.#deadline = parts.ms === undefined ? undefined : performance.now() + parts.ms;
    this.#report = parts.report;
  }

  /** Milliseconds until the call's deadline, where the host said so; never below 0. */
  get msLeft(): number | undefined {
    return this.#deadline === undefined ? undefined : Math.max(0, this.#deadline - performance.now());
  }

  /** Tells the caller how far the call is. Each report costs a message: send a few a second, not one a step. */
  progress(value: Progress): void {
    this.#report(value);
  }

  /** Waits, but no longer than until the call is cancelled: then it rejects, which is the right way to leave. */
  async sleep(ms: number): Promise<void> {
    const { signal } = this;
    // Node's timers fire at once beyond 2^31 ms.
    const longest = 2 ** 31 - 1;
    for (let left = ms; left > longest; left -= longest) await wait(longest, undefined, { signal });
    await wait(Math.min(ms, longest), undefined, { signal });
  }
}
