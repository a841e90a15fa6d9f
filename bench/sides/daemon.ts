/** The daemon in the middle, as it is installed: `client.call` over its socket. */
import { startDaemon } from "../daemon-process.ts";
import { payload } from "../payload.ts";
import { cpuMicros } from "../process-facts.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";

await serve(async () => {
  const { client, pid, close } = await startDaemon();
  return {
    about: { about: "bulkhead up, Client", relay: pid },
    measure(work) {
      const { method, params, check } = payload(work.bytes);
      const target = `echo/echo.${method}`;
      const call = async (): Promise<void> => check(await client.call(target, params));
      return timed(call, work, () => cpuMicros(pid));
    },
    close,
  };
});
