/** The calls that every side makes, and whether their answers are right. */

/** The parameters of a small call; its answer is 1. */
export const pair = { a: 1, b: 2 } as const;

/** Printable, without anything that JSON would escape, and flat in memory, as a text that came from somewhere is. */
export function text(bytes: number): string {
  return Buffer.alloc(bytes, "abcdefghijklmnopqrstuvwxyz0123456789 ").toString("latin1");
}

/** By name, as the echo knows them: `one` for small calls, `back` for texts. */
export type Method = "one" | "back";

export interface Payload {
  readonly method: Method;
  readonly params: { readonly a: number; readonly b: number } | { readonly text: string };
  /** @throws Error when the answer is not the one that was to come */
  readonly check: (result: unknown) => void;
}

/** @param bytes as in `Work` */
export function payload(bytes: number): Payload {
  if (bytes === 0) {
    return {
      method: "one",
      params: pair,
      check: (result) => {
        if (result !== 1) throw new Error(`a wrong answer: ${String(result)}`);
      },
    };
  }
  return {
    method: "back",
    params: { text: text(bytes) },
    check: (result) => {
      const back = (result as { text?: unknown } | null)?.text;
      if (typeof back !== "string" || back.length !== bytes) throw new Error("a wrong answer");
    },
  };
}

/**
 * A call with as many bytes as a text would have, as a Uint8Array there and back.
 *
 * @param call makes the call of `back`, and asks for bulk data
 */
export function bulkCall(
  call: (params: { readonly bytes: Uint8Array }) => Promise<unknown>,
  bytes: number,
): () => Promise<void> {
  const params = { bytes: new Uint8Array(bytes).fill(0x78) };
  return async () => {
    const back = await call(params);
    const found = (back as { bytes?: unknown } | null)?.bytes;
    if (!(found instanceof Uint8Array) || found.length !== bytes) throw new Error("a wrong answer");
  };
}

/** Bytes of the frame of one such call as the wire has it, for those who only carry bytes. */
export function frameBytes(bytes: number): number {
  const { method, params } = payload(bytes);
  const body = Buffer.byteLength(
    JSON.stringify({ jsonrpc: "2.0", id: 10_000, method: `echo.${method}`, params }),
  );
  return `Content-Length: ${body}\r\n\r\n`.length + body;
}
