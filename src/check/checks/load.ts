/** What many calls leave behind. */
import type { Bench } from "../bench.ts";
import type { Call } from "../call.ts";
import { fail, skip } from "../check.ts";
import type { Check } from "../check.ts";
import type { Conversation } from "../conversation.ts";
import { descriptors, residentMemory } from "../process-facts.ts";

const group = "Under load";
const severity = "error";
const needs = "activate";

const mebibyte = 1024 * 1024;
const inFlight = 64;
/** On a loaded machine the calls take long; fewer calls would let a leak pass. */
const longestMs = 60_000;
/**
 * What a call may take, on average, to be made as often as the others: so many milliseconds, or so many times what a
 * harmless request takes just then. The latter, so that what is looked at does not depend on what else the machine does.
 */
const fastMs = 0.5;
const fastTimes = 10;
const tries = 16;
/** Each method is called some thirty times in a thousand calls of a few: one descriptor a call would show. */
const mostRounds = 4;
/** Growth that a garbage collector or a pool of threads does not explain, in each of two rounds. */
const leakBytes = 16 * mebibyte;

export const load: readonly Check[] = [
  {
    id: "memory",
    title: "needs no more memory after 10,000 calls",
    group,
    severity,
    needs,
    alone: true,
    fix: "Free what belongs to a call when it is answered: params, results, entries in tables by id.",
    async run(bench) {
      const conversation = await bench.ready();
      const { pid } = conversation.process;
      const kinds = await kindsOf(bench, conversation);
      await many(bench, conversation, kinds, 2000);
      const before = await residentMemory(pid);
      if (before === undefined) skip("the memory of a process is not known here");
      const resident = [before];
      for (const _ of ["once", "again"]) {
        await many(bench, conversation, kinds, 10_000);
        const now = (await residentMemory(pid)) ?? 0;
        if (now - (resident.at(-1) ?? 0) < leakBytes) return;
        resident.push(now);
      }
      const grown = (resident.at(-1) ?? 0) - before;
      if (grown < before / 2) return;
      fail(`20,000 calls took ${toMebibytes(grown)} MiB more than the ${toMebibytes(before)} MiB before`);
    },
  },
  {
    id: "descriptors",
    title: "has no more descriptors open after 1,000 calls",
    group,
    severity,
    needs,
    alone: true,
    fix: "Close each file, pipe and socket that a call opened before the call is answered.",
    async run(bench) {
      const conversation = await bench.ready();
      const { pid } = conversation.process;
      const kinds = await kindsOf(bench, conversation, mostRounds);
      await many(bench, conversation, kinds, 200);
      const before = await descriptors(pid);
      if (before === undefined) skip("the descriptors of a process are not known here");
      await many(bench, conversation, kinds, 1000);
      const after = (await descriptors(pid)) ?? before;
      // A pool may still grow by a few.
      if (after - before > 10) fail(`${before} were open before, ${after} after 1,000 calls`);
    },
  },
];

interface Kind {
  readonly name: string;
  readonly params: object;
  /** It has its turn in one round of so many only: it is slow. */
  readonly everyRounds: number;
}

/** All that may be called, and how often; `mostRounds` is the least often. */
async function kindsOf(bench: Bench, conversation: Conversation, mostRounds = Infinity): Promise<Kind[]> {
  const harmless = bench.harmless();
  const kinds: Kind[] = [harmless, { name: bench.nowhere(), params: {} }].map((each) => ({
    ...each,
    everyRounds: 1,
  }));
  for (const { name, params } of bench.subject.plain.slice(0, 6)) {
    const base = await averageMs(conversation, harmless);
    const own = await averageMs(conversation, { name, params });
    const rounds = Math.ceil(own / Math.max(fastMs, fastTimes * base));
    kinds.push({ name, params, everyRounds: Math.min(Math.max(1, rounds), mostRounds) });
  }
  return kinds;
}

/** The better of two measurements: the other one may have been interrupted. */
async function averageMs(
  conversation: Conversation,
  { name, params }: Omit<Kind, "everyRounds">,
): Promise<number> {
  let best = Infinity;
  for (const _ of ["once", "again"]) {
    const startedAt = performance.now();
    const calls = Array.from({ length: tries }, () => conversation.call(name, params));
    for (const call of calls) await conversation.answerTo(call);
    best = Math.min(best, (performance.now() - startedAt) / tries);
  }
  return best;
}

/** At least so many calls, 64 at once. @throws CheckSkipped when they take too long to say anything */
async function many(
  bench: Bench,
  conversation: Conversation,
  kinds: readonly Kind[],
  count: number,
): Promise<void> {
  const harmless = bench.harmless();
  const endAt = performance.now() + longestMs;
  let open: Call[] = [];
  let made = 0;
  while (made < count) {
    if (performance.now() > endAt)
      skip(`only ${made} of ${count} calls were answered in ${longestMs / 1000} s`);
    for (; open.length < inFlight; made++) {
      const kind = kinds[made % kinds.length];
      const round = Math.floor(made / kinds.length);
      const isItsTurn = kind !== undefined && round % kind.everyRounds === 0;
      const { name, params } = isItsTurn ? kind : harmless;
      open.push(conversation.call(name, params));
    }
    const oldest = open.slice(0, inFlight / 2);
    for (const call of oldest) await conversation.answerTo(call);
    for (const { id } of oldest) conversation.calls.delete(id);
    open = open.slice(inFlight / 2);
  }
  for (const call of open) await conversation.answerTo(call);
}

function toMebibytes(bytes: number): number {
  return Math.round(bytes / mebibyte);
}
