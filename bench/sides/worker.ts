/** A worker thread with its messages: what separation costs when a crash may take everything along. */
import path from "node:path";
import { Worker } from "node:worker_threads";
import { Asking } from "../ends/asking.ts";
import { payload } from "../payload.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";

await serve(async () => {
  const worker = new Worker(path.join(import.meta.dirname, "../ends/worker.ts"));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  const asking = new Asking((asked) => worker.postMessage(asked));
  worker.on("message", asking.received);
  return {
    about: { about: `worker_threads, Node ${process.versions.node}` },
    measure(work) {
      const { method, params, check } = payload(work.bytes);
      return timed(async () => check(await asking.call(method, params)), work);
    },
    close: async () => void (await worker.terminate()),
  };
});
