import type { Readable, Writable } from "node:stream";

/** So many bytes there, and so many back: one at a time, as there is nothing to tell two of them apart. */
export function pingPong(input: Readable, output: Writable, bytes: number): () => Promise<void> {
  const message = Buffer.alloc(bytes, "x");
  let missing = 0;
  let done: (() => void) | undefined;
  input.on("data", (chunk: Buffer) => {
    missing -= chunk.length;
    if (missing === 0) done?.();
  });
  return () => {
    missing = bytes;
    return new Promise((resolve) => {
      done = resolve;
      output.write(message);
    });
  };
}
