/** A process's exit in words. */
import type { ProcessExit } from "../../protocol/state.ts";

/** What the signals mean that end a process by default (POSIX.1-2024, <signal.h>). */
const meanings: Readonly<Record<string, string>> = {
  SIGABRT: "aborted itself",
  SIGALRM: "alarm clock",
  SIGBUS: "bus error",
  SIGFPE: "arithmetic error",
  SIGHUP: "hang-up",
  SIGILL: "illegal instruction",
  SIGINT: "interrupted",
  SIGKILL: "from outside, often for want of memory",
  SIGPIPE: "wrote to a closed pipe",
  SIGQUIT: "quit",
  SIGSEGV: "segmentation fault",
  SIGSYS: "forbidden system call",
  SIGTERM: "terminated",
  SIGTRAP: "trap",
  SIGXCPU: "over its CPU time limit",
  SIGXFSZ: "over its file size limit",
};

/** Numbers that a shell or a sandbox adds to 128 when the process below it was killed; the same on all Unix systems. */
const numbers: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
};

/** Such as `killed by SIGSEGV (segmentation fault), core dumped` or `exited with status 3`. */
export function describeExit(exit: ProcessExit): string {
  // The signal is inferred, and says nothing of memory.
  if (exit.guardLost === true) return "its guard was killed, and it with it";
  const core = exit.core ? ", core dumped" : "";
  if (exit.signal !== null) {
    const meaning = meanings[exit.signal];
    return `killed by ${exit.signal}${meaning === undefined ? "" : ` (${meaning})`}${core}`;
  }
  if (exit.code === null) return "gone; nothing is known of its exit";
  if (exit.code === 0) return "left by itself with status 0";
  const name = numbers[exit.code - 128];
  const below = name === undefined ? "" : ` (128 + ${exit.code - 128}: ${name}, ${meanings[name]})`;
  return `exited with status ${exit.code}${below}${core}`;
}

/** Whether a runtime ended the process on purpose, by an exit or an abort, as it does after a panic. */
export function isOwnEnd({ signal }: ProcessExit): boolean {
  return signal === null || signal === "SIGABRT" || signal === "SIGTRAP" || signal === "SIGILL";
}
