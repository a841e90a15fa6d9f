/** The other end of a worker thread. */
import { parentPort } from "node:worker_threads";
import { answer } from "./answer.ts";
import type { Asked } from "./answer.ts";

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
parentPort?.on("message", (asked: Asked) => parentPort?.postMessage(answer(asked)));
