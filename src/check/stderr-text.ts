/** What a plugin writes to stderr: its end, and whether it is lines of text. */
import { isUtf8 } from "node:buffer";

const kept = 2048;
/** Of a line; what comes beyond that is cut from the log anyway. */
const looked = 64 * 1024;

export class StderrText {
  readonly #onOffence: (what: string) => void;
  #tail = Buffer.alloc(0);
  /** The line that has not ended. */
  #line: Buffer[] = [];
  #lineBytes = 0;

  constructor(onOffence: (what: string) => void) {
    this.#onOffence = onOffence;
  }

  write(chunk: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-kept);
    for (let rest = chunk; rest.length > 0;) {
      const end = rest.indexOf(10);
      const part = end === -1 ? rest : rest.subarray(0, end);
      this.#lineBytes += part.length;
      if (this.#lineBytes <= looked) this.#line.push(part);
      if (end === -1) return;
      this.end();
      rest = rest.subarray(end + 1);
    }
  }

  /** The line is complete. */
  end(): void {
    const line = Buffer.concat(this.#line);
    if (!isUtf8(line))
      this.#onOffence(`a line that is not UTF-8: ${JSON.stringify(line.toString("latin1").slice(0, 80))}`);
    else if (line.includes(0))
      this.#onOffence(`a line with a NUL: ${JSON.stringify(line.toString("utf8").slice(0, 80))}`);
    this.#line = [];
    this.#lineBytes = 0;
  }

  /** The last lines. */
  get tail(): string {
    return this.#tail.toString("utf8").trim().split("\n").slice(-8).join("\n");
  }
}
