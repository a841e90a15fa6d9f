/** One end of a connection, byte by byte, in the hands of a test. */
import type { Duplex } from "node:stream";
import { FrameParser } from "../../../src/wire/framing.ts";

export interface Came {
  readonly message: Record<string, unknown>;
  readonly data: Buffer | undefined;
}

export interface End {
  send(bytes: Buffer): void;
  /** @throws Error when nothing comes, or something that is no message */
  next(): Promise<Came>;
}

/** @param wait until something is found, or nothing will come any more */
export function endOf(stream: Duplex, wait: (found: () => boolean) => Promise<void>): End {
  const parser = new FrameParser();
  const arrived: Came[] = [];
  let broken: unknown;
  stream.on("data", (chunk: Buffer) => {
    if (broken !== undefined) return;
    try {
      parser.push(chunk);
      for (let body = parser.next(); body !== undefined; body = parser.next())
        arrived.push({ message: JSON.parse(body.toString()), data: parser.data });
    } catch (error) {
      broken = error;
    }
  });
  return {
    send: (bytes) => void stream.write(bytes),
    async next() {
      await wait(() => arrived.length > 0 || broken !== undefined);
      const first = arrived.shift();
      if (first === undefined) throw broken ?? new Error("nothing came");
      return first;
    },
  };
}
