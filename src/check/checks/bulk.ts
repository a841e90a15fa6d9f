/** Bulk data: bytes beside the JSON, for plugins that offer to read it. */
import { inText } from "../../../protocol/bytes.ts";
import { errors } from "../../../protocol/error.ts";
import { checker } from "../../../protocol/json-schema.ts";
import { isObject } from "../../core/json-value.ts";
import { encodeFrame } from "../../wire/framing.ts";
import type { Bench } from "../bench.ts";
import { fail, skip } from "../check.ts";
import type { Check } from "../check.ts";
import { show, showError } from "../show.ts";
import type { Callable, Params } from "../subject.ts";

const group = "Calls";
const severity = "error";
const needs = "activate";
const invalidParams = errors.invalid_params.number;

const split =
  "In a frame whose Content-Type is application/vnd.bulkhead.bulk; json=N, the first N bytes are JSON and the rest is data; or do not offer the capability bulk.";

export const bulk: readonly Check[] = [
  {
    id: "bulk-frames",
    title: "reads frames with data beside the JSON, however they arrive",
    group,
    severity,
    needs,
    fix: split,
    async run(bench) {
      offered(bench);
      const { name, params } = bench.harmless();
      const frame = (id: string, data?: Buffer): Buffer =>
        encodeFrame(JSON.stringify({ jsonrpc: "2.0", id, method: name, params }), data);
      // Data may look like anything.
      const whole = Buffer.concat([
        frame("one", encodeFrame("{}")),
        frame("two"),
        frame("three", Buffer.alloc(0)),
      ]);
      for (const pieces of [[whole], Array.from(whole, (byte) => Buffer.from([byte]))]) {
        const conversation = await bench.ready();
        const calls = ["one", "two", "three"].map((id) => conversation.expect(id, `${name} (id "${id}")`));
        for (const piece of pieces) conversation.write(piece);
        for (const call of calls) await conversation.answerTo(call, bench.patienceMs, split);
      }
    },
  },
  {
    id: "bulk-calls",
    title: "takes bytes beside the JSON as it takes base64 text, and sends some only where it may",
    group,
    severity,
    needs,
    fix: 'Take {"$bytes": [offset, length]} for that range of the data, and answer with data only where the request has ctx.bulk.',
    async run(bench) {
      offered(bench);
      const { plain } = bench.subject;
      if (plain.length === 0) skip("no method says that it is idempotent, and none was named with --call");
      const conversation = await bench.ready();
      for (const callable of plain) {
        const { name, method } = callable;
        const { params, data } = withData(callable);
        const inJson = await conversation.request(name, callable.params);
        for (const ctx of [{}, { bulk: true }]) {
          const call = conversation.call(name, params, { ctx, data });
          const answer = await conversation.answerTo(call, bench.patienceMs, split);
          if (call.hasData && ctx.bulk !== true)
            fail(`${name} was answered with data, and its request had no ctx.bulk`);
          if (answer.kind === "error") {
            if (inJson.kind === "error") continue;
            fail(
              `${name} took ${show(callable.params)}, and answered ${show(params)} beside its bytes with ${showError(answer.error)}`,
            );
          }
          const result = inText(answer.result);
          const wrong = method.result === undefined ? undefined : checker(method.result)(result);
          if (wrong !== undefined)
            fail(`${name} was answered with ${show(result)}: ${wrong.path || "it"} ${wrong.message}`);
        }
        if (data.length === 0) continue;
        const answer = await conversation.answerTo(
          conversation.call(name, params, { data: Buffer.alloc(0) }),
        );
        if (answer.kind === "result" || answer.error.code !== invalidParams)
          fail(
            `${name} with a range outside of the data was answered with ${answer.kind === "result" ? "a result" : showError(answer.error)}, not with -32602`,
          );
      }
    },
  },
];

function offered({ subject }: Bench): void {
  if (subject.description.capabilities?.bulk !== true) skip("it does not offer the capability bulk");
}

/** The params with their base64 text beside them, as bytes. */
function withData({ method, params }: Callable): { params: Params; data: Buffer } {
  const properties: unknown = isObject(method.params) ? method.params["properties"] : undefined;
  const pieces: Buffer[] = [];
  let size = 0;
  const members = Object.entries(params).map(([name, value]) => {
    const schema: unknown = isObject(properties) ? properties[name] : undefined;
    if (typeof value !== "string" || !isObject(schema) || schema["contentEncoding"] !== "base64") {
      return [name, value] as const;
    }
    const piece = Buffer.from(value, "base64");
    const range = [size, piece.length];
    pieces.push(piece);
    size += piece.length;
    return [name, { $bytes: range }] as const;
  });
  return { params: Object.fromEntries(members), data: Buffer.concat(pieces) };
}
