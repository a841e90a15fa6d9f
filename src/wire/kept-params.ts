/** The params of calls in flight, kept by reference for a report of what was lost. */
import type { JsonText } from "./json.ts";

/** Memory that several params may be views of: it lives as long as any of them is kept. */
interface Chunk {
  readonly memory: ArrayBufferLike;
  /** As it was: memory that a program gives away meanwhile has none any more. */
  readonly bytes: number;
  calls: number;
}

/** What is kept of one call, or of none: there was no room for it. */
export interface Kept {
  params: JsonText | undefined;
  /** Undefined: it is text, or nothing. */
  chunk: Chunk | undefined;
}

/** A string of characters beyond Latin-1 has two bytes for each. */
const CHARACTER_BYTES = 2;

/**
 * The budget of one connection. A view of twenty bytes keeps the whole chunk alive that it came in, so it is the chunk that
 * counts, once for neighbours that came in it together.
 */
export class KeptParams {
  readonly #mostBytes: number;
  #bytes = 0;
  #latest: Chunk | undefined;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** False when there is no room. */
  keep(call: Kept, params: JsonText): boolean {
    if (typeof params === "string") {
      const bytes = params.length * CHARACTER_BYTES;
      if (this.#bytes + bytes > this.#mostBytes) return false;
      this.#bytes += bytes;
    } else {
      const chunk = this.#chunkOf(params);
      if (chunk === undefined) return false;
      chunk.calls++;
      call.chunk = chunk;
    }
    call.params = params;
    return true;
  }

  release(call: Kept): void {
    const { params, chunk } = call;
    if (params === undefined) return;
    call.params = undefined;
    if (chunk === undefined) {
      this.#bytes -= params.length * CHARACTER_BYTES;
      return;
    }
    call.chunk = undefined;
    if (--chunk.calls > 0) return;
    this.#bytes -= chunk.bytes;
    if (this.#latest === chunk) this.#latest = undefined;
  }

  #chunkOf({ buffer }: Buffer): Chunk | undefined {
    if (this.#latest?.memory === buffer) return this.#latest;
    const bytes = buffer.byteLength;
    if (this.#bytes + bytes > this.#mostBytes) return undefined;
    this.#bytes += bytes;
    this.#latest = { memory: buffer, bytes, calls: 0 };
    return this.#latest;
  }
}
