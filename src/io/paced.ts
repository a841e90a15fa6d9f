/** A stream in pieces, so that whoever floods it shares the event loop with everybody else. */
import type { Readable } from "node:stream";

/** Of one turn, in bytes. A chunk of a pipe is up to 64 KiB, which may be as many lines. */
const pieceBytes = 4096;

/** Hands on what comes, in order; the stream ends after its last piece. A stream that is destroyed hands on nothing more. */
export function paced(stream: Readable, take: (piece: Buffer) => void): void {
  stream.on("data", (chunk: Buffer) => {
    let at = 0;
    const step = (): void => {
      if (stream.destroyed && at > 0) return;
      take(chunk.subarray(at, (at += pieceBytes)));
      if (at < chunk.length) setImmediate(step);
      else stream.resume();
    };
    if (chunk.length > pieceBytes) stream.pause();
    step();
  });
}
