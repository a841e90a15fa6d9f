/** What a plugin wrote to stderr: on disk in rotating files, the last lines of each life in memory. */
import type { LogLine } from "../../../protocol/state.ts";
import { formatLine, readStructured } from "./format.ts";
import { LineSplitter } from "./lines.ts";
import { logPath, readLog } from "./read.ts";
import type { LogQuery } from "./read.ts";
import { RotatingFile } from "./rotating-file.ts";

export type { LogQuery } from "./read.ts";

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

const maxWaitingBytes = 4 * 1024 * 1024;
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
    this.#file?.verify();
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

  /** A remark of the plugin's own that did not come over stderr. What is longer than a line may be is cut. */
  tell(generation: number, level: string, text: string): void {
    const lines = new LineSplitter(this.#options.lineBytes, (line) =>
      this.#add(this.#line(generation, line, { level })),
    );
    lines.write(Buffer.from(text.toWellFormed()));
    lines.end();
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
    return query.lines === undefined ? chosen : query.lines <= 0 ? [] : chosen.slice(-query.lines);
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
