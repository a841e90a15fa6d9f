/** Write a Bulkhead plugin in TypeScript: README.md. */
export { Api } from "./api.ts";
export { bytes } from "./bytes.ts";
export { Call, type StandardProgress } from "./call.ts";
export type {
  ActionSpec,
  Contract,
  EventHandler,
  Events,
  Groups,
  EventSpec,
  Handlers,
  MethodHandler,
  Methods,
  MethodSpec,
  StreamHandler,
  StreamSpec,
} from "./contract.ts";
export type { Activation } from "./definition.ts";
export { HostError, PluginError } from "./error.ts";
export { Host, type HostCallOptions } from "./host.ts";
export { log, type Level } from "./log.ts";
export { Plugin, plugin } from "./plugin.ts";
export { int64 } from "./schema.ts";
export type { Positioned } from "./stream.ts";
