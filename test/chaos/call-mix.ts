/** What a client calls: mostly work, and now and then something that ends badly. */
import type { Chance, Weighed } from "./chance.ts";
import type { CallKind } from "./records.ts";

export interface PlannedCall {
  readonly kind: CallKind;
  readonly plugin: string;
  readonly method: string;
  readonly params: {
    readonly key: string;
    readonly end: string;
    readonly ms?: number;
    readonly items?: number;
    readonly every?: number;
    readonly size?: number;
    readonly pad?: string;
  };
  /** Given up by the daemon after so long. */
  readonly timeoutMs: number;
  /** Given up by the client itself. */
  readonly cancelAfterMs: number | null;
  /** Of a stream: how many items may be on their way. */
  readonly credit: number;
  /** Of a stream: the client leaves it after so many. */
  readonly leaveAfter: number | null;
}

/** What a method of `work` does after it has recorded the call, or sent all items; see test/fixtures/chaos/worker.c. */
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

/** Where it is sent again, a call that kills its plugin kills up to four of its lives. */
const endingsWithRetry: Weighed<string> = [
  [980, "answer"],
  [20, "error"],
  [5, "never"],
  [15, "odd"],
  [1, "fail"],
  [1, "vanish"],
];

const kinds: Weighed<CallKind> = [
  [76, "call"],
  [12, "stream"],
  [12, "retried"],
];

export function planCall(chance: Chance, key: string, plugins: readonly string[]): PlannedCall {
  const plugin = chance.pick(plugins);
  const kind = chance.weighed(kinds);
  const isFragile = plugin === plugins[0];
  const cancelAfterMs = chance.happens(0.03) ? chance.between(0, 200) : null;
  const call = { kind, plugin, timeoutMs: chance.between(300, 2000), cancelAfterMs };
  if (kind === "stream") return { ...call, ...planStream(chance, key, isFragile ? fragile : endings) };
  // A frame that is larger than a pipe takes at once is, when it is only half written, neither here nor there.
  const pad = chance.happens(0.02) ? { pad: "x".repeat(chance.between(70_000, 200_000)) } : {};
  const method = kind === "retried" ? "work.again" : "work.note";
  const often = isFragile ? fragile : kind === "retried" ? endingsWithRetry : endings;
  const ms = chance.happens(0.25) ? chance.between(1, 300) : 0;
  const params = { ...pad, key, end: chance.weighed(often), ms };
  return { ...call, method, params, credit: 0, leaveAfter: null };
}

function planStream(chance: Chance, key: string, ends: Weighed<string>) {
  const items = chance.between(0, 60);
  return {
    method: "work.count",
    params: {
      key,
      end: chance.weighed(ends),
      items,
      every: chance.happens(0.5) ? 0 : chance.between(1, 20),
      // Some are written in more than one go.
      size: chance.happens(0.1) ? chance.between(4000, 60_000) : 0,
    },
    credit: chance.between(1, 24),
    leaveAfter: chance.happens(0.1) ? chance.between(1, 1 + items) : null,
  };
}
