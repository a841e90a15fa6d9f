/** What a plugin wrote to stderr: on disk in rotating files, the last lines of each life in memory. */
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { LogLine } from "../../protocol/state.ts";
import { formatLine, parseLine, readStructured } from "./log-format.ts";
import { LineSplitter } from "./log-lines.ts";
import { RotatingFile } from "./rotating-file.ts";

export interface PluginLogOptions {
  /** Undefined: in memory only. It is created when it is missing. */
  readonly dir: string | undefined;
  readonly plugin: string;
  /** Of one file. */
  readonly maxBytes: number;
  /** How many files there are at most, the current one included. */
  readonly files: number;
  /** What is longer is cut, and says so. */
  readonly lineBytes: number;
  /** Each line as it ends. Called synchronously; must not throw. */
  readonly onLine?: (line: LogLine) => void;
  /** The file can not be written (told once), or can again. The lines in memory go on meanwhile. */
  readonly onProblem?: (problem: { message: string; ok: boolean }) => void;
  /** Unix time, milliseconds. */
  readonly now?: () => number;
}

export interface LogQuery {
  /** The last so many; default and bound: 100,000. */
  readonly lines?: number | undefined;
  /** 0: the current or last life, 1: the one before; absent: all that is kept. */
  readonly previous?: number | undefined;
}

const maxWaitingBytes = 4 * 1024 * 1024;
const maxLines = 100_000;
/** Of one file, at its end: whatever size the files were allowed. */
const maxReadBytes = 64 * 1024 * 1024;
const tailLines = 200;
const tailBytes = 256 * 1024;
/** In a reload two lives overlap, and the report on an earlier one may still be written. */
const livesInMemory = 4;

interface Life {
  readonly splitter: LineSplitter;
  readonly lines: LogLine[];
  bytes: number;
}

export class PluginLog {
  readonly #options: PluginLogOptions;
  readonly #now: () => number;
  readonly #file: RotatingFile | undefined;
  readonly #lives = new Map<number, Life>();

  constructor(options: PluginLogOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { dir, plugin, maxBytes, files, onProblem } = options;
    if (dir === undefined) return;
    this.#file = new RotatingFile({
      path: logPath(dir, plugin),
      maxBytes,
      files,
      maxWaitingBytes,
      now: this.#now,
      dropped: (lines) => formatLine(this.#line(this.#newest(), `${lines} lines dropped`, { level: "note" })),
      onProblem: ({ message, ok }) => onProblem?.({ message: `log of ${plugin}: ${message}`, ok }),
    });
  }

  /** The border at the beginning of a life. */
  begin(generation: number, pid: number): void {
    // Numbers start again where a journal was lost.
    this.#lives.delete(generation);
    const started = new Date(this.#now()).toISOString();
    this.#border(generation, `life ${generation} · pid ${pid} · started ${started}`);
  }

  /** The border at its end, after what was left of its last line. Harmless where there was no beginning. */
  end(generation: number, how: string): void {
    this.#lives.get(generation)?.splitter.end();
    this.#border(generation, `life ${generation} ended · ${how}`);
  }

  /** Bytes of stderr, cut anywhere. */
  write(generation: number, chunk: Buffer): void {
    this.#life(generation).splitter.write(chunk);
  }

  /** A remark of the supervisor's own, such as stray output on stdout. */
  note(generation: number, text: string): void {
    for (const line of text.split("\n")) this.#add(this.#line(generation, line, { level: "note" }));
  }

  /** The last `n` lines of a recent life, the one that has not ended included; at most 200 lines or 256 KiB. */
  tail(generation: number, n: number): string[] {
    const life = this.#lives.get(generation);
    if (life === undefined || n <= 0) return [];
    const texts = life.lines.filter(({ kind }) => kind === "line").map(({ text }) => text);
    const partial = life.splitter.partial;
    return (partial === "" ? texts : [...texts, partial]).slice(-n);
  }

  /** As `readLog`, everything written so far included; from memory where there is no directory. */
  async read(query: LogQuery): Promise<LogLine[]> {
    const { dir, plugin } = this.#options;
    if (dir !== undefined) {
      await this.#file?.flush();
      return readLog(dir, plugin, query);
    }
    const lives = Array.from(this.#lives.values(), ({ lines }) => lines);
    const chosen = query.previous === undefined ? lives.flat() : (lives.at(-1 - query.previous) ?? []);
    return last(chosen, query.lines);
  }

  /** Writes what waits. Nothing may be written after it. */
  async close(): Promise<void> {
    await this.#file?.close();
  }

  #life(generation: number): Life {
    let life = this.#lives.get(generation);
    if (life !== undefined) return life;
    const splitter = new LineSplitter(this.#options.lineBytes, (text) => this.#addText(generation, text));
    life = { splitter, lines: [], bytes: 0 };
    this.#lives.set(generation, life);
    const [oldest] = this.#lives.keys();
    if (this.#lives.size > livesInMemory && oldest !== undefined) this.#lives.delete(oldest);
    return life;
  }

  #newest(): number {
    return [...this.#lives.keys()].at(-1) ?? 0;
  }

  #addText(generation: number, text: string): void {
    const structured = readStructured(text);
    if (structured === undefined) {
      this.#add(this.#line(generation, text));
      return;
    }
    for (const part of structured.texts) this.#add(this.#line(generation, part, { level: structured.level }));
  }

  #line(generation: number, text: string, more: { level?: string } = {}): LogLine {
    return { plugin: this.#options.plugin, generation, at: this.#now(), kind: "line", text, ...more };
  }

  #border(generation: number, text: string): void {
    this.#add({ ...this.#line(generation, `──── ${text.replaceAll("\n", " ")} ────`), kind: "border" });
  }

  #add(line: LogLine): void {
    const life = this.#life(line.generation);
    life.lines.push(line);
    life.bytes += line.text.length;
    while (life.lines.length > tailLines || (life.bytes > tailBytes && life.lines.length > 1)) {
      life.bytes -= life.lines.shift()?.text.length ?? 0;
    }
    this.#file?.append(formatLine(line));
    this.#options.onLine?.(line);
  }
}

