/** The other end of child_process.fork. */
import { answer } from "./answer.ts";
import type { Asked } from "./answer.ts";

process.on("message", (asked: Asked) => process.send?.(answer(asked)));
