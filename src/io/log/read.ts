/** A plugin's log files read back: from their ends, block by block, and no further than the question goes. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { LogLine } from "../../../protocol/state.ts";
import { parseLine } from "./format.ts";

export interface LogQuery {
  /** The last so many; default and bound: 100,000. */
  readonly lines?: number | undefined;
  /** 0: the current or last life, 1: the one before; absent: all that is kept. */
  readonly previous?: number | undefined;
}

const maxLines = 100_000;
/** Of an answer, as it stands in the files; it has to fit into a frame, and into memory. */
const maxAnswerBytes = 8 * 1024 * 1024;
/** Of one file, at its end: whatever size the files were allowed. */
const maxReadBytes = 64 * 1024 * 1024;
const blockBytes = 256 * 1024;

export function logPath(dir: string, plugin: string): string {
  return join(dir, `${plugin}.log`);
}

/**
 * The last lines, oldest first; empty when there are none. An answer has at most 8 MiB: what is older is left out.
 * Reads only as much of the files as it needs.
 */
export async function readLog(dir: string, plugin: string, query: LogQuery = {}): Promise<LogLine[]> {
  const { lines = maxLines, previous } = query;
  if (lines <= 0) return [];
  const bound = Math.min(lines, maxLines);
  const files = await openFiles(logPath(dir, plugin));
  try {
    const blocks = blocksBackwards(files, plugin);
    return await (previous === undefined ? lastLines(blocks, bound) : lastLinesOf(blocks, bound, previous));
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

interface Stored {
  readonly line: LogLine;
  readonly bytes: number;
}

async function lastLines(blocks: AsyncIterable<Stored[]>, bound: number): Promise<LogLine[]> {
  const tail = new Tail(bound);
  for await (const block of blocks) {
    for (const stored of block) tail.add(stored);
    if (tail.full) break;
  }
  return tail.lines();
}

/** The last lines of one life. */
async function lastLinesOf(
  blocks: AsyncIterable<Stored[]>,
  bound: number,
  previous: number,
): Promise<LogLine[]> {
  const lives = new Lives(bound, previous);
  for await (const block of blocks) {
    for (const stored of block) lives.add(stored);
    if (lives.wanted !== undefined) break;
  }
  lives.end();
  return lives.wanted?.lines() ?? [];
}

interface Life {
  readonly tail: Tail;
  /** Where its oldest line stands, counted from the end. */
  oldest: number;
}

/**
 * Lives are told apart by their borders, not by their numbers alone: those start again where a journal was lost. Lives
 * may overlap.
 */
class Lives {
  readonly #bound: number;
  readonly #previous: number;
  /** By generation, those whose beginning may still come. */
  readonly #open = new Map<number, Life>();
  #newer = 0;
  #lines = 0;
  wanted: Tail | undefined;

  constructor(bound: number, previous: number) {
    this.#bound = bound;
    this.#previous = previous;
  }

  add(stored: Stored): void {
    const { generation } = stored.line;
    const life = this.#open.get(generation) ?? { tail: new Tail(this.#bound), oldest: 0 };
    this.#open.set(generation, life);
    life.tail.add(stored);
    life.oldest = this.#lines++;
    // One with a higher number did not begin before this one: it never ran, and has an end only.
    if (isBeginning(stored.line)) this.#complete((other) => other >= generation);
  }

  /** There are no older lines. */
  end(): void {
    this.#complete(() => true);
  }

  #complete(isComplete: (generation: number) => boolean): void {
    const complete = [...this.#open].filter(([generation]) => isComplete(generation));
    complete.sort(([, a], [, b]) => a.oldest - b.oldest);
    for (const [generation, { tail }] of complete) {
      this.#open.delete(generation);
      if (this.#newer++ === this.#previous) this.wanted = tail;
    }
  }
}

/** Lines that come newest first, for as long as they fit. */
class Tail {
  readonly #bound: number;
  readonly #newestFirst: LogLine[] = [];
  #bytes = 0;
  full = false;

  constructor(bound: number) {
    this.#bound = bound;
  }

  add({ line, bytes }: Stored): void {
    this.#bytes += bytes;
    if (this.#bytes > maxAnswerBytes) this.full = true;
    if (this.full) return;
    this.#newestFirst.push(line);
    this.full = this.#newestFirst.length >= this.#bound;
  }

  lines(): LogLine[] {
    return this.#newestFirst.toReversed();
  }
}

function isBeginning(line: LogLine): boolean {
  return line.kind === "border" && line.text.includes(" · pid ");
}

/** Newest first. All are opened before any is read: a rotation meanwhile neither hides nor doubles one. */
async function openFiles(path: string): Promise<FileHandle[]> {
  const files: FileHandle[] = [];
  const seen = new Set<string>();
  let missing = 0;
  // While a rotation renames them, one of them is missing for a moment.
  for (let index = 0; missing < 2; index += 1) {
    // Not blocking: opening a FIFO would wait for its writer.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const file = await open(index === 0 ? path : `${path}.${index}`, flags).catch(() => undefined);
    missing = file === undefined ? missing + 1 : 0;
    if (file === undefined) continue;
    const stats = await file.stat({ bigint: true });
    const identity = `${stats.dev}:${stats.ino}`;
    if (seen.has(identity) || !stats.isFile()) await file.close();
    else files.push(file);
    seen.add(identity);
  }
  return files;
}

/** The lines that end in each block, the last one first. */
async function* blocksBackwards(files: readonly FileHandle[], plugin: string): AsyncGenerator<Stored[]> {
  for (const file of files) {
    for await (const lines of rawLinesBackwards(file)) {
      yield lines.flatMap((raw) => {
        // One by one: a short text that is kept must not keep its block.
        const line = parseLine(plugin, raw.toString("utf8"));
        return line === undefined ? [] : [{ line, bytes: raw.length }];
      });
    }
  }
}

/** Ends at a line that is too long for any answer. */
async function* rawLinesBackwards(file: FileHandle): AsyncGenerator<Buffer[]> {
  const { size } = await file.stat();
  const start = Math.max(0, size - maxReadBytes);
  /** Of a line whose beginning stands in an earlier block: the first piece first. */
  let pieces: Buffer[] = [];
  let held = 0;
  for (let end = size; end > start && held <= maxAnswerBytes; end = Math.max(start, end - blockBytes)) {
    const block = await readBlock(file, Math.max(start, end - blockBytes), end);
    const lines: Buffer[] = [];
    let lineEnd = block.length;
    for (let newline = block.lastIndexOf(10); newline !== -1; newline = lastIndexBefore(block, newline)) {
      lines.push(Buffer.concat([block.subarray(newline + 1, lineEnd), ...pieces]));
      [pieces, held, lineEnd] = [[], 0, newline];
    }
    pieces.unshift(block.subarray(0, lineEnd));
    held += lineEnd;
    yield lines;
  }
  if (start === 0 && held <= maxAnswerBytes) yield [Buffer.concat(pieces)];
}

function lastIndexBefore(block: Buffer, index: number): number {
  // A negative offset would count from the end.
  return index === 0 ? -1 : block.lastIndexOf(10, index - 1);
}

/** Shorter where the file was cut meanwhile. */
async function readBlock(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(to - from);
  let length = 0;
  for (let read = -1; read !== 0 && length < block.length; length += read) {
    read = (await file.read(block, length, block.length - length, from + length)).bytesRead;
  }
  return block.subarray(0, length);
}
