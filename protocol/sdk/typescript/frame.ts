/** Frames: `Content-Length: N`, an empty line, N bytes, some of which may be data beside the JSON. Strict, where vscode-jsonrpc's own reader forgives. */

/** Source: protocol/README.md, "Framing". */
const HEADER_BYTES = 4096;
/** No stream of the operating system hands over more than this at once. */
const LARGEST_CHUNK = 64 * 1024;
const LF = 0x0a;

/** The input is not in step with the protocol: there is no way to find the next frame. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Announces data beside the JSON. */
const BULK = "application/vnd.bulkhead.bulk";

export interface Frame {
  readonly body: Buffer;
  /** Present: the frame is one with data, even if that is empty. Nothing else that is still to be read lies in its memory. */
  readonly data?: Buffer;
}

/** Takes frames out of a byte stream that is cut into chunks anywhere. */
export class FrameReader {
  /** Largest body, in bytes. */
  limit: number;
  #header: Buffer = Buffer.alloc(0);
  /** Chunks of the body that is being read; memory grows with what arrives, never with what a header claims. */
  #parts: Buffer[] = [];
  #have = 0;
  #length: number | undefined;
  /** How many of the bytes are JSON, in a frame with data. */
  #json: number | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The frames that this chunk completes, one by one. @throws FrameError */
  *push(chunk: Buffer): Generator<Frame, void> {
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
      if (this.#have === this.#length) yield this.#takeFrame();
    }
  }

  /** The input has ended. @throws FrameError when that was inside a frame */
  end(): void {
    if (this.#length !== undefined)
      throw new FrameError(`the input ended after ${this.#have} of ${this.#length} bytes`);
    if (this.#header.length > 0) throw new FrameError("the input ended within a header");
  }

  #takeFrame(): Frame {
    const [only, ...more] = this.#parts;
    const body = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#parts);
    const json = this.#json;
    this.#parts = [];
    this.#have = 0;
    this.#length = undefined;
    if (json === undefined) return { body };
    const data = body.subarray(json);
    // A handler may give the memory away (`transfer`). What came in one chunk with other frames is copied.
    const own = data.length < LARGEST_CHUNK ? Buffer.from(new Uint8Array(data).buffer) : data;
    return { body: body.subarray(0, json), data: own };
  }

  /** What follows the header, or nothing while its end has not come. */
  #takeHeader(chunk: Buffer): Buffer {
    const known = this.#header.length;
    const bytes = known === 0 ? chunk : Buffer.concat([this.#header, chunk]);
    let length: number | undefined;
    let json: number | undefined;
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
        if (json !== undefined && (json < 1 || json > length))
          throw new FrameError(`${json} bytes of JSON in a frame of ${length}`);
        this.#length = length;
        this.#json = json;
        this.#header = Buffer.alloc(0);
        return chunk.subarray(start - known);
      }
      const [name, value] = fieldOf(line.slice(0, -1));
      if (name === "content-type") {
        const part = jsonPartOf(value);
        if (part === undefined) continue;
        if (json !== undefined) throw new FrameError("Content-Type twice in one header");
        json = part;
      }
      if (name !== "content-length") continue;
      if (length !== undefined) throw new FrameError("Content-Length twice in one header");
      length = countOf("Content-Length", value);
      if (length > this.limit) throw new FrameError(`a frame of ${length} bytes; the limit is ${this.limit}`);
    }
    this.#header = bytes;
    return Buffer.alloc(0);
  }
}

/** The name of a header, in lower case, and its value. */
function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(":");
  if (colon <= 0) throw new FrameError(`a header line without a name and a colon: ${shown(line)}`);
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** How many bytes are JSON, where a Content-Type announces data beside it; nothing for any other type. */
function jsonPartOf(type: string): number | undefined {
  const [media = "", ...parameters] = type.split(";").map((each) => each.trim());
  if (media.toLowerCase() !== BULK) return undefined;
  const [only = "", ...more] = parameters;
  const [, digits] = /^json=(.*)$/i.exec(only) ?? [];
  if (digits === undefined || more.length > 0) throw new FrameError(`Content-Type ${shown(type)}`);
  return countOf("json", digits);
}

function countOf(what: string, digits: string): number {
  const count = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw new FrameError(`${what} ${shown(digits)}`);
  return count;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

/** @param size of the data that follows; absent: it is an ordinary frame */
export function encodeFrame(body: string, size?: number): Buffer {
  const length = Buffer.byteLength(body);
  const header =
    size === undefined
      ? `Content-Length: ${length}\r\n\r\n`
      : `Content-Length: ${length + size}\r\nContent-Type: ${BULK}; json=${length}\r\n\r\n`;
  const frame = Buffer.allocUnsafe(header.length + length);
  frame.write(header, "latin1");
  frame.write(body, header.length, "utf8");
  return frame;
}
