/** Lines appended to a file that is renamed to `.1`, `.2` … when it is full: asynchronous, in order, bounded. */
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

export interface RotatingFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** All in all, the current one included. */
  readonly files: number;
  /** Waiting to be written; what comes above it is dropped. */
  readonly maxWaitingBytes: number;
  readonly now: () => number;
  /** The line to write in place of those that were dropped. */
  readonly dropped: (lines: number) => string;
  /** Once when it begins to fail and once when it works again. */
  readonly onProblem: (problem: { message: string; ok: boolean }) => void;
}

/** After a failure, so that a full disk is not asked with every line. */
const pauseMs = 1000;
/** How long lines may go to a file that somebody has removed. */
const verifyMs = 3000;

export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #droppedLines = 0;
  #writing: Promise<void> | undefined;
  #handle: FileHandle | undefined;
  #size = 0;
  /** The file ends within a line, which another process or a full disk left behind. */
  #torn = false;
  #failedAt: number | undefined;
  /** It was told that lines are lost, and not yet that they are written again. */
  #told = false;
  /** When the open file was last seen to be the one of this name. */
  #verifiedAt: number | undefined;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /** One line, without its end. */
  append(line: string): void {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#droppedLines > 0 || this.#waitingBytes + bytes > this.#options.maxWaitingBytes) {
      this.#droppedLines += 1;
    } else {
      this.#waiting.push(line);
      this.#waitingBytes += bytes;
    }
    // Of the next tick, so that all lines of this one go out in one write.
    this.#writing ??= new Promise((resolve) => {
      setImmediate(() => resolve(this.#drain()));
    });
  }

  /** Before the next line is written: makes sure that it goes to the file of this name, and not to a removed one. */
  verify(): void {
    this.#verifiedAt = undefined;
  }

  /** Resolves when everything appended so far is written or dropped. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 || this.#droppedLines > 0) {
      const lines = this.#waiting;
      if (this.#droppedLines > 0) lines.push(this.#options.dropped(this.#droppedLines));
      this.#waiting = [];
      this.#waitingBytes = 0;
      const lost = this.#droppedLines;
      this.#droppedLines = 0;
      const written = await this.#writeAll(lines);
      if (written < lines.length) {
        // The line about lost lines is none of them.
        this.#droppedLines += lost + lines.length - written - (lost > 0 ? 1 : 0);
        break;
      }
    }
    this.#writing = undefined;
  }

  /** The number of lines that are in the file. */
  async #writeAll(lines: readonly string[]): Promise<number> {
    const { now } = this.#options;
    if (this.#failedAt !== undefined && Math.abs(now() - this.#failedAt) < pauseMs) return 0;
    let written = 0;
    try {
      while (written < lines.length) {
        const handle = await this.#open();
        const end = this.#fitting(lines, written);
        if (end === written) {
          await this.#rotate();
          continue;
        }
        const text = `${this.#torn ? "\n" : ""}${lines.slice(written, end).join("\n")}\n`;
        this.#torn = true;
        await handle.appendFile(text);
        this.#torn = false;
        this.#size += Buffer.byteLength(text);
        written = end;
      }
    } catch (error) {
      await this.#abandon();
      this.#tell(messageOf(error), false);
      this.#failedAt = now();
      return written;
    }
    this.#tell("it is written again", true);
    this.#failedAt = undefined;
    return written;
  }

  #tell(message: string, ok: boolean): void {
    if (this.#told !== ok) return;
    this.#told = !ok;
    this.#options.onProblem({ message, ok });
  }

  /** Index after the last line that the current file has room for; an empty file has room for any one line. */
  #fitting(lines: readonly string[], from: number): number {
    let room = this.#options.maxBytes - this.#size;
    let end = from;
    for (; end < lines.length; end += 1) {
      room -= Buffer.byteLength(lines[end] ?? "") + 1;
      if (room < 0) break;
    }
    return end === from && this.#size === 0 ? from + 1 : end;
  }

  async #open(): Promise<FileHandle> {
    const { path, now } = this.#options;
    if (this.#handle !== undefined && (await this.#isCurrent(this.#handle))) return this.#handle;
    await this.#abandon();
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(path, "a+", 0o600);
    this.#handle = handle;
    this.#verifiedAt = now();
    this.#size = (await handle.stat()).size;
    const last = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, this.#size - 1));
    this.#torn = last.bytesRead === 1 && last.buffer[0] !== 10;
    return handle;
  }

  /** Writing to a file that was removed succeeds, and nobody ever reads it. */
  async #isCurrent(handle: FileHandle): Promise<boolean> {
    const { path, now } = this.#options;
    if (this.#verifiedAt !== undefined && Math.abs(now() - this.#verifiedAt) < verifyMs) return true;
    this.#verifiedAt = now();
    const [open, named] = await Promise.all([
      handle.stat({ bigint: true }),
      stat(path, { bigint: true }).catch(unlessMissing),
    ]);
    if (named !== undefined && named.dev === open.dev && named.ino === open.ino) return true;
    this.#tell("it was removed or moved while it was open, and its latest lines with it", false);
    return false;
  }

  async #rotate(): Promise<void> {
    const { path, files } = this.#options;
    await this.#abandon();
    const name = (index: number) => (index === 0 ? path : `${path}.${index}`);
    await rm(name(files - 1), { force: true });
    for (let index = files - 1; index > 0; index -= 1) {
      await rename(name(index - 1), name(index)).catch(unlessMissing);
    }
  }

  async #abandon(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined);
  }
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
