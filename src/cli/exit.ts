/** From an error to the exit status of the command line. */
import { BulkheadError, isErrorCode } from "../../protocol/error.ts";
import type { ErrorCode } from "../../protocol/error.ts";

export const exit = {
  ok: 0,
  internal: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  pluginError: 5,
  crashed: 6,
  incompatible: 7,
  timeout: 124,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exit)[keyof typeof exit];

const exitCodes: Record<ErrorCode, ExitCode> = {
  parse_error: exit.pluginError,
  invalid_request: exit.pluginError,
  method_not_found: exit.notFound,
  invalid_params: exit.pluginError,
  internal_error: exit.pluginError,
  cancelled: exit.interrupted,

  plugin_crashed: exit.crashed,
  plugin_unavailable: exit.crashed,
  plugin_busy: exit.crashed,
  timeout: exit.timeout,
  plugin_not_found: exit.notFound,
  ambiguous_method: exit.notFound,
  plugin_error: exit.pluginError,
  supervisor_stopping: exit.crashed,
  plugin_hung: exit.crashed,
  too_large: exit.pluginError,

  stream_required: exit.notFound,
  invalid_result: exit.pluginError,
  contract_mismatch: exit.incompatible,
  contract_changed: exit.incompatible,
  quarantined: exit.crashed,

  service_not_granted: exit.crashed,
  service_unavailable: exit.crashed,
  service_taken: exit.crashed,
  too_many_hops: exit.pluginError,
  storage_full: exit.pluginError,

  pipe_not_found: exit.notFound,

  executable_not_found: exit.crashed,
  not_a_file: exit.crashed,
  not_executable: exit.crashed,
  wrong_architecture: exit.crashed,
  checksum_mismatch: exit.crashed,
  binary_changed: exit.crashed,
  signature_invalid: exit.crashed,
  not_trusted: exit.crashed,
  sandbox_unavailable: exit.crashed,
  incompatible_protocol: exit.incompatible,
  incompatible_api: exit.incompatible,
  config_invalid: exit.usage,
  bad_description: exit.incompatible,

  spawn_failed: exit.crashed,
  file_unresponsive: exit.crashed,
  handshake_timeout: exit.crashed,
  handshake_failed: exit.crashed,
  exited_in_handshake: exit.crashed,
  crash_loop: exit.crashed,

  invalid_config: exit.usage,
  daemon_unreachable: exit.unreachable,
  incompatible_client: exit.incompatible,
  already_running: exit.usage,
  crash_not_found: exit.notFound,
  daemon_failed: exit.internal,
  state_unusable: exit.usage,
  usage: exit.usage,
  read_only: exit.usage,
  todo_file_unusable: exit.usage,
};

/** Who the failed request went to: the same JSON-RPC error means two things. */
export type Answerer = "plugin" | "daemon";

export function exitCodeOf(error: unknown, answerer: Answerer = "daemon"): ExitCode {
  if (!(error instanceof BulkheadError)) return exit.internal;
  // Found wrong here, before anything was sent: the command line was wrong.
  const wrongHere = error.code === "invalid_params" || error.code === "too_large";
  if (wrongHere && error.settlement === "not_sent") return exit.usage;
  if (error.code === "internal_error" && answerer === "daemon") return exit.internal;
  return isErrorCode(error.code) ? exitCodes[error.code] : exit.pluginError;
}
