/** The calls that the other side of a connection is serving, and what it calls while it does. */
import { z } from "zod";
import { deepest, descend, maxHops, origin } from "../../core/lineage.ts";
import type { Lineage } from "../../core/lineage.ts";
import type { IncomingRequest, Outcome } from "../../wire/peer.ts";
import type { CallOutcome } from "../call.ts";
import { refusal } from "../call.ts";

interface Served {
  readonly lineage: Lineage;
  readonly children: Set<AbortController>;
  /** Nobody waits for its answer any more, and the other side may not know that yet. */
  over: boolean;
}

/** A call made for another one. */
export interface Nested {
  readonly lineage: Lineage;
  /** Aborted when the call, or the one that it was made for, is cancelled or settled. */
  readonly signal: AbortSignal;
  /** To be called when it is settled. */
  release(): void;
}

const context = z.object({
  ms: z.number().positive().optional(),
  parent: z.union([z.int(), z.string()]).optional(),
});
const largestContext = 4096;

export class ServedCalls {
  readonly #now: () => number;
  readonly #calls = new Map<number, Served>();

  /** @param now the steady clock of the deadlines, milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A call went out, under this id. */
  add(id: number, lineage: Lineage): void {
    if (id !== 0) this.#calls.set(id, { lineage, children: new Set(), over: false });
  }

  /** A call was settled: what was made for it is cancelled. */
  settled(id: number, outcome: Outcome): void {
    const served = this.#calls.get(id);
    if (served === undefined) return;
    const givenUp = outcome.settlement === "maybe_executed" && outcome.cause !== "closed";
    if (givenUp) served.over = true;
    else this.#calls.delete(id);
    for (const child of served.children) child.abort();
    served.children.clear();
  }

  /** A call that was given up has been answered after all. */
  forget(id: number): void {
    this.#calls.delete(id);
  }

  /**
   * What a request of the other side is part of. One that names no call, or one that has been answered, is on its own, but
   * can not have come a shorter way than any of those that are being served.
   */
  nest(
    request: IncomingRequest,
    own: "plugin" | "client",
  ): Nested | Extract<CallOutcome, { error: unknown }> {
    const ctx = parse(request);
    if (ctx === null) return refusal("invalid_params", "ctx: ms is a number above 0, parent an id");
    const parent = ctx.parent === undefined ? undefined : this.#calls.get(Number(ctx.parent));
    if (parent?.over === true) {
      return refusal("cancelled", "the call that this one is made for has ended already");
    }
    // Programs have their own reasons to call, plugins hardly any.
    const from = parent?.lineage ?? (own === "plugin" ? deepest(this.#lineages()) : null);
    const inherited = descend(from ?? origin, ctx.ms, this.#now());
    const lineage = from === null ? { ...inherited, hops: 0 } : inherited;
    const abort = new AbortController();
    parent?.children.add(abort);
    request.onCancel(() => abort.abort());
    return { lineage, signal: abort.signal, release: () => void parent?.children.delete(abort) };
  }

  *#lineages(): Iterable<Lineage> {
    for (const { lineage } of this.#calls.values()) yield lineage;
  }
}

/** For what leads on to others; undefined: it may. */
export function tooManyHops({ hops }: Lineage, target: string) {
  if (hops <= maxHops) return undefined;
  return refusal("too_many_hops", `the call of ${target} would be the ${hops}th in a chain of calls`);
}

function parse({ ctx }: IncomingRequest): z.infer<typeof context> | null {
  if (ctx === undefined) return {};
  if (ctx.length > largestContext) return null;
  return context.safeParse(JSON.parse(ctx.toString("utf8"))).data ?? null;
}
