/** Looks every second whether a plugin's processes keep within the limits of its entry, where that sets any. */
import type { UsageLimits } from "../../protocol/config.ts";
import { excess, recent } from "../core/usage-limits.ts";
import type { Excess, UsageSample } from "../core/usage-limits.ts";
import { processUsage } from "../io/process/usage.ts";
import type { ProcessUsage, UsageRoot } from "../io/process/usage.ts";

const everyMs = 1000;

export type ReadUsage = (withFiles: boolean) => Promise<ProcessUsage | null>;

export class UsageWatch {
  readonly #limits: UsageLimits;
  readonly #read: ReadUsage;
  readonly #onExcess: (excess: Excess) => void;
  #samples: readonly UsageSample[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** Calls `onExcess` once at most. */
  constructor(limits: UsageLimits, read: ReadUsage, onExcess: (excess: Excess) => void) {
    this.#limits = limits;
    this.#read = read;
    this.#onExcess = onExcess;
    if (Object.keys(limits).length > 0) this.#wait();
  }

  static of(root: UsageRoot, limits: UsageLimits, onExcess: (excess: Excess) => void): UsageWatch {
    return new UsageWatch(limits, (withFiles) => processUsage(root, "/proc", withFiles), onExcess);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.#look(), everyMs);
  }

  async #look(): Promise<void> {
    const usage = await this.#read(this.#limits.files !== undefined);
    if (this.#stopped) return;
    if (usage === null) return this.#wait();
    const at = performance.now();
    this.#samples = recent([...this.#samples, { files: 0, ...usage, at }], at);
    const over = excess(this.#limits, this.#samples);
    if (over === null) return this.#wait();
    this.stop();
    this.#onExcess(over);
  }
}
