#!/usr/bin/env node
/** The reference plugin that protocol/transcripts/ is about. */
import { z } from "zod";
import { bytes, HostError, plugin, PluginError } from "../index.ts";

const config = z.object({ label: z.string().optional() });
const n = z.object({ n: z.int() });

let label: string | undefined;
let pokes = 0;

const setLabel = (given: z.output<typeof config>): void => {
  label = given.label;
};

await plugin({ name: "conformance", version: "1.0.0" })
  .config(config, { activate: setLabel, configure: setLabel })
  .needs("host.storage", "^1.0.0", { optional: true })
  .api("conformance", "1.0.0", (api) =>
    api
      .method("echo", { params: z.object({ value: z.unknown() }), idempotent: true }, ({ value }) => value)
      .method(
        "add",
        { params: z.object({ a: z.int(), b: z.int() }), result: z.int(), idempotent: true },
        ({ a, b }) => a + b,
      )
      .method(
        "slow",
        { params: z.object({ ms: z.int().nonnegative().optional() }), result: z.string() },
        async ({ ms = Infinity }, call) => {
          await call.sleep(ms);
          return "done";
        },
      )
      .method(
        "progress",
        { params: z.object({ steps: z.int().nonnegative() }), result: z.int() },
        ({ steps }, call) => {
          for (let step = 1; step <= steps; step++)
            call.progress({ message: `step ${step}`, done: step, total: steps });
          return steps;
        },
      )
      .method(
        "repeat",
        { params: z.object({ text: z.string(), times: z.int().nonnegative() }), result: z.string() },
        ({ text, times }) => text.repeat(times),
      )
      .method(
        "fail",
        { params: z.object({ code: z.int(), message: z.string() }), errors: [{ code: "failed" }] },
        ({ code, message }) => {
          throw new PluginError(code, message, { code: "failed" });
        },
      )
      .method("print", { params: z.object({ text: z.string() }), result: z.null() }, ({ text }) => {
        // oxlint-disable-next-line no-console
        console.log(text);
      })
      .stream(
        "count",
        { params: z.object({ to: z.int(), cursor: z.string().nullish() }), item: n, result: z.int() },
        async function* ({ to, cursor }) {
          const from = Number(cursor ?? 0);
          for (let k = from + 1; k <= to; k++) yield { value: { n: k }, cursor: String(k) };
          return Math.max(0, to - from);
        },
      )
      .method(
        "ask",
        { params: z.object({ method: z.string(), params: z.record(z.string(), z.unknown()) }) },
        async ({ method, params }, { host }) => {
          try {
            return { ok: await host.request(method, params) };
          } catch (error) {
            if (!(error instanceof HostError)) throw error;
            return { error: { code: error.code, message: error.message } };
          }
        },
      )
      .method("label", { params: z.object({}), result: z.string().nullable() }, () => label ?? null)
      .method("pokes", { params: z.object({}), result: z.int() }, () => pokes)
      .method(
        "reverse",
        { params: z.object({ parts: z.array(bytes()) }), result: z.array(bytes()) },
        ({ parts }) => parts.toReversed(),
      )
      .event("poke", n, ({ n }) => {
        if (n < 0) throw new PluginError("negative", "a poke below 0");
        pokes += n;
      })
      .action("pokes", { method: "pokes", description: "How often it was poked", key: "ctrl+k" }),
  )
  .run();
