/** A plugin that does nothing wrong and is called all the while: what happens beside it must not be its affair. */
import { BulkheadError } from "../../protocol/error.ts";
import type { Client } from "../../src/client/client.ts";

export class Neighbour {
  readonly #client: Client;
  readonly #failures: string[] = [];
  #calls = 0;
  #slowestMs = 0;
  #stopped = false;
  #next = Promise.withResolvers<void>();
  readonly #done: Promise<void>;

  constructor(client: Client) {
    this.#client = client;
    this.#done = this.#run();
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  get calls(): number {
    return this.#calls;
  }

  /** Of all its answers, milliseconds. */
  get slowestMs(): number {
    return this.#slowestMs;
  }

  /** Resolves once a call that is made from now on has been settled. */
  async next(): Promise<void> {
    await this.#next.promise;
    await this.#next.promise;
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const start = performance.now();
      try {
        const answer = await this.#client.call("neighbour/text.count", { text: "one two" });
        if (JSON.stringify(answer) !== '{"lines":0,"words":2,"bytes":7}')
          this.#failures.push(`answered ${JSON.stringify(answer)}`);
      } catch (error) {
        this.#failures.push(String(error));
        // Its connection is over: it would fail for ever, and at once.
        if (error instanceof BulkheadError && error.code === "daemon_unreachable") this.#stopped = true;
      }
      this.#calls++;
      this.#slowestMs = Math.max(this.#slowestMs, performance.now() - start);
      const settled = this.#next;
      this.#next = Promise.withResolvers();
      settled.resolve();
    }
    this.#next.resolve();
  }
}
