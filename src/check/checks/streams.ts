/** Methods with an `item` schema. */
import { errors } from "../../../protocol/error.ts";
import { checker } from "../../../protocol/json-schema.ts";
import { isDeepStrictEqual } from "node:util";
import { isObject } from "../../core/json-value.ts";
import type { Bench } from "../bench.ts";
import type { Call } from "../call.ts";
import { fail, skip } from "../check.ts";
import type { Check } from "../check.ts";
import type { Conversation } from "../conversation.ts";
import { show, showError } from "../show.ts";
import type { Callable } from "../subject.ts";

const group = "Streams";
const severity = "error";
const needs = "activate";
const cancelled = errors.cancelled.number;
/** A source that has nothing to say in this time is not waited for. */
const quietMs = 2500;

export const streams: readonly Check[] = [
  {
    id: "stream-credit",
    title: "sends no item without credit",
    group,
    severity,
    needs,
    fix: "Count the credit of each stream: ctx.credit at first (0 when absent), plus what each $/credit adds; at 0, wait.",
    async run(bench) {
      await eachStream(bench, async (conversation, { name, params }) => {
        const call = conversation.call(name, params, { ctx: { credit: 0 } });
        await bench.barrier(conversation);
        await bench.barrier(conversation);
        withinCredit(call);
        let granted = 0;
        for (const credit of [1, 2]) {
          conversation.grant(call, credit);
          granted += credit;
          const enough = (): boolean => call.answer !== undefined || call.items.length >= granted;
          await conversation.becomes(enough, quietMs);
          await bench.barrier(conversation);
          await bench.barrier(conversation);
          withinCredit(call);
        }
        const count = call.items.length;
        await leave(conversation, call);
        return count > 0;
      });
    },
  },
  {
    id: "stream-items",
    title: "numbers items from 0, and they fit their schema",
    group,
    severity,
    needs,
    fix: "Count seq for each call from 0 without gaps, and send as value what the item schema describes.",
    async run(bench) {
      await eachStream(bench, async (conversation, callable) => {
        const call = await taken(conversation, callable, 3);
        await leave(conversation, call);
        for (const [index, { seq, value }] of call.items.entries()) {
          if (seq !== index) fail(`${call.name}: the item number ${index} has seq ${seq}`);
          const wrong = checker(callable.method.item ?? true)(value);
          if (wrong !== undefined)
            fail(
              `${call.name}: the item ${show(value)} does not fit its schema: ${wrong.path || "it"} ${wrong.message}`,
            );
        }
        return call.items.length > 0;
      });
    },
  },
  {
    id: "stream-result",
    title: "ends a stream with a result that it has described",
    group,
    severity,
    needs,
    fix: "Answer the call of a stream once its last item is sent, with a result that fits the result schema.",
    async run(bench) {
      await eachStream(bench, async (conversation, callable) => {
        const call = await taken(conversation, callable, 1000);
        if (call.answer === undefined) {
          await leave(conversation, call);
          return false;
        }
        if (call.answer.kind === "error") return call.answer.error.code > -32_000;
        const { result } = callable.method;
        const wrong = result === undefined ? undefined : checker(result)(call.answer.result);
        if (wrong !== undefined)
          fail(`${call.name} ended with ${show(call.answer.result)}: ${wrong.path || "it"} ${wrong.message}`);
        return true;
      });
    },
  },
  {
    id: "stream-cancel",
    title: "stops a stream that is cancelled",
    group,
    severity,
    needs,
    fix: "On $/cancelRequest end the stream, also while it waits for credit, and answer with the error -32800.",
    async run(bench) {
      await eachStream(bench, async (conversation, callable) => {
        const call = await taken(conversation, callable, 1);
        await leave(conversation, call);
        const count = call.items.length;
        conversation.notify("$/credit", { id: call.id, n: 5 });
        await bench.barrier(conversation);
        await bench.barrier(conversation);
        if (call.items.length > count) fail(`${call.name} went on after it was answered`);
        return true;
      });
    },
  },
  {
    id: "stream-cursor",
    title: "goes on after the cursor that it is given",
    group,
    severity,
    needs,
    fix: "Begin after the position that params.cursor names: the first item is then the one that followed that cursor.",
    async run(bench) {
      await eachStream(bench, async (conversation, callable) => {
        const { params } = callable.method;
        const properties = isObject(params) && isObject(params["properties"]) ? params["properties"] : {};
        if (!("cursor" in properties)) return false;
        const first = await taken(conversation, callable, 2);
        await leave(conversation, first);
        const [one, two] = first.items;
        if (one?.cursor === undefined || two === undefined) return false;
        const resumed = { ...callable, params: { ...callable.params, cursor: one.cursor } };
        // Something followed it before, so it is worth waiting for.
        const second = await taken(conversation, resumed, 1, bench.patienceMs);
        await leave(conversation, second);
        const [next] = second.items;
        if (next === undefined)
          return fail(`${first.name} sent nothing after the cursor ${show(one.cursor)}`);
        // A time in the item may differ, an opaque cursor as well: one of them says where it is.
        if (next.cursor !== two.cursor && !isDeepStrictEqual(next.value, two.value)) {
          fail(
            `${first.name} went on with ${show(next.value)} after the cursor ${show(one.cursor)}; ${show(two.value)} had followed it`,
          );
        }
        return true;
      });
    },
  },
];

/** @param look whether there was anything to see */
async function eachStream(
  bench: Bench,
  look: (conversation: Conversation, callable: Callable) => Promise<boolean>,
): Promise<void> {
  const { streams: callables, methods } = bench.subject;
  if (![...methods.values()].some(({ item }) => item !== undefined)) skip("it has no method that streams");
  if (callables.length === 0) skip("no params could be made up for a stream; name some with --call");
  const conversation = await bench.ready();
  let seen = false;
  for (const callable of callables) seen = (await look(conversation, callable)) || seen;
  if (!seen) skip("no stream sent what this is about; name better params with --call");
}

/** So many items, or as many as come in a while. */
async function taken(
  conversation: Conversation,
  { name, params }: Callable,
  count: number,
  ms = quietMs,
): Promise<Call> {
  const call = conversation.call(name, params, { ctx: { credit: count } });
  await conversation.becomes(() => call.answer !== undefined || call.items.length >= count, ms);
  return call;
}

async function leave(conversation: Conversation, call: Call): Promise<void> {
  if (call.answer === undefined) conversation.cancel(call);
  const answer = await conversation.answerTo(call);
  if (answer.kind === "result") return;
  const { code } = answer.error;
  // Of its own accord it may end with an error of its own.
  if (code !== cancelled && code <= -32_000 && code !== errors.invalid_params.number)
    fail(`${call.name} was answered with ${showError(answer.error)}`);
}

function withinCredit(call: Call): void {
  if (call.credit < 0) fail(`${call.name} sent ${-call.credit} more items than it had credit for`);
}
