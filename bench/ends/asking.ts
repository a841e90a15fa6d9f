import type { Answer, Asked } from "./answer.ts";

/** Calls over something that only knows messages: a number for each, and a map of those that wait. */
export class Asking {
  readonly #send: (asked: Asked) => void;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #last = 0;

  constructor(send: (asked: Asked) => void) {
    this.#send = send;
  }

  readonly received = ({ id, result }: Answer): void => {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.(result);
  };

  call(method: Asked["method"], params: unknown): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send({ id, method, params });
    });
  }
}
