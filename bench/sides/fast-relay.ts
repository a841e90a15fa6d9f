/** Bulkhead's own peer to a relay with such peers on both of its sides, which parses, validates with zod, and writes again. */
import { Deadlines } from "../../src/wire/deadlines.ts";
import { Peer } from "../../src/wire/peer.ts";
import { startMiddle } from "../middle.ts";
import { payload } from "../payload.ts";
import { echo } from "../places.ts";
import { cpuMicros } from "../process-facts.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";
import { versionOf } from "../versions.ts";

await serve(async () => {
  const { socket, pid, close } = await startMiddle("fast", [echo]);
  const peer = new Peer({ input: socket, output: socket, deadlines: new Deadlines() });
  const request = async (method: string, params: unknown): Promise<unknown> => {
    const outcome = await peer.request(method, params);
    if (outcome.settlement === "answered" && outcome.error === undefined) {
      return JSON.parse(outcome.result.toString());
    }
    throw new Error(JSON.stringify(outcome));
  };
  return {
    about: { about: `own peers twice, JSON.parse, ${versionOf("zod")}, JSON.stringify`, relay: pid },
    measure(work) {
      const { method, params, check } = payload(work.bytes);
      const name = `echo.${method}`;
      return timed(
        async () => check(await request(name, params)),
        work,
        () => cpuMicros(pid),
      );
    },
    close,
  };
});
