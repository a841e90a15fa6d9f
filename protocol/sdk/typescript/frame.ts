/** Frames: `Content-Length: N`, an empty line, N bytes. Strict, where vscode-jsonrpc's own reader forgives. */

/** Source: protocol/README.md, "Framing". */
const HEADER_BYTES = 4096;
const LF = 0x0a;

/** The input is not in step with the protocol: there is no way to find the next frame. */
class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Takes bodies out of a byte stream that is cut into chunks anywhere. */
export class FrameReader {
  /** Largest body, in bytes. */
  limit: number;
  #header: Buffer = Buffer.alloc(0);
  /** Chunks of the body that is being read; memory grows with what arrives, never with what a header claims. */
  #parts: Buffer[] = [];
  #have = 0;
  #length: number | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The bodies that this chunk completes, one by one. @throws FrameError */
  *push(chunk: Buffer): Generator<Buffer, void> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#length === undefined) {
        rest = this.#takeHeader(rest);
      } else {
        const taken = rest.subarray(0, this.#length - this.#have);
        this.#parts.push(taken);
        this.#have += taken.length;
        rest = rest.subarray(taken.length);
      }
      if (this.#have === this.#length) yield this.#takeBody();
    }
  }

  /** The input has ended. @throws FrameError when that was inside a frame */
  end(): void {
    if (this.#length !== undefined)
      throw new FrameError(`the input ended after ${this.#have} of ${this.#length} bytes`);
    if (this.#header.length > 0) throw new FrameError("the input ended within a header");
  }

  #takeBody(): Buffer {
    const [only, ...more] = this.#parts;
    const body = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#have = 0;
    this.#length = undefined;
    return body;
  }

  /** What follows the header, or nothing while its end has not come. */
  #takeHeader(chunk: Buffer): Buffer {
    const known = this.#header.length;
    const bytes = known === 0 ? chunk : Buffer.concat([this.#header, chunk]);
    let length: number | undefined;
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(LF, start);
      if ((end === -1 ? bytes.length : end + 1) > HEADER_BYTES)
        throw new FrameError(`a header of more than ${HEADER_BYTES} bytes`);
      if (end === -1) break;
      const line = bytes.toString("latin1", start, end);
      start = end + 1;
      if (!line.endsWith("\r"))
        throw new FrameError(`a header line that does not end in CR LF: ${shown(line)}`);
      if (line === "\r") {
        if (length === undefined) throw new FrameError("a header without Content-Length");
        this.#length = length;
        this.#header = Buffer.alloc(0);
        return chunk.subarray(start - known);
      }
      const claim = claimOf(line.slice(0, -1));
      if (claim === undefined) continue;
      if (length !== undefined) throw new FrameError("Content-Length twice in one header");
      if (claim > this.limit) throw new FrameError(`a frame of ${claim} bytes; the limit is ${this.limit}`);
      length = claim;
    }
    this.#header = bytes;
    return Buffer.alloc(0);
  }
}

/** The number of a Content-Length line; nothing for any other header. */
function claimOf(line: string): number | undefined {
  const colon = line.indexOf(":");
  if (colon <= 0) throw new FrameError(`a header line without a name and a colon: ${shown(line)}`);
  if (line.slice(0, colon).toLowerCase() !== "content-length") return undefined;
  const digits = line.slice(colon + 1).trim();
  const length = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isSafeInteger(length)) throw new FrameError(`Content-Length ${shown(digits)}`);
  return length;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

export function encodeFrame(body: string): Buffer {
  const length = Buffer.byteLength(body);
  const header = `Content-Length: ${length}\r\n\r\n`;
  const frame = Buffer.allocUnsafe(header.length + length);
  frame.write(header, "latin1");
  frame.write(body, header.length, "utf8");
  return frame;
}
