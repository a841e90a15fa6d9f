/** Lines on stderr that the supervisor understands. */

export type Level = "trace" | "debug" | "info" | "warn" | "error";

type Write = (msg: string, fields?: Readonly<Record<string, unknown>>) => void;

function write(level: Level, msg: string, fields: Readonly<Record<string, unknown>> = {}): void {
  let line: string;
  try {
    line = JSON.stringify({ ...fields, level, msg });
  } catch {
    // A log line must not fail for a field that is no JSON.
    line = JSON.stringify({ level, msg });
  }
  process.stderr.write(`${line}\n`);
}

/** `log.info("indexed", { files: 12 })` is one line of JSON on stderr. Costs no message, unlike `host.log`. */
export const log: Readonly<Record<Level, Write>> = {
  trace: (msg, fields) => write("trace", msg, fields),
  debug: (msg, fields) => write("debug", msg, fields),
  info: (msg, fields) => write("info", msg, fields),
  warn: (msg, fields) => write("warn", msg, fields),
  error: (msg, fields) => write("error", msg, fields),
};
