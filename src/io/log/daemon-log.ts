/** The daemon's own log: JSON Lines by pino, synchronous, since an asynchronous stream loses its last lines to a kill. */
import { renameSync, statSync } from "node:fs";
import { pino } from "pino";
import type { DestinationStream, Level, Logger } from "pino";
import { BulkheadError } from "../../../protocol/error.ts";
import { kindOf } from "../process/file-kind.ts";

export interface DaemonLogOptions {
  /** Absolute path; undefined: no file. */
  readonly file: string | undefined;
  readonly level: Level;
  /** A short form for people, for a daemon in the foreground. */
  readonly alsoStderr: boolean;
  /** At which the file is moved to `<file>.1`, in place of the one before. Default 10 MiB. */
  readonly maxBytes?: number;
}

export interface DaemonLog {
  readonly logger: Logger;
  close(this: void): void;
}

const secrets = [
  "env",
  "environment",
  "token",
  "password",
  "passwd",
  "secret",
  "authorization",
  "apiKey",
  "api_key",
];
/** pino matches names at a fixed depth: at the top and two levels below. */
const secretPaths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
const defaultMaxBytes = 10 * 1024 * 1024;

/**
 * Afterwards nothing throws: what can not be written is lost.
 *
 * @throws BulkheadError `daemon_failed`, when the file can not be opened.
 */
export function openDaemonLog(options: DaemonLogOptions): DaemonLog {
  const { file, level, alsoStderr, maxBytes = defaultMaxBytes } = options;
  const toFile = file === undefined ? undefined : openFile(file, maxBytes);
  const streams = [...(toFile === undefined ? [] : [toFile]), ...(alsoStderr ? [stderrStream()] : [])];
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretPaths, censor: "[redacted]" },
    },
    { write: (line) => streams.forEach((stream) => stream.write(line)) },
  );
  return { logger, close: () => toFile?.close() };
}

function openFile(file: string, maxBytes: number): RotatingDestination {
  let reason: string;
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    // A FIFO would be waited for, until somebody reads it.
    if (stats === undefined || stats.isFile() || stats.isCharacterDevice()) {
      return new RotatingDestination(file, maxBytes);
    }
    reason = `it is ${kindOf(stats)}`;
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  throw BulkheadError.of("daemon_failed", `the log ${file} can't be opened: ${reason}`);
}

class RotatingDestination implements DestinationStream {
  readonly #file: string;
  readonly #maxBytes: number;
  #destination: ReturnType<typeof pino.destination> | undefined;
  #size: number;

  constructor(file: string, maxBytes: number) {
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#size = sizeOf(file);
    if (this.#size >= maxBytes) this.#moveAside();
    this.#destination = this.#open();
  }

  write(line: string): void {
    if (this.#size >= this.#maxBytes) {
      this.close();
      this.#moveAside();
    }
    try {
      this.#destination ??= this.#open();
    } catch {
      // Perhaps the next line can.
      return;
    }
    this.#size += Buffer.byteLength(line);
    this.#destination.write(line);
  }

  close(): void {
    // Every write was synchronous, so nothing waits; and flushSync would try for ever on a full disk.
    this.#destination?.destroy();
    this.#destination = undefined;
  }

  #open(): ReturnType<typeof pino.destination> {
    // Bounded: what a full disk does not take would be kept in memory for ever.
    const destination = pino.destination({
      dest: this.#file,
      sync: true,
      mode: 0o600,
      maxLength: 256 * 1024,
    });
    // Without a listener, a full disk would end the daemon.
    destination.on("error", () => undefined);
    return destination;
  }

  #moveAside(): void {
    try {
      renameSync(this.#file, `${this.#file}.1`);
    } catch {
      // It goes on growing, which is better than not being written.
    }
    this.#size = 0;
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/** Members that a person does not need to see in each line. */
const unshown = new Set(["level", "time", "pid", "msg"]);

function stderrStream(): DestinationStream {
  // Whoever read it has gone: no reason to end.
  process.stderr.on("error", () => undefined);
  return { write: (line) => void process.stderr.write(shortForm(line)) };
}

/** `08:30:00 warn  message key=value …` */
export function shortForm(line: string): string {
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== "object" || entry === null) return line;
  const members = new Map<string, unknown>(Object.entries(entry));
  const shown = (key: string) => text(members.get(key));
  const rest = [...members].filter(([key]) => !unshown.has(key));
  const tail = rest.map(([key, value]) => ` ${key}=${text(value)}`);
  return `${shown("time").slice(11, 19)} ${shown("level").padEnd(5)} ${shown("msg")}${tail.join("")}\n`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
