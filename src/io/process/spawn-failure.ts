import { getSystemErrorName } from "node:util";
import { Unanswered } from "../looks.ts";

/** Why a plugin's process could not be started. */
export type SpawnFailureCode =
  | "executable_not_found"
  | "not_a_file"
  | "not_executable"
  | "wrong_architecture"
  | "checksum_mismatch"
  | "binary_changed"
  | "signature_invalid"
  | "not_trusted"
  | "config_invalid"
  | "sandbox_unavailable"
  | "file_unresponsive"
  | "spawn_failed";

export interface SpawnFailureDetail {
  /** Name of the system's error, such as `EACCES`. */
  readonly errno?: string;
  /** Where it happened: `cwd`, `read`, `usage`, `guard`, `fork`, `limit`, `changed`, `exec`, `copy`, `sandbox`, `aborted`. */
  readonly stage?: string;
  /** What was not read in time (`file_unresponsive`). */
  readonly file?: string;
  /** What is missing (`sandbox_unavailable`). */
  readonly item?: string;
  /** Hashes (`checksum_mismatch`, `binary_changed`) or architectures (`wrong_architecture`). */
  readonly expected?: string;
  readonly actual?: string;
  /** What was accepted says that it is of this version (`binary_changed`). */
  readonly version?: string;
  /** The file of the signature, and the keys of which one should have made it (`signature_invalid`). */
  readonly signature?: string;
  readonly keys?: readonly string[];
}

export interface SpawnFailure {
  readonly code: SpawnFailureCode;
  /** One sentence for people, without the plugin's name. */
  readonly message: string;
  readonly detail?: SpawnFailureDetail;
  /** The same may well succeed a moment later; all else waits for the operator or for a changed file. */
  readonly transient: boolean;
}

/** The system is short of something, or the file is just being replaced. */
const TRANSIENT = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "ETXTBSY", "ESTALE", "EINTR"]);

export function permanent(
  code: SpawnFailureCode,
  message: string,
  detail?: SpawnFailureDetail,
): SpawnFailure {
  return { code, message, ...(detail && { detail }), transient: false };
}

/** A failure whose reason is the system's error. */
export function refused(
  code: SpawnFailureCode,
  message: string,
  stage: string,
  error: unknown,
): SpawnFailure {
  const errno = errnoOf(error);
  const transient = TRANSIENT.has(errno);
  return {
    code: transient ? "spawn_failed" : code,
    message: `${message} (${errno})`,
    detail: { stage, errno },
    transient,
  };
}

/** Whoever wanted the process does not want it any more. */
export const GIVEN_UP: SpawnFailure = {
  code: "spawn_failed",
  message: "the start was given up before the plugin ran",
  detail: { stage: "aborted" },
  transient: true,
};

/**
 * Of a look at a file that nobody waits for any more.
 *
 * @throws the error, if it is another one
 */
export function givenUp(error: unknown, stage: string, signal: AbortSignal | undefined): SpawnFailure {
  if (error instanceof Unanswered) {
    const { message, file } = error;
    return { code: "file_unresponsive", message, detail: { stage, file }, transient: true };
  }
  if (signal?.aborted === true) return GIVEN_UP;
  throw error;
}

const STAGES: Record<string, string> = {
  usage: "the guard does not understand its arguments (another build of it?)",
  guard: "the guard could not be started",
  fork: "no process could be made",
  cwd: "the working directory can't be entered",
  limit: "a resource limit could not be set",
  exec: "the system refused to execute it",
  changed: "the file was replaced while it was being started",
};

const EXEC_CODES: Record<string, SpawnFailureCode> = {
  ENOENT: "executable_not_found",
  EACCES: "not_executable",
  EPERM: "not_executable",
  ENOEXEC: "not_executable",
  ELIBBAD: "not_executable",
  ELOOP: "not_executable",
};

const EXEC_REASONS: Record<string, string> = {
  ELOOP: "its #! lines lead in a loop, or through too many interpreters",
};

/** A failure on the way from fork to exec. `error` is an error, the name of one, or its number. */
export function startFailure(stage: string, error: unknown): SpawnFailure {
  const errno = errnoOf(error);
  // At any stage: the guard is given the plugin's own.
  if (errno === "E2BIG") {
    const message = "its arguments and environment are too large for this system";
    return refused("config_invalid", message, stage, error);
  }
  if (stage !== "exec") return refused("spawn_failed", STAGES[stage] ?? stage, stage, error);
  const message = EXEC_REASONS[errno] ?? STAGES["exec"] ?? stage;
  return refused(EXEC_CODES[errno] ?? "spawn_failed", message, stage, error);
}

/** The name of a system error: of Node's error object, or of an errno. */
export function errnoOf(error: unknown): string {
  if (typeof error === "string") return error;
  if (typeof error === "number") return error > 0 ? getSystemErrorName(-error) : "EIO";
  const named = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof named === "string" ? named : "EIO";
}
