/**
 * The daemon in the middle, as it is installed: `client.call` over its socket. With the argument `bulk`, as bytes beside the
 * JSON.
 */
import { startDaemon } from "../daemon-process.ts";
import { bulkCall, payload } from "../payload.ts";
import { cpuMicros } from "../process-facts.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";

await serve(async () => {
  const isBulk = process.argv[2] === "bulk";
  const { client, pid, close } = await startDaemon();
  const callOf = (bytes: number): (() => Promise<void>) => {
    // A small call has no bytes.
    if (isBulk && bytes > 0) {
      return bulkCall((params) => client.call("echo/echo.back", params, { bulk: true }), bytes);
    }
    const { method, params, check } = payload(bytes);
    const target = `echo/echo.${method}`;
    return async () => check(await client.call(target, params));
  };
  return {
    about: { about: `bulkhead up, Client, ${isBulk ? "bulk" : "plain"} calls`, relay: pid },
    measure: (work) => timed(callOf(work.bytes), work, () => cpuMicros(pid)),
    close,
  };
});
