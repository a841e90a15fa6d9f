/**
 * The supervisor embedded in the caller: `supervisor.call`. With the argument `typed` through a typed client, with
 * `checked` validated against the plugin's schemas on the way as well, with `bulk` as bytes beside the JSON.
 */
import { z } from "zod";
import { bind, contract, method, Supervisor } from "../../src/index.ts";
import { bulkCall, payload } from "../payload.ts";
import { echo } from "../places.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";
import type { Payload } from "../payload.ts";

type Way = "plain" | "typed" | "checked" | "bulk";

const echoContract = contract({
  name: "echo",
  version: "1.0.0",
  methods: {
    one: method({ params: z.object({ a: z.int(), b: z.int() }), result: z.int() }),
    back: method({ params: z.object({ text: z.string() }), result: z.object({ text: z.string() }) }),
  },
});

/** A small call has no bytes. */
function bulk(supervisor: Supervisor, bytes: number): () => Promise<void> {
  return bulkCall((params) => supervisor.call("echo/echo.back", params, { bulk: true }), bytes);
}

async function callers(supervisor: Supervisor, way: Way): Promise<(what: Payload) => () => Promise<unknown>> {
  if (way !== "typed") {
    return ({ method: name, params }) => {
      const target = `echo/echo.${name}`;
      return () => supervisor.call(target, params);
    };
  }
  const typed = await bind(supervisor, "echo", echoContract);
  return ({ params }) => ("text" in params ? () => typed.back(params) : () => typed.one(params));
}

await serve(async () => {
  const way = (process.argv[2] ?? "plain") as Way;
  const checked = way === "checked" ? ({ validate: "relay" } as const) : {};
  const supervisor = await Supervisor.open({ plugins: { echo: { command: echo, ...checked } } });
  await supervisor.wait("echo", "ready");
  const caller = await callers(supervisor, way);
  return {
    about: { about: `Supervisor, ${way} calls` },
    measure(work) {
      if (way === "bulk" && work.bytes > 0) return timed(bulk(supervisor, work.bytes), work);
      const what = payload(work.bytes);
      const call = caller(what);
      return timed(async () => what.check(await call()), work);
    },
    close: () => supervisor.close(),
  };
});
