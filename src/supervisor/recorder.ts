/** The flight recorder: the heads of the last messages in both directions, in a ring that never grows. */
import type { Method } from "../../protocol/description.ts";
import type { RecordedMessage } from "../../protocol/state.ts";
import { withoutSecretAnswers } from "../core/message-head.ts";
import { mayHoldSecrets } from "../core/redact.ts";
import type { Session } from "./session.ts";

const slots = 64;
const headBytes = 512;

export class Recorder {
  readonly #heads = Buffer.allocUnsafeSlow(slots * headBytes);
  readonly #lengths = new Uint16Array(slots);
  readonly #bytes = new Float64Array(slots);
  readonly #times = new Float64Array(slots);
  readonly #toPlugin = new Uint8Array(slots);
  #count = 0;

  /** Copies the head: a view would keep whole chunks alive. `body` may be cut; `at` is in milliseconds of any steady clock. */
  record(direction: "in" | "out", body: Buffer, bytes: number, at: number): void {
    const slot = this.#count++ % slots;
    this.#lengths[slot] = body.copy(this.#heads, slot * headBytes, 0, Math.min(body.length, headBytes));
    this.#bytes[slot] = bytes;
    this.#times[slot] = at;
    this.#toPlugin[slot] = direction === "out" ? 1 : 0;
  }

  /** Oldest first. */
  messages(now: number): RecordedMessage[] {
    const first = Math.max(0, this.#count - slots);
    return Array.from({ length: this.#count - first }, (_, index) => {
      const slot = (first + index) % slots;
      const start = slot * headBytes;
      return {
        beforeMs: Math.max(0, Math.round(now - (this.#times[slot] ?? now))),
        direction: this.#toPlugin[slot] === 1 ? "to_plugin" : "from_plugin",
        bytes: this.#bytes[slot] ?? 0,
        head: this.#heads.toString("utf8", start, start + (this.#lengths[slot] ?? 0)),
      };
    });
  }
}

/** What a report may keep of the messages of a life, as far as they are answers. */
export function withoutSecretsOf(
  { agreement, spec }: Session,
  messages: readonly RecordedMessage[],
): RecordedMessage[] {
  const methods: ReadonlyMap<string, Method> = agreement?.methods ?? new Map();
  const some = [...methods.values()].some(answersSecrets);
  return withoutSecretAnswers(messages, {
    ofPlugin: (method) => (method === null ? some : answersSecrets(methods.get(method))),
    ofOthers: spec.calls.length > 0,
  });
}

function answersSecrets(method: Method | undefined): boolean {
  return [method?.result, method?.item, method?.progress].some(mayHoldSecrets);
}
