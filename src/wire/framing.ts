import { holdsOneBody, LARGE_BODY } from "./body-memory.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { BULK_TYPE, LENGTH, mayBegin, MORE, NO_HEADER, syncAt } from "./header-text.ts";
import { excerpt, WireViolation } from "./violation.ts";

export interface FrameParserOptions {
  /** Largest body in bytes; 64 MiB unless given. */
  readonly frameBytes?: number;
  /** Largest header block in bytes, line ends included; 4 KiB unless given. */
  readonly headerBytes?: number;
  /** What bytes between frames are that are not a header. */
  readonly noise?: "tolerate" | "violation";
  /** Receives noise in whole lines where it has lines, in pieces of at most 4 KiB. */
  readonly onNoise?: (bytes: Buffer) => void;
  /** Chunks are nobody else's: the memory of one that has been copied is given back at once. */
  readonly ownsChunks?: boolean | undefined;
}

const NOISE_PIECE = 4096;
const FIRST_ALLOCATION = 64 * 1024;
const LENGTH_DIGITS = 16;
const BULK_VALUE = /^[ \t]*(application\/vnd\.bulkhead\.bulk)[ \t]*(?:;[ \t]*json=([0-9]{1,16})[ \t]*$|;|$)/i;
/** What memory for a body grows by: from 64 KiB to 2 MiB to 64 MiB. Small steps would copy a large body many times. */
const GROWTH = 32;
const EMPTY: Buffer = Buffer.alloc(0);
const NO_BODY = Buffer.alloc(0);

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

const NO_DATA = -1;

/**
 * Takes the frames of LSP base framing (`Content-Length: N`, CRLF, CRLF, N bytes) out of a byte stream, cut
 * into chunks anywhere. `push` a chunk, then take frames with `next` until it has none.
 *
 * A frame that lies within one chunk is a view of it. One that does not is collected in memory that grows
 * with what has arrived: a claim alone costs nothing, and in all there is never more than about one frame.
 *
 * A frame whose Content-Type is `application/vnd.bulkhead.bulk; json=J` is J bytes of JSON, and data up to its end.
 *
 * Between two frames:
 * 1. A header block is lines of `name: value` in printable ASCII, ended by CRLF CRLF. Names are
 *    case-insensitive, all but Content-Length and that Content-Type are ignored, and Content-Length is one to
 *    sixteen digits. If it is there twice, both must agree; the Content-Type is there once, with a J from 1 to the
 *    Content-Length. Every byte counts towards `headerBytes`.
 * 2. With `noise: "violation"` everything is a header block, and one that breaks rule 1 throws.
 * 3. With `noise: "tolerate"` only what begins with `Content-Length:` or `Content-Type:` is a header block,
 *    and must then keep rule 1: a lie throws. Anything else is noise up to the next complete
 *    `Content-Length: N` CRLF CRLF `{`, wherever in a line it stands, or up to the same with the line
 *    `Content-Type: application/vnd.bulkhead.bulk; json=J` in it. (A JSON text cannot hold that, since its strings
 *    hold no raw line ends: what looks like a frame after noise is one. Data can, and so must not become noise.)
 *    There too, an N that is over the limit throws.
 *
 * The outcome depends on the bytes alone, never on how they were cut. After a throw the parser is done.
 */
export class FrameParser {
  readonly #frameBytes: number;
  readonly #headerBytes: number;
  readonly #tolerant: boolean;
  readonly #onNoise: ((bytes: Buffer) => void) | undefined;
  readonly #ownsChunks: boolean;
  #chunk = EMPTY;
  #at = 0;
  /** Somebody may have a view of the chunk. */
  #shown = false;
  #state: "header" | "body" | "noise" = "header";
  /** Length of the body that is being read. */
  #length = 0;
  /** How many bytes of it are JSON, where the others are data. */
  #json = NO_DATA;
  #data: Buffer | undefined;
  /** What has arrived of a body that spans chunks; empty for one that lies within a chunk. */
  #body = NO_BODY;
  #filled = 0;
  #noise = EMPTY;
  #noiseBytes = 0;

  constructor(options: FrameParserOptions = {}) {
    this.#frameBytes = options.frameBytes ?? DEFAULT_LIMITS.frameBytes;
    this.#headerBytes = options.headerBytes ?? DEFAULT_LIMITS.headerBytes;
    this.#tolerant = options.noise === "tolerate";
    this.#onNoise = options.onNoise;
    this.#ownsChunks = options.ownsChunks === true;
  }

  /** Bytes that were noise, in all. */
  get noiseBytes(): number {
    return this.#noiseBytes;
  }

  /** What came beside the JSON in the frame that `next` has just given; a view, as that is. */
  get data(): Buffer | undefined {
    return this.#data;
  }

  push(chunk: Buffer): void {
    // What is left over is part of a header (bounded by its limit) or of a place to resynchronise at.
    this.#chunk =
      this.#at < this.#chunk.length ? Buffer.concat([this.#chunk.subarray(this.#at), chunk]) : chunk;
    this.#at = 0;
    this.#shown = false;
  }

