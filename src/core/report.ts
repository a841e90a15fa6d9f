/** The facts of an end -> a crash report. Pure. */
import type {
  CrashReport,
  Decision,
  Diagnosis,
  EndCause,
  LostCall,
  Panic,
  ProcessExit,
  RecordedMessage,
} from "../../protocol/state.ts";
import type { JsonSchema } from "../../protocol/description.ts";
import { diagnose } from "./diagnosis.ts";
import { lostParams } from "./lost-params.ts";
import { oneLine } from "./one-line.ts";
import { lastPanic } from "./panic.ts";
import { describeExit, isOwnEnd } from "./exit.ts";

/** A call that was in flight, with what it was about, as far as that is known. */
export interface Lost extends Omit<LostCall, "params"> {
  readonly about?: {
    /** Whether `params` are what it was called with: there may have been no room for them. */
    readonly kept: boolean;
    /** JSON. */
    readonly params: string | Buffer | undefined;
    /** Of the whole message, and of the data in it. */
    readonly bytes: number;
    readonly dataBytes: number;
    /** Of the params: it says what of them is secret. */
    readonly schema: JsonSchema | undefined;
  };
}

/** All that is known when a session is gone. */
export interface Facts {
  readonly id: string;
  readonly plugin: string;
  readonly generation: number;
  /** Unix time, milliseconds. */
  readonly at: number;
  readonly cause: EndCause;
  readonly exit: ProcessExit | null;
  readonly pid: number | null;
  readonly uptimeMs: number;
  readonly readyMs: number | null;
  readonly stderrTail: readonly string[];
  readonly messages: readonly RecordedMessage[];
  /** All of them; the report lists the first 100. */
  readonly lostCalls: readonly Lost[];
  readonly executable: CrashReport["executable"];
  readonly version: string | null;
  readonly profile: string | null;
  readonly class: CrashReport["class"];
  readonly decision: Decision;
}

/** What the process itself said about its end. */
export interface Findings {
  readonly panic: Panic | null;
  readonly diagnosis: Diagnosis | null;
}

/** Comes before the report: the policy's `classify` needs the diagnosis, and the report needs the policy's decision. */
export function examine(stderrTail: readonly string[], exit: ProcessExit | null): Findings {
  const lines = stderrTail.slice(-longestTail).map(clip);
  const panic = lastPanic(lines);
  const found = diagnose(lines, exit);
  // A panic that was over when other last words came had been survived.
  const survived = panic !== null && found !== null && found.at >= panic.end;
  return { panic: survived ? null : (panic?.panic ?? null), diagnosis: found?.diagnosis ?? null };
}

/** The tail is the plugin's own text: bounds, so that nobody can buy a second of the supervisor's time with it. */
const longestTail = 500;
const longestLine = 2048;

function clip(line: string): string {
  return line.slice(0, longestLine).toWellFormed().replace(/\r$/, "");
}

const mostLostCalls = 100;
/** Characters of params in all. */
const mostKept = 1024 * 1024;

/** Not yet `durable`: that is the journal's to say. */
export function report(facts: Facts, findings = examine(facts.stderrTail, facts.exit)): CrashReport {
  return {
    id: facts.id,
    plugin: facts.plugin,
    generation: facts.generation,
    at: facts.at,
    summary: summarise(facts.cause, facts.exit, findings),
    class: facts.class,
    cause: facts.cause,
    exit: facts.exit,
    pid: facts.pid,
    uptimeMs: facts.uptimeMs,
    readyMs: facts.readyMs,
    panic: findings.panic,
    diagnosis: findings.diagnosis,
    stderrTail: facts.stderrTail,
    messages: facts.messages,
    lostCalls: lostCalls(facts.lostCalls.slice(0, mostLostCalls)),
    lostCallCount: facts.lostCalls.length,
    executable: facts.executable,
    version: facts.version,
    profile: facts.profile,
    decision: facts.decision,
    durable: false,
  };
}

function lostCalls(lost: readonly Lost[]): LostCall[] {
  let room = mostKept;
  return lost.map(({ about, ...call }) => {
    if (about === undefined) return call;
    const params = lostParams(about, room);
    if (params.kept === "whole") room -= params.text?.length ?? 0;
    return { ...call, params };
  });
}

/** One line of at most 200 characters, without control characters: the most telling fact about an end. */
export function summarise(cause: EndCause, exit: ProcessExit | null, findings: Findings): string {
  return oneLine(summary(cause, exit, findings)) || cause.kind;
}

function summary(cause: EndCause, exit: ProcessExit | null, findings: Findings): string {
  switch (cause.kind) {
    case "violation":
      return `broke the wire's rules: ${cause.reason}: ${cause.detail}`;
    case "hung":
      return `hung: ${cause.detail}`;
    case "over_limit":
      return `over its limit: ${cause.detail}`;
    case "requested":
      return `stopped on request (${cause.by})`;
    case "start_failure": {
      const { code, message } = cause.failure;
      const own = code === "exited_in_handshake" || code === "handshake_failed";
      const words = own ? lastWords(findings) : null;
      return words === null ? message : `${message}: ${words}`;
    }
    case "exit":
      break;
  }
  return ended(exit, findings);
}

function ended(exit: ProcessExit | null, findings: Findings): string {
  const words = lastWords(findings);
  if (exit === null) return words ?? "gone; nothing is known of its exit";
  if (words === null) return describeExit(exit);
  // A process that says something and is then killed by a fault did not die of what it said alone.
  if (isOwnEnd(exit)) return words;
  return `${describeExit(exit)}${exit.guardLost === true ? "," : ""} after: ${words}`;
}

function lastWords({ panic, diagnosis }: Findings): string | null {
  if (panic !== null) return `panicked at ${place(panic)}:${panic.column}${after(panic.message)}`;
  if (diagnosis === null) return null;
  const { kind, message } = diagnosis;
  const where = diagnosis.file === undefined ? "" : ` (${place(diagnosis)})`;
  return `${kind}${after(message)}${where}`;
}

function after(message: string): string {
  return message === "" ? "" : `: ${message}`;
}

function place({ file = "", line }: { readonly file?: string; readonly line?: number }): string {
  // Forty digits of a compiler's commit help nobody who reads one line.
  const short = file.replace(/^\/rustc\/[0-9a-f]{40}\//, "");
  return line === undefined ? short : `${short}:${line}`;
}
