/** child_process.fork with its messages, JSON by default. */
import { fork } from "node:child_process";
import path from "node:path";
import { Asking } from "../ends/asking.ts";
import type { Answer } from "../ends/answer.ts";
import { payload } from "../payload.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";

await serve(async () => {
  const child = fork(path.join(import.meta.dirname, "../ends/fork-child.ts"), { stdio: "inherit" });
  const asking = new Asking((asked) => void child.send(asked));
  child.on("message", (answer) => asking.received(answer as unknown as Answer));
  return {
    about: { about: `child_process.fork, Node ${process.versions.node}` },
    measure(work) {
      const { method, params, check } = payload(work.bytes);
      return timed(async () => check(await asking.call(method, params)), work);
    },
    close: () => void child.kill(),
  };
});
