/**
 * What a relay promises that takes messages apart and puts others together around the same bytes: whoever parses them can
 * not tell it from one that parses, and writes again. The real one has all of it, each mutant lacks some.
 */
import * as fc from "fast-check";
import { exchange, idOf, jsonRpc, must, parsed, write } from "./exchange.ts";
import type { Exchange, Relay, Sent, Way } from "./exchange.ts";
import { anyJson, container, cursor, dress, dressed, name, worded } from "./spellings.ts";
import type { Dress } from "./spellings.ts";

export interface Search {
  readonly runs?: number;
  readonly shrinks?: boolean;
}

export interface Property {
  readonly name: string;
  readonly appliesTo: (way: Way) => boolean;
  /** What shows that the relay does not have it, made small on request; null when nothing was found. */
  readonly counterexample: (open: () => Promise<Relay>, search?: Search) => Promise<string | null>;
}

const simple = {
  method: "m",
  streams: false,
  params: "{}",
  ctx: undefined,
  data: undefined,
  dress: "canonical",
  told: [],
  answer: { member: "result", value: "null", data: undefined, dress: "canonical" },
} as const;

const ids = fc.uniqueArray(fc.oneof(fc.integer(), fc.constantFrom("a", "é", '"', "日本", "🚢", "")), {
  minLength: 3,
  maxLength: 3,
});

/** Several at once, one of a kind with another. */
function exchanges(one: fc.Arbitrary<Partial<Exchange>>): fc.Arbitrary<Exchange[]> {
  return fc
    .tuple(ids, fc.array(one, { minLength: 1, maxLength: 3 }))
    .map(([numbers, list]) =>
      list.map((each, index) => ({ ...simple, id: numbers[index] ?? index, ...each })),
    );
}

const data = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const largeData = fc.integer({ min: 15_000, max: 40_000 }).map((size) => Buffer.alloc(size, "\r\n"));
const anyData = fc.option(fc.oneof({ weight: 4, arbitrary: data }, { weight: 1, arbitrary: largeData }), {
  nil: undefined,
});

const pieces = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200 }));

function property<T>(
  title: string,
  inputs: fc.Arbitrary<T>,
  run: (way: Way, input: T, cut: number) => Promise<void>,
  appliesTo: (way: Way) => boolean = () => true,
): Property {
  return {
    name: title,
    appliesTo,
    async counterexample(open, { runs = 150, shrinks = true } = {}) {
      // What has once gone wrong may have left something behind: then it begins anew.
      let relay: Relay | undefined;
      const held = fc.asyncProperty(inputs, fc.nat(1), pieces, async (input, direction, cut) => {
        relay ??= await open();
        const ways = relay.ways.filter(appliesTo);
        const way = ways[direction % ways.length];
        if (way === undefined) throw new Error("there is no such way through this relay");
        try {
          await run(way, input, cut);
        } catch (error) {
          relay.close();
          relay = undefined;
          throw error;
        }
      });
      const found = await fc.check(held, { numRuns: runs, endOnFailure: !shrinks });
      relay?.close();
      return found.failed
        ? `${String(found.errorInstance)}\n${await fc.asyncDefaultReportMessage(found)}`
        : null;
    },
  };
}

const result = fc.record({
  member: fc.constant("result" as const),
  value: anyJson,
  data: anyData,
  dress,
});
const error = fc.record({
  member: fc.constant("error" as const),
  value: fc
    .tuple(
      fc.integer({ min: -30_000, max: 30_000 }),
      fc.string({ unit: "grapheme" }),
      fc.option(fc.json(), { nil: undefined }),
      dress,
    )
    .map(([code, message, more, how]) =>
      dressed({ code: String(code), message: worded(message, how), data: more }, canonicalMembers(how)),
    ),
  data: fc.constant(undefined),
  dress,
});
const progress = fc.record({ kind: fc.constant("progress" as const), value: anyJson, dress });
const item = fc.record({
  kind: fc.constant("item" as const),
  value: anyJson,
  cursor: fc.option(cursor, { nil: undefined }),
  dress,
});

