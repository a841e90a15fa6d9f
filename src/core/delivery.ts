/** One event of one plugin on its way there: what waits, and whether the plugin still takes it. */

/** More events than this wait for nobody: the oldest goes. */
export const mostWaiting = 256;
/** Failures one after the other that end a subscription. */
export const strikes = 3;

export interface Subscription<T> {
  readonly state: "on" | "ended";
  /** One is on its way, and no other before it is settled. */
  readonly sending: boolean;
  readonly queue: readonly T[];
  /** One after the other, up to now. */
  readonly failures: number;
  readonly delivered: number;
  readonly dropped: number;
}

export type DeliveryEvent<T> =
  | { readonly type: "published"; readonly item: T }
  | { readonly type: "delivered" }
  | { readonly type: "failed"; readonly why: string }
  /** The plugin was stopped or has failed: nobody is there to be told. */
  | { readonly type: "unreachable" }
  /** A new life of the plugin: what the old one did does not count. */
  | { readonly type: "renewed" };

export type DeliveryEffect<T> =
  | { readonly type: "send"; readonly item: T }
  /** For the first time in this life something was dropped. */
  | { readonly type: "overflowed" }
  | { readonly type: "ended"; readonly why: string };

export type DeliveryStep<T> = readonly [Subscription<T>, readonly DeliveryEffect<T>[]];

export const newSubscription: Subscription<never> = {
  state: "on",
  sending: false,
  queue: [],
  failures: 0,
  delivered: 0,
  dropped: 0,
};

export function deliveryStep<T>(before: Subscription<T>, event: DeliveryEvent<T>): DeliveryStep<T> {
  switch (event.type) {
    case "published":
      return published(before, event.item);
    case "delivered":
      return next({ ...before, failures: 0, delivered: before.delivered + 1 });
    case "failed":
      return failed(before, event.why);
    case "unreachable":
      return [{ ...before, sending: false, queue: [] }, []];
    case "renewed":
      return [{ ...newSubscription, sending: before.sending, queue: before.queue }, []];
  }
}

function published<T>(before: Subscription<T>, item: T): DeliveryStep<T> {
  if (before.state === "ended") return [before, []];
  if (!before.sending) return [{ ...before, sending: true }, [{ type: "send", item }]];
  if (before.queue.length < mostWaiting) return [{ ...before, queue: [...before.queue, item] }, []];
  const after = { ...before, queue: [...before.queue.slice(1), item], dropped: before.dropped + 1 };
  return [after, before.dropped === 0 ? [{ type: "overflowed" }] : []];
}

function failed<T>(before: Subscription<T>, why: string): DeliveryStep<T> {
  const failures = before.failures + 1;
  if (failures < strikes) return next({ ...before, failures });
  const after = { ...before, failures, state: "ended", sending: false, queue: [] } as const;
  return [after, [{ type: "ended", why }]];
}

function next<T>(settled: Subscription<T>): DeliveryStep<T> {
  const [item, ...queue] = settled.queue;
  if (item === undefined) return [{ ...settled, sending: false }, []];
  return [{ ...settled, sending: true, queue }, [{ type: "send", item }]];
}
