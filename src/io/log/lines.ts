/** Bytes in, lines out: incremental, and bounded however long a line is. */

export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (text: string) => void;
  /** The beginning of the line that has not ended; copied, since a slice would keep its whole chunk in memory. */
  #held = Buffer.alloc(0);
  #heldBytes = 0;
  /** What came of that line beyond the bound. */
  #cutBytes = 0;

  constructor(maxBytes: number, onLine: (text: string) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      if (this.#heldBytes === 0 && end - start <= this.#maxBytes) {
        this.#onLine(decode(chunk.subarray(start, end), false));
      } else {
        this.#hold(chunk.subarray(start, end));
        this.#emit();
      }
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
  }

  /** The line so far, which has no end yet; empty when there is none. */
  get partial(): string {
    const text = decode(this.#held.subarray(0, this.#heldBytes), this.#cutBytes > 0);
    return this.#cutBytes > 0 ? `${text} … [${this.#cutBytes} bytes cut]` : text;
  }

  /** Makes a line of what has no end. */
  end(): void {
    if (this.#heldBytes > 0) this.#emit();
    this.#held = Buffer.alloc(0);
  }

  #emit(): void {
    const text = this.partial;
    this.#heldBytes = 0;
    this.#cutBytes = 0;
    this.#onLine(text);
  }

  #hold(bytes: Buffer): void {
    const taken = Math.min(bytes.length, this.#maxBytes - this.#heldBytes);
    this.#cutBytes += bytes.length - taken;
    const needed = this.#heldBytes + taken;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(1024, needed * 2)));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#heldBytes, 0, taken);
    this.#heldBytes = needed;
  }
}

/** Invalid UTF-8 becomes U+FFFD; a character that the bound cut in two is left out. */
function decode(bytes: Buffer, cut: boolean): string {
  const whole = cut ? bytes.subarray(0, bytes.length - brokenTail(bytes)) : bytes;
  return (whole.at(-1) === 13 && !cut ? whole.subarray(0, -1) : whole).toString("utf8");
}

/** Bytes at the end which begin a UTF-8 character without completing it. */
function brokenTail(bytes: Buffer): number {
  for (let back = 1; back <= 3; back += 1) {
    const byte = bytes.at(-back);
    if (byte === undefined || byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}
