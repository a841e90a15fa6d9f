/** The pipes of a run, as an operator sees to them. */
import { setTimeout as delay } from "node:timers/promises";
import type { ResultOf } from "../../protocol/control-results.ts";
import type { Client } from "../../src/client/client.ts";
import { pipesOf } from "./place.ts";
import type { PipeEnds } from "./records.ts";

type Status = ResultOf<"pipe.list">[number];

const patience = { timeout: 10_000 };
const lookEveryMs = 50;
/** Between two items of a source, and for how long the sink keeps one before it answers. Milliseconds. */
const everyMs = 25;
const lingerMs = 10;

export class Pipes {
  readonly #pipes: Readonly<Record<string, PipeEnds>>;
  readonly #operator: () => Promise<Client>;

  constructor(plugins: readonly string[], operator: () => Promise<Client>) {
    this.#pipes = pipesOf(plugins);
    this.#operator = operator;
  }

  get ids(): string[] {
    return Object.keys(this.#pipes);
  }

  async create(): Promise<void> {
    const operator = await this.#operator();
    for (const [id, { source, sink }] of Object.entries(this.#pipes)) {
      const params = { pipe: id, every: everyMs, linger: lingerMs };
      await operator.control("pipe.create", {
        name: id,
        source: `${source}/work.offer`,
        sink: `${sink}/work.take`,
        params,
      });
    }
  }

  async pause(id: string): Promise<Status> {
    return (await this.#operator()).control("pipe.pause", { pipe: id }, patience);
  }

  async resume(id: string): Promise<void> {
    await (await this.#operator()).control("pipe.resume", { pipe: id }, patience);
  }

  /** Resumes those that go on no more by themselves, and lets go of calls that were refused for what others did. */
  async revive(): Promise<string[]> {
    const halted = (await this.#list()).filter(({ state }) => state === "failed" || state === "paused");
    const operator = await this.#operator();
    if (halted.some(({ error }) => error?.code === "quarantined")) {
      await operator.control("quarantine.release", { all: true }, patience);
    }
    for (const { id } of halted) await this.resume(id);
    return halted.map(({ id, state, why }) => `${id}: ${state}: ${why}`);
  }

  /** Those through which nothing more comes, though they are resumed; with the reason. */
  async stalled(withinMs: number): Promise<string[]> {
    await this.revive();
    const before = new Map((await this.#list()).map(({ id, delivered }) => [id, delivered]));
    const end = Date.now() + withinMs;
    for (;;) {
      const still = (await this.#list()).filter(({ id, delivered }) => delivered <= (before.get(id) ?? 0));
      if (still.length === 0 || Date.now() > end)
        return still.map(({ id, state, why }) => `${id}: ${state}: ${why}`);
      await delay(lookEveryMs);
    }
  }

  /** Until nothing is on its way, and that is written. */
  async pauseAll(withinMs: number): Promise<void> {
    const end = Date.now() + withinMs;
    for (const id of this.ids) {
      while ((await this.pause(id)).dispatched !== null && Date.now() < end) await delay(lookEveryMs);
    }
  }

  async #list(): Promise<Status[]> {
    return (await this.#operator()).control("pipe.list", {}, patience);
  }
}
