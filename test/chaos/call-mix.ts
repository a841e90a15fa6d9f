/** What a client calls: mostly work, and now and then something that ends badly. */
import type { Chance, Weighed } from "./chance.ts";

export interface PlannedCall {
  readonly plugin: string;
  readonly params: {
    readonly key: string;
    readonly end: string;
    readonly ms: number;
    readonly pad?: string;
  };
  /** Given up by the daemon after so long. */
  readonly timeoutMs: number;
  /** Given up by the client itself. */
  readonly cancelAfterMs: number | null;
}

/** What `work.note` does after it has recorded the call; see test/fixtures/chaos/worker.c. */
const endings: Weighed<string> = [
  [970, "answer"],
  [30, "error"],
  [8, "never"],
  [3, "deaf"],
  [1.5, "escape"],
  [0.6, "leave"],
  [0.6, "fail"],
  [0.6, "abort"],
  [0.6, "fault"],
  [0.6, "vanish"],
  [0.3, "lie"],
  [0.1, "freeze"],
];

/** Of the first plugin, so that one of them does get into a crash loop. */
const fragile: Weighed<string> = [
  [90, "answer"],
  [4, "fault"],
  [4, "fail"],
  [2, "vanish"],
];

export function planCall(chance: Chance, key: string, plugins: readonly string[]): PlannedCall {
  const plugin = chance.pick(plugins);
  const end = chance.weighed(plugin === plugins[0] ? fragile : endings);
  const ms = chance.happens(0.25) ? chance.between(1, 300) : 0;
  // Larger than a pipe takes at once: a frame that is only half written is neither here nor there.
  const pad = chance.happens(0.02) ? "x".repeat(chance.between(70_000, 200_000)) : undefined;
  return {
    plugin,
    params: { ...(pad === undefined ? {} : { pad }), key, end, ms },
    timeoutMs: chance.between(300, 2000),
    cancelAfterMs: chance.happens(0.03) ? chance.between(0, 200) : null,
  };
}
