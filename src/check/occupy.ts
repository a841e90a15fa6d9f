/** Keeps a plugin busy for as long as it takes: with a stream that waits for credit, or else with many calls. */
import { errors, reserved } from "../../protocol/error.ts";
import type { Answer, Call } from "./call.ts";
import { fail, skip } from "./check.ts";
import type { Conversation } from "./conversation.ts";
import { showError } from "./show.ts";
import type { Subject } from "./subject.ts";

export interface Busy {
  readonly calls: readonly Call[];
  /** Cancels what is still open and waits for all answers. @throws CheckFailed for one that may not be */
  release(): Promise<void>;
}

const atOnce = 32;
const cancelled = errors.cancelled.number;
/** Made-up params need not please the method. */
const invalidParams = errors.invalid_params.number;

export function occupy({ streams, plain }: Subject, conversation: Conversation): Busy {
  const [stream] = streams;
  const { name, params } = stream ?? plain[0] ?? skip("no method of it may be called; name one with --call");
  const calls = Array.from({ length: stream === undefined ? atOnce : 1 }, () =>
    conversation.call(name, params, stream === undefined ? {} : { ctx: { credit: 0 } }),
  );
  const release = async (): Promise<void> => {
    for (const call of calls) if (call.answer === undefined) conversation.cancel(call);
    for (const call of calls) endedAsCancelled(call, await conversation.answerTo(call));
  };
  return { calls, release };
}

/** A result is as good, or an error of the method: it was ready anyway. @throws CheckFailed */
function endedAsCancelled({ name }: Call, answer: Answer): void {
  if (answer.kind === "result" || answer.error.code === cancelled || isOwn(answer.error.code)) return;
  fail(`${name}, cancelled, was answered with ${showError(answer.error)}`);
}

function isOwn(code: number): boolean {
  const isReserved = code >= reserved.min && code <= reserved.max;
  const isJsonRpc = code >= -32_768 && code <= -32_000;
  return code === invalidParams || (!isReserved && !isJsonRpc);
}
