import { DEFAULT_LIMITS } from "./limits.ts";
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
}

const NOISE_PIECE = 4096;
const FIRST_ALLOCATION = 64 * 1024;
/** "Content-Length:", some spaces, sixteen digits, two line ends and a brace fit well. */
const LONGEST_SYNC = 64;
const LENGTH_DIGITS = 16;
const CANONICAL = "Content-Length: ";
const EMPTY: Buffer = Buffer.alloc(0);
const NO_BODY = Buffer.alloc(0);

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;

const MORE = -1;
const NO_HEADER = -2;

/**
 * Takes the frames of LSP base framing (`Content-Length: N`, CRLF, CRLF, N bytes) out of a byte stream, cut
 * into chunks anywhere. `push` a chunk, then take frames with `next` until it has none.
 *
 * A frame that lies within one chunk is a view of it. One that does not is collected in memory that grows
 * with what has arrived: a claim alone costs nothing, and in all there is never more than about one frame.
 *
 * Between two frames:
 * 1. A header block is lines of `name: value` in printable ASCII, ended by CRLF CRLF. Names are
 *    case-insensitive, all but Content-Length are ignored, and Content-Length is one to sixteen digits. If
 *    it is there twice, both must agree. Every byte counts towards `headerBytes`.
 * 2. With `noise: "violation"` everything is a header block, and one that breaks rule 1 throws.
 * 3. With `noise: "tolerate"` only what begins with `Content-Length:` or `Content-Type:` is a header block,
 *    and must then keep rule 1: a lie throws. Anything else is noise up to the next complete
 *    `Content-Length: N` CRLF CRLF `{`, wherever in a line it stands. (A JSON text cannot hold that, since
 *    its strings hold no raw line ends: what looks like a frame after noise is one.) There too, an N that
 *    is over the limit throws.
 *
 * The outcome depends on the bytes alone, never on how they were cut. After a throw the parser is done.
 */
export class FrameParser {
  readonly #frameBytes: number;
  readonly #headerBytes: number;
  readonly #tolerant: boolean;
  readonly #onNoise: ((bytes: Buffer) => void) | undefined;
  #chunk = EMPTY;
  #at = 0;
  #state: "header" | "body" | "noise" = "header";
  /** Length of the body that is being read. */
  #length = 0;
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
  }

  /** Bytes that were noise, in all. */
  get noiseBytes(): number {
    return this.#noiseBytes;
  }

  push(chunk: Buffer): void {
    // What is left over is part of a header (bounded by its limit) or of a place to resynchronise at.
    this.#chunk =
      this.#at < this.#chunk.length ? Buffer.concat([this.#chunk.subarray(this.#at), chunk]) : chunk;
    this.#at = 0;
  }

  /**
   * The body of the next complete frame, or `undefined` when more bytes are needed.
   *
   * @throws WireViolation
   */
  next(): Buffer | undefined {
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
          if (body !== undefined) this.#state = "header";
          return body;
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
    return { truncated: inside };
  }

  /** The end of a header in the form that everybody writes, or 0 for `#header` to look at it closely. */
  #fastHeader(): number {
    const chunk = this.#chunk;
    let i = this.#at + CANONICAL.length;
    if (i + 5 > chunk.length) return 0;
    for (let k = 0; k < CANONICAL.length; k++) if (chunk[this.#at + k] !== CANONICAL.charCodeAt(k)) return 0;
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
    if (line.toString("latin1", 0, colon).toLowerCase() !== "content-length") return known;
    const value = line.toString("latin1", colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    const length = this.#claim(value, line);
    if (known >= 0 && known !== length) {
      throw new WireViolation("bad_content_length", `two lengths in one header, ${known} and ${length}`);
    }
    return length;
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
      return this.#chunk.subarray(this.#at - missing, this.#at);
    }
    const taken = Math.min(available, missing);
    if (taken > 0) {
      this.#reserve(this.#filled + taken);
      this.#chunk.copy(this.#body, this.#filled, this.#at, this.#at + taken);
      this.#filled += taken;
      this.#at += taken;
    }
    if (taken < missing) return undefined;
    const body = this.#body;
    this.#body = NO_BODY;
    this.#filled = 0;
    return body;
  }

  #reserve(bytes: number): void {
    const size = this.#body.length;
    if (bytes <= size) return;
    const larger = Math.min(this.#length, Math.max(bytes, size * 2, FIRST_ALLOCATION));
    // transfer() frees the old memory now; garbage would wait for a collection while the next one grows.
    this.#body =
      size === 0 ? Buffer.allocUnsafeSlow(larger) : Buffer.from(this.#body.buffer.transfer(larger));
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
      const line = chunk.subarray(i, sync - 4);
      this.#length = this.#claim(line.toString("latin1", 15).trim(), line);
      this.#at = sync;
      return true;
    }
    this.#addNoise(chunk.subarray(this.#at));
    this.#at = chunk.length;
    this.#flushNoiseLines();
    return false;
  }

  #addNoise(bytes: Buffer): void {
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

/** Whether the byte at `i` continues `Content-Length:` or `Content-Type:` begun at `start`, or follows it. */
function mayBegin(bytes: Buffer, start: number, i: number): boolean {
  const type = i >= start + 8 && lower(bytes[start + 8]!) === 0x74;
  const text = type ? "content-type:" : "content-length:";
  return i - start >= text.length || lower(bytes[i]!) === text.charCodeAt(i - start);
}

/** The offset of the brace in `Content-Length: N` CRLF CRLF `{` if that begins here. */
function syncAt(bytes: Buffer, start: number): number {
  const name = "content-length:";
  const end = Math.min(bytes.length, start + LONGEST_SYNC);
  let i = start;
  for (; i < end && i - start < name.length; i++) {
    if (lower(bytes[i]!) !== name.charCodeAt(i - start)) return NO_HEADER;
  }
  while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
  const digits = i;
  while (i < end && bytes[i]! >= 0x30 && bytes[i]! <= 0x39) i++;
  if (i < end && i === digits) return NO_HEADER;
  for (const expected of [CR, LF, CR, LF, OPEN_BRACE]) {
    if (i < end && bytes[i] !== expected) return NO_HEADER;
    i++;
  }
  if (i <= end) return i - 1;
  return end === bytes.length && end < start + LONGEST_SYNC ? MORE : NO_HEADER;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** The header that goes before a body of this many bytes. */
export function frameHeader(bytes: number): string {
  return `${CANONICAL}${bytes}\r\n\r\n`;
}

/** One whole frame around a body. */
export function encodeFrame(body: Buffer | string): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return Buffer.concat([Buffer.from(frameHeader(bytes.length)), bytes]);
}