function logPath(dir: string, plugin: string): string {
  return join(dir, `${plugin}.log`);
}

function last(lines: readonly LogLine[], count: number = maxLines): LogLine[] {
  return count <= 0 ? [] : lines.slice(-Math.min(count, maxLines));
}

/** Reads a plugin's files back, oldest line first; empty when there are none. Reads only as many files as it needs. */
export async function readLog(dir: string, plugin: string, query: LogQuery = {}): Promise<LogLine[]> {
  const { lines: count = maxLines, previous } = query;
  if (count <= 0) return [];
  const files = await openFiles(logPath(dir, plugin));
  try {
    const read: LogLine[][] = [];
    let found = 0;
    for (const file of files) {
      const text = await readEnd(file, maxReadBytes);
      const older = text.split("\n").flatMap((stored) => parseLine(plugin, stored) ?? []);
      read.unshift(older);
      found += previous === undefined ? older.length : older.filter(isBeginning).length;
      if (found >= (previous === undefined ? count : previous + 1)) break;
    }
    const lines = read.flat();
    return last(previous === undefined ? lines : (livesOf(lines).at(-1 - previous) ?? []), count);
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

/** Newest first. All are opened before any is read: a rotation meanwhile neither hides nor doubles one. */
async function openFiles(path: string): Promise<FileHandle[]> {
  const files: FileHandle[] = [];
  const seen = new Set<string>();
  let missing = 0;
  // While a rotation renames them, one of them is missing for a moment.
  for (let index = 0; missing < 2; index += 1) {
    const file = await open(index === 0 ? path : `${path}.${index}`).catch(() => undefined);
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

async function readEnd(file: FileHandle, maxBytes: number): Promise<string> {
  const { size } = await file.stat();
  const length = Math.min(size, maxBytes);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString("utf8", 0, bytesRead);
}

function isBeginning(line: LogLine): boolean {
  return line.kind === "border" && line.text.includes(" · pid ");
}

/** By their borders, not their numbers alone: those start again where a journal was lost. Lives may overlap. */
function livesOf(lines: readonly LogLine[]): LogLine[][] {
  const lives: LogLine[][] = [];
  const open = new Map<number, LogLine[]>();
  for (const line of lines) {
    let life = isBeginning(line) ? undefined : open.get(line.generation);
    if (life === undefined) {
      life = [];
      lives.push(life);
      open.set(line.generation, life);
    }
    life.push(line);
  }
  return lives;
}
