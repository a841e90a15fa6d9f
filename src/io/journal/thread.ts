/** The main thread's end of the worker: requests out, answers back, and the thread's death as the failure of what is open. */
import { Worker } from "node:worker_threads";
import type { Message, Opened, Operation, Operations, StoreOptions, WorkerData } from "./messages.ts";

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

export interface ThreadEvents {
  onNotice(message: string): void;
  /** Another file is written from here on. */
  onAfresh(): void;
  /** It ended without having been told to. */
  onDeath(message: string): void;
}

// Under Node's type stripping and in the built package alike.
const workerFile = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

export class JournalThread {
  readonly opened: Promise<Opened>;
  readonly exited: Promise<void>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: Answer<never>) => void>();
  #lastId = 0;
  #closing = false;
  #dead: string | undefined;

  constructor(options: StoreOptions, now: number, events: ThreadEvents) {
    const workerData: WorkerData = { options, now };
    // None of this process's own flags, such as a test runner's loader; and no word about SQLite being experimental.
    const execArgv = ["--disable-warning=ExperimentalWarning"];
    this.#worker = new Worker(workerFile, { workerData, execArgv, name: "journal" });
    const opened = Promise.withResolvers<Opened>();
    const exited = Promise.withResolvers<void>();
    this.opened = opened.promise;
    this.exited = exited.promise;
    let reason = "the journal's thread ended";
    this.#worker.on("error", (error) => {
      reason = `the journal's thread failed: ${error instanceof Error ? error.message : String(error)}`;
    });
    this.#worker.on("exit", () => {
      this.#dead = reason;
      opened.resolve({ lastSeq: 0, plugins: [], forgot: true, problem: reason, owner: null });
      for (const settle of this.#waiting.values()) settle({ ok: false, message: reason });
      this.#waiting.clear();
      exited.resolve();
      if (!this.#closing) events.onDeath(reason);
    });
    this.#worker.on("message", (message: Message<never>) => {
      switch (message.kind) {
        case "opened":
          opened.resolve(message);
          if (this.#waiting.size === 0) this.#worker.unref();
          return;
        case "notice":
          events.onNotice(message.message);
          return;
        case "afresh":
          events.onAfresh();
          return;
        case "answer":
          this.#settle(message.id, { ok: true, value: message.value });
          return;
        case "failure":
          this.#settle(message.id, { ok: false, message: message.message });
          return;
      }
    });
  }

  /** Never rejects. Answers come in the order of the requests. */
  request<O extends Operation>(op: O, args: Operations[O]["args"]): Promise<Answer<Operations[O]["result"]>> {
    if (this.#dead !== undefined) return Promise.resolve({ ok: false, message: this.#dead });
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<Answer<Operations[O]["result"]>>((resolve) => {
      this.#waiting.set(id, resolve);
    });
    // Alive while something is asked of it; an idle journal does not keep a program running.
    this.#worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a browser window's
    this.#worker.postMessage({ id, op, args });
    return answer;
  }

  /** Answers what was asked before, then ends; is ended when it does not within `patienceMs`. */
  async close(patienceMs: number): Promise<void> {
    this.#closing = true;
    void this.request("close", null);
    const timer = setTimeout(() => void this.#worker.terminate(), patienceMs);
    await this.exited;
    clearTimeout(timer);
  }

  #settle(id: number, answer: Answer<never>): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    settle?.(answer);
  }
}