  /**
   * The JSON of the next complete frame, or `undefined` when more bytes are needed.
   *
   * @throws WireViolation
   */
  next(): Buffer | undefined {
    this.#data = undefined;
    for (;;) {
      switch (this.#state) {
        case "header": {
          const end = this.#fastHeader() || this.#header();
          if (end === MORE) return undefined;
          if (end === NO_HEADER) {
            this.#state = "noise";
          } else {
            this.#at = end;
            this.#state = "body";
          }
          break;
        }
        case "noise":
          if (!this.#skipNoise()) return undefined;
          this.#state = "body";
          break;
        case "body": {
          const body = this.#takeBody();
          if (body === undefined) return undefined;
          this.#state = "header";
          return this.#json === NO_DATA ? body : this.#withoutData(body);
        }
      }
    }
  }

  /** The input has ended. Hands out the noise still held; says whether the input ended inside a frame. */
  end(): { truncated: boolean } {
    const rest = this.#chunk.subarray(this.#at);
    this.#chunk = EMPTY;
    this.#at = 0;
    const inside = this.#state === "body" || (this.#state === "header" && rest.length > 0);
    if (this.#tolerant && this.#state !== "body") this.#addNoise(rest);
    this.#flushNoise();
    this.#body = NO_BODY;
    this.#data = undefined;
    return { truncated: inside };
  }

  /** The end of a header in the form that everybody writes, or 0 for `#header` to look at it closely. */
  #fastHeader(): number {
    const chunk = this.#chunk;
    let i = this.#at + LENGTH.length;
    if (i + 5 > chunk.length) return 0;
    for (let k = 0; k < LENGTH.length; k++) if (chunk[this.#at + k] !== LENGTH.charCodeAt(k)) return 0;
    const digits = i;
    let length = 0;
    for (; i < chunk.length; i++) {
      const digit = chunk[i]! - 0x30;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
    }
    if (i === digits || length > this.#frameBytes || i + 4 - this.#at > this.#headerBytes) return 0;
    if (i - digits > LENGTH_DIGITS || i + 4 > chunk.length) return 0;
    if (chunk[i] !== CR || chunk[i + 1] !== LF || chunk[i + 2] !== CR || chunk[i + 3] !== LF) return 0;
    this.#length = length;
    return i + 4;
  }

  /**
   * Rule 1, byte by byte from the start of the block, so that the first wrong byte decides. Looking again
   * from the start when more has come is cheap: a block is short.
   */
  #header(): number {
    const chunk = this.#chunk;
    const start = this.#at;
    let line = start;
    let length = -1;
    this.#json = NO_DATA;
    for (let i = start; i < chunk.length; i++) {
      const c = chunk[i]!;
      if (this.#tolerant && line === start && !mayBegin(chunk, start, i)) return NO_HEADER;
      if (i - start >= this.#headerBytes) {
        throw new WireViolation(
          "header_too_long",
          `over ${this.#headerBytes} bytes: ${excerpt(chunk.subarray(start, i))}`,
        );
      }
      const afterCr = i > line && chunk[i - 1] === CR;
      if (afterCr ? c !== LF : c > 0x7e || (c < SPACE && c !== CR && c !== TAB)) {
        throw new WireViolation("bad_header", `not a header line: ${excerpt(chunk.subarray(line, i + 1))}`);
      }
      if (!afterCr) continue;
      if (i - 1 === line) {
        if (length < 0) throw new WireViolation("bad_header", "no Content-Length");
        this.#length = length;
        this.#checkJson();
        return i + 1;
      }
      length = this.#headerLine(chunk.subarray(line, i - 1), length);
      line = i + 1;
    }
    return MORE;
  }

  /** The Content-Length that is known after this line; -1 for none. */
  #headerLine(line: Buffer, known: number): number {
    const colon = line.indexOf(COLON);
    if (colon <= 0) throw new WireViolation("bad_header", `not a header line: ${excerpt(line)}`);
    const name = line.toString("latin1", 0, colon).toLowerCase();
    if (name === "content-type") this.#contentType(line, colon);
    if (name !== "content-length") return known;
    const value = line.toString("latin1", colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    const length = this.#claim(value, line);
    if (known >= 0 && known !== length) {
      throw new WireViolation("bad_content_length", `two lengths in one header, ${known} and ${length}`);
    }
    return length;
  }

  #contentType(line: Buffer, colon: number): void {
    const [, bulk, json] = BULK_VALUE.exec(line.toString("latin1", colon + 1)) ?? [];
    if (bulk === undefined) return;
    if (json === undefined || this.#json !== NO_DATA) {
      throw new WireViolation("bad_header", `json must be there once, a number: ${excerpt(line)}`);
    }
    this.#json = Number(json);
  }

  #checkJson(): void {
    if (this.#json === NO_DATA || (this.#json >= 1 && this.#json <= this.#length)) return;
    throw new WireViolation("bad_header", `json must be from 1 to ${this.#length}, found ${this.#json}`);
  }

  #withoutData(body: Buffer): Buffer {
    const json = this.#json;
    this.#json = NO_DATA;
    this.#data = body.subarray(json);
    return body.subarray(0, json);
  }

  #claim(digits: string, line: Buffer): number {
    const length = /^[0-9]{1,16}$/.test(digits) ? Number(digits) : NaN;
    if (!Number.isSafeInteger(length)) throw new WireViolation("bad_content_length", excerpt(line));
    if (length > this.#frameBytes) {
      throw new WireViolation("frame_too_large", `${length} bytes announced, ${this.#frameBytes} allowed`);
    }
    return length;
  }

  #takeBody(): Buffer | undefined {
    const available = this.#chunk.length - this.#at;
    const missing = this.#length - this.#filled;
    if (this.#filled === 0 && available >= missing) {
      this.#at += missing;
      this.#shown = true;
      return this.#chunk.subarray(this.#at - missing, this.#at);
    }
    const taken = Math.min(available, missing);
    if (taken > 0) {
      this.#reserve(this.#filled + taken);
      this.#chunk.copy(this.#body, this.#filled, this.#at, this.#at + taken);
      this.#filled += taken;
      this.#at += taken;
      if (this.#ownsChunks) this.#free();
    }
    if (taken < missing) return undefined;
    const body = this.#body;
    this.#body = NO_BODY;
    this.#filled = 0;
    if (body.length >= LARGE_BODY) holdsOneBody(body);
    return body;
  }

  /**
   * Gives a chunk's memory back if all that was of use in it was copied. Left to the collector, the chunks of large bodies make it look
   * through the whole heap twice as often: V8 does so for every 64 MB outside of its own memory.
   */
  #free(): void {
    const { buffer, length } = this.#chunk;
    if (this.#shown || this.#at < length || length < LARGE_BODY) return;
    if (length !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
    buffer.transfer(0);
    this.#chunk = EMPTY;
    this.#at = 0;
  }

  #reserve(bytes: number): void {
    const size = this.#body.length;
    if (bytes <= size) return;
    const larger = Math.min(this.#length, Math.max(bytes, size * GROWTH, FIRST_ALLOCATION));
    const before = this.#body;
    this.#body = Buffer.allocUnsafeSlow(larger);
    if (size === 0) return;
    before.copy(this.#body, 0, 0, this.#filled);
    // Frees the old memory now; garbage would wait for a collection. To grow by transfer() would fill the rest with zeros.
    before.buffer.transfer(0);
  }

  /** Moves to the body of the next frame; false when the chunk holds nothing but noise. */
  #skipNoise(): boolean {
    const chunk = this.#chunk;
    for (let i = this.#at; i < chunk.length; i++) {
      const c = chunk[i]!;
      if (c !== 0x43 && c !== 0x63) continue;
      const sync = syncAt(chunk, i);
      if (sync === NO_HEADER) continue;
      this.#addNoise(chunk.subarray(this.#at, i));
      this.#at = i;
      if (sync === MORE) {
        this.#flushNoiseLines();
        return false;
      }
      this.#flushNoise();
      this.#at = this.#header();
      return true;
    }
    this.#addNoise(chunk.subarray(this.#at));
    this.#at = chunk.length;
    this.#flushNoiseLines();
    return false;
  }

  #addNoise(bytes: Buffer): void {
    this.#shown = true;
    this.#noiseBytes += bytes.length;
    this.#noise = this.#noise.length === 0 ? bytes : Buffer.concat([this.#noise, bytes]);
    while (this.#noise.length > NOISE_PIECE)
      this.#emitNoise(this.#noise.lastIndexOf(LF, NOISE_PIECE - 1) + 1 || NOISE_PIECE);
  }

  #flushNoiseLines(): void {
    this.#emitNoise(this.#noise.lastIndexOf(LF) + 1);
    // A copy, so that half a line does not keep a whole chunk alive.
    this.#noise = Buffer.from(this.#noise);
  }

  #flushNoise(): void {
    this.#emitNoise(this.#noise.length);
  }

  #emitNoise(bytes: number): void {
    const piece = this.#noise.subarray(0, bytes);
    this.#noise = this.#noise.subarray(bytes);
    if (bytes > 0) this.#onNoise?.(piece);
  }
}

/** The header that goes before a body of this many bytes. */
export function frameHeader(bytes: number): string {
  return `${LENGTH}${bytes}\r\n\r\n`;
}

/** The header before so many bytes, of which the first are JSON and the rest is data. */
export function bulkHeader(bytes: number, json: number): string {
  return `${LENGTH}${bytes}\r\n${BULK_TYPE}${json}\r\n\r\n`;
}

/** One whole frame around a body, and data beside it. */
export function encodeFrame(body: Buffer | string, data?: Buffer): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  if (data === undefined) return Buffer.concat([Buffer.from(frameHeader(bytes.length)), bytes]);
  return Buffer.concat([Buffer.from(bulkHeader(bytes.length + data.length, bytes.length)), bytes, data]);
}