/** Of an error nothing is known beyond these members. */
function canonicalMembers(how: Dress): Dress {
  return how === "canonical" ? how : how.map((each) => ({ ...each, more: undefined }));
}

export const properties: readonly Property[] = [
  property(
    "a request arrives with the params that it was sent with",
    exchanges(fc.record({ params: container, dress })),
    exchange,
  ),
  property(
    "a request arrives at the method that it was sent to",
    exchanges(fc.record({ method: name, dress })),
    exchange,
  ),
  property(
    "the context of a request goes through where it is the other side's to read",
    exchanges(fc.record({ ctx: anyJson.map((value) => `{"é":${value}}`), params: container, dress })),
    exchange,
    ({ passesContext }) => passesContext,
  ),
  property("a result arrives as it was answered", exchanges(fc.record({ answer: result, dress })), exchange),
  property("an error arrives as it was answered", exchanges(fc.record({ answer: error, dress })), exchange),
  property(
    "data arrives beside what it was sent beside, both ways",
    exchanges(fc.record({ params: container, data: anyData, answer: result, dress })),
    exchange,
    ({ bulk }) => bulk,
  ),
  property(
    "progress arrives in its order, before the answer",
    exchanges(fc.record({ told: fc.array(progress, { maxLength: 3 }), answer: result })),
    exchange,
  ),
  property(
    "items arrive with their numbers and cursors, before the answer",
    exchanges(
      fc.record({
        streams: fc.constant(true),
        told: fc.array(fc.oneof(item, progress), { maxLength: 4 }),
        answer: result,
      }),
    ),
    exchange,
    ({ streaming }) => streaming !== undefined,
  ),
  property(
    "credit and cancellation name the request that they are of",
    fc.tuple(ids, dress, fc.integer({ min: 1, max: 2 ** 20 })),
    grants,
    ({ streaming }) => streaming !== undefined,
  ),
  property(
    "any other notification arrives as it was sent",
    fc.array(fc.tuple(name, container, dress), { minLength: 1, maxLength: 3 }),
    notifies,
    ({ passesNotifications }) => passesNotifications,
  ),
];

/** Of two streams: one gets credit, then the other is cancelled. */
async function grants(
  way: Way,
  [[one = 0, other = 1], how, n]: [(string | number)[], Dress, number],
  cut: number,
): Promise<void> {
  const method = worded(way.streaming ?? "", how);
  const note = (kind: string, members: Record<string, string>): Sent => ({
    json: jsonRpc({ method: worded(`$/${kind}`, how), params: dressed(members, how, true) }, how),
  });
  write(
    way.from,
    [one, other].map((id) => ({
      json: jsonRpc({ id: idOf(id, how), method, params: "{}", ctx: '{"credit":1}' }, how),
    })),
    cut,
  );
  const [first, second] = [await way.to.next(), await way.to.next()].map(({ message }) => message["id"]);
  write(
    way.from,
    [note("credit", { id: idOf(one, how), n: `${n}.0` }), note("cancelRequest", { id: idOf(other, how) })],
    cut,
  );
  must(await way.to.next(), { method: "$/credit", params: { id: first, n } });
  must(await way.to.next(), { method: "$/cancelRequest", params: { id: second } });
  write(
    way.to,
    [first, second].map((id) => ({ json: jsonRpc({ id: String(id), result: "1" }, how) })),
    cut,
  );
  const answers = [(await way.from.next()).message, (await way.from.next()).message];
  // Of a call that is cancelled it depends on the relay who answers first, and what.
  const answer = answers.find(({ id }) => id === one);
  if (answer?.["result"] !== 1 || !answers.some(({ id }) => id === other))
    throw new Error(`answered: ${JSON.stringify(answers)}`);
}

async function notifies(way: Way, list: [string, string, Dress][], cut: number): Promise<void> {
  write(
    way.from,
    list.map(([method, params, how]) => ({ json: jsonRpc({ method: worded(method, how), params }, how) })),
    cut,
  );
  for (const [method, params] of list) must(await way.to.next(), { method, params: parsed(params) });
}
