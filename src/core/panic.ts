/**
 * A Rust panic, read from stderr. The forms are those of std's default hook: since 1.73 `thread 'T' panicked at F:L:C:`
 * with the message on the next lines, since 1.91 with the thread's number after its name, before 1.73
 * `thread 'T' panicked at 'MESSAGE', F:L:C`.
 */
import type { Panic } from "../../protocol/state.ts";

const longestMessage = 60;

const headerLine = /^thread '(.*)'(?: \(\d+\))? panicked at (.+):(\d+):(\d+):$/;
const oldHeaderLine = /^thread '(.*?)' panicked at '(.*)$/;
const oldLastLine = /^(.*)', ([^']+):(\d+):(\d+)$/;

/** What the hook and the runtime write right after a message. */
const terminator =
  /^(?:note: run with `RUST_BACKTRACE=|stack backtrace:$|thread caused non-unwinding panic|thread panicked while (?:processing panic|panicking)|fatal runtime error: )/;
/** Between two panics of one burst stand only these. */
const aftermath =
  /^(?:$|note: |stack backtrace:$|\s+\d+: |\s+at |\s+\[\.\.\. omitted |thread caused non-unwinding panic|thread panicked while |fatal runtime error: )/;

/** A panic, and where in the tail its burst stands. */
export interface LastPanic {
  readonly panic: Panic;
  /** Index of the first line after the last panic that it caused, and after their backtraces. */
  readonly end: number;
}

/**
 * The panic that ended the process. One panic often causes others (in a destructor, in a callback that can't unwind, in
 * the thread that joins the first): of panics with nothing else between them the first is the cause. Earlier panics,
 * which the process survived, do not count.
 */
export function lastPanic(lines: readonly string[]): LastPanic | null {
  let cause: Panic | null = null;
  let end = -1;
  for (let i = 0; i < lines.length;) {
    const block = blockAt(lines, i);
    if (block !== null) {
      if (cause === null || end !== i) cause = block.panic;
      i = end = block.end;
    } else {
      if (end === i && aftermath.test(lines[i] ?? "")) end++;
      i++;
    }
  }
  return cause === null ? null : { panic: cause, end };
}

function blockAt(lines: readonly string[], at: number): LastPanic | null {
  const header = headerLine.exec(lines[at] ?? "");
  if (header === null) return oldBlockAt(lines, at);
  const [, thread, file, line, column] = header;
  let end = at + 1;
  let terminated = false;
  while (end < lines.length && end - at <= longestMessage) {
    const text = lines[end] ?? "";
    // The line after the header is the message, whatever it looks like: a panic may quote another one.
    const first = end === at + 1;
    if (!first && terminator.test(text)) {
      terminated = true;
      break;
    }
    if (!first && lines[end - 1] === "" && headerLine.test(text)) break;
    end++;
  }
  // Only the first panic of a process has a note after it. Without one, log lines can't be told from the message,
  // unless they are JSON.
  if (!terminated) end = beforeJson(lines, at + 2, end);
  const message = lines
    .slice(at + 1, end)
    .join("\n")
    .trimEnd();
  return { panic: toPanic(thread, message, file, line, column), end };
}

function beforeJson(lines: readonly string[], from: number, to: number): number {
  for (let i = from; i < to; i++) if (lines[i]?.startsWith('{"')) return i;
  return to;
}

function oldBlockAt(lines: readonly string[], at: number): LastPanic | null {
  const header = oldHeaderLine.exec(lines[at] ?? "");
  if (header === null) return null;
  const [, thread, opening = ""] = header;
  const message: string[] = [];
  for (let i = at; i < lines.length && i - at < longestMessage; i++) {
    const text = i === at ? opening : (lines[i] ?? "");
    const last = oldLastLine.exec(text);
    if (last !== null) {
      const [, rest = "", file, line, column] = last;
      message.push(rest);
      return { panic: toPanic(thread, message.join("\n"), file, line, column), end: i + 1 };
    }
    message.push(text);
  }
  return null;
}

function toPanic(
  thread = "",
  message = "",
  file = "",
  line: string | undefined,
  column: string | undefined,
): Panic {
  return { thread, message, file, line: Number(line), column: Number(column) };
}
