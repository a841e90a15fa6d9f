/** Embedded use: the supervisor inside your own program, or a client of a daemon. */
export type { Caller, CallOptions } from "../protocol/caller.ts";
export { BulkheadError } from "../protocol/error.ts";
export type { ErrorCode, ErrorData, Fault, Settlement } from "../protocol/error.ts";
export type { Description } from "../protocol/description.ts";
export type {
  CrashReport,
  Decision,
  LogLine,
  PluginState,
  PluginStatus,
  SessionState,
  SupervisorEvent,
} from "../protocol/state.ts";
export { Client } from "./client/client.ts";
export { Supervisor } from "./supervisor/supervisor.ts";
export type { SupervisorOptions } from "./supervisor/options.ts";
export type { Change } from "./supervisor/plugin-set.ts";
