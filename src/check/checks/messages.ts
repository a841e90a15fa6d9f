/** Requests, answers and notifications, whatever they are about. */
import { errors } from "../../../protocol/error.ts";
import type { Id } from "../../wire/scan.ts";
import type { Answer, Call } from "../call.ts";
import { emptyResult } from "../bench.ts";
import type { Bench } from "../bench.ts";
import { fail, skip } from "../check.ts";
import type { Check } from "../check.ts";
import type { Conversation } from "../conversation.ts";
import { occupy } from "../occupy.ts";
import { show, showError } from "../show.ts";

const group = "Messages";
const severity = "error";
const needs = "activate";
const notFound = errors.method_not_found.number;

export const messages: readonly Check[] = [
  {
    id: "ping",
    title: "answers ping with {}",
    group,
    severity,
    needs,
    fix: "Answer ping with {}, or do not offer the capability ping.",
    async run(bench) {
      emptyResult("ping", await (await pingable(bench)).request("ping"));
    },
  },
  {
    id: "ping-busy",
    title: "answers ping while calls run",
    group,
    severity,
    needs,
    fix: "Read stdin in a loop of its own and answer ping there, rather than after the call in hand.",
    async run(bench) {
      const conversation = await pingable(bench);
      const busy = occupy(bench.subject, conversation);
      const ping = conversation.call("ping");
      emptyResult("ping", await conversation.answerTo(ping));
      await busy.release();
    },
  },
  {
    id: "unknown-method",
    title: "answers a call of an unknown method with -32601",
    group,
    severity,
    needs,
    fix: "Answer every request whose method the plugin does not have with the error -32601.",
    async run(bench) {
      const conversation = await bench.ready();
      for (const name of [bench.nowhere(), "nowhere.nothing"]) {
        refusedAsUnknown(name, await conversation.request(name));
      }
    },
  },
  {
    id: "unknown-protocol-method",
    title: "answers an unknown request of the protocol with -32601",
    group,
    severity,
    needs,
    fix: "Answer every request without a dot in its method that the plugin does not know with the error -32601.",
    async run(bench) {
      const conversation = await bench.ready();
      refusedAsUnknown("nothing", await conversation.request("nothing"));
    },
  },
  {
    id: "ids",
    title: "echoes ids as they are: integers, strings, large ones",
    group,
    severity,
    needs,
    fix: "Keep the id of a request as the JSON value that came, string or integer of 64 bits, and answer with just that.",
    async run(bench) {
      const conversation = await bench.ready();
      const ids: Id[] = [
        0,
        -1,
        2 ** 31,
        Number.MAX_SAFE_INTEGER,
        Number.MIN_SAFE_INTEGER,
        "1",
        "",
        "é☃😀",
        "x".repeat(200),
      ];
      const kinds = [bench.harmless(), ...bench.subject.plain.slice(0, 1)];
      for (const id of ids) {
        for (const { name, params } of kinds) {
          const call = conversation.expect(id, `${name} with the id ${show(id)}`);
          conversation.send({ id, method: name, params });
          await conversation.answerTo(call);
        }
      }
    },
  },
  {
    id: "interleaved",
    title: "answers 64 requests at once, each exactly once",
    group,
    severity,
    needs,
    fix: "Answer every request exactly once, also when others arrive before that.",
    async run(bench) {
      const conversation = await bench.ready();
      const kinds = [
        bench.harmless(),
        { name: bench.nowhere(), params: {} },
        ...bench.subject.plain.slice(0, 6),
      ];
      const calls = Array.from({ length: 64 }, (_, n): Call => {
        const { name, params } = kinds[n % kinds.length] ?? bench.harmless();
        return conversation.call(name, params, { id: n % 2 === 0 ? n : `request ${n}` });
      });
      for (const call of calls) await conversation.answerTo(call);
      await bench.barrier(conversation);
      const twice = calls.find(({ answers }) => answers !== 1);
      if (twice !== undefined)
        fail(`${twice.name} (id ${show(twice.id)}) was answered ${twice.answers} times`);
    },
  },
  {
    id: "unknown-request-members",
    title: "ignores members of a request that it does not know",
    group,
    severity,
    needs,
    fix: "Ignore unknown members when reading a message, at the top and in ctx.",
    async run(bench) {
      const conversation = await bench.ready();
      const { name, params } = bench.subject.plain[0] ?? bench.harmless();
      const known = await conversation.request(name, params);
      const call = conversation.expect("more", name);
      const ctx = { ms: 30_000, parent: 77, hops: 1, later: { x: 1 } };
      conversation.send({ id: "more", method: name, params, ctx, later: [1, { x: null }] });
      const { kind } = await conversation.answerTo(call);
      if (kind !== known.kind)
        fail(`${name} was answered with ${known.kind}, and with ${kind} when there were more members`);
    },
  },
  {
    id: "notifications",
    title: "ignores notifications, and answers to what it never asked",
    group,
    severity,
    needs,
    fix: "Never answer a message without an id, and ignore notifications and answers that mean nothing to the plugin.",
    async run(bench) {
      const conversation = await bench.ready();
      conversation.notify("$/later", { id: 1 });
      conversation.notify("$/credit", { id: 999, n: 1 });
      conversation.notify("$/cancelRequest", { id: 999 });
      conversation.notify("$/cancelRequest", { id: "none" });
      conversation.notify("later", {});
      conversation.notify(bench.nowhere(), {});
      conversation.send({ id: 999, result: {} });
      conversation.send({ id: "none", error: { code: 1, message: "nothing was asked" } });
      await bench.barrier(conversation);
      await bench.barrier(conversation);
      const [answered] = conversation.unaddressed;
      if (answered !== undefined) fail(`something of it was answered, with ${showError(answered)}`);
    },
  },
  {
    id: "unicode",
    title: "takes text of all kinds",
    group,
    severity,
    needs,
    fix: "Read and write JSON as UTF-8, escapes included, and count the bytes of a body, not its characters.",
    async run(bench) {
      const conversation = await bench.ready();
      await answered(bench, conversation, 'é ß Ω 漢字 😀 e\u0301 \u202e \u0000 \u001b \u2028 " \\ /');
    },
  },
  {
    id: "large-params",
    title: "takes a text of 1 MiB",
    group,
    severity,
    needs,
    fix: "Read exactly as many bytes as Content-Length says, in as many reads as that takes, up to limits.frameBytes.",
    async run(bench) {
      const conversation = await bench.ready();
      await answered(bench, conversation, "x".repeat(1024 * 1024));
    },
  },
  {
    id: "int64",
    title: "takes integers of 64 bits as strings",
    group,
    severity,
    needs,
    fix: "Read a string with the format int64 as an integer of 64 bits.",
    async run(bench) {
      const callable = bench.subject.calledWith("9223372036854775807", "int64");
      if (callable === undefined) skip("no method that may be called takes a string with the format int64");
      const conversation = await bench.ready();
      const answer = await conversation.request(callable.name, callable.params);
      if (answer.kind === "error" && answer.error.code === errors.invalid_params.number) {
        fail(`${callable.name} refused 9223372036854775807: ${showError(answer.error)}`);
      }
    },
  },
];

async function pingable(bench: Bench): Promise<Conversation> {
  if (!bench.subject.canPing) skip("it does not have the capability ping");
  return bench.ready();
}

function refusedAsUnknown(name: string, answer: Answer): void {
  if (answer.kind === "result") return fail(`${name}, which does not exist, was answered with a result`);
  if (answer.error.code !== notFound)
    fail(`${name} was answered with ${showError(answer.error)}, not with -32601`);
}

/** An error counts as well: whether the text makes sense to the method is not the question. */
async function answered(bench: Bench, conversation: Conversation, text: string): Promise<void> {
  const { name, params } = bench.subject.calledWith(text) ?? { name: bench.nowhere(), params: { text } };
  await conversation.request(name, params);
  await bench.barrier(conversation);
}
