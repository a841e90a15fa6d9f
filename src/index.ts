/** Embedded use: the supervisor inside your own program, or a client of a daemon, and typed clients of plugins over either. */
export type {
  Caller,
  CallOptions,
  Described,
  ItemStream,
  ServiceContext,
  ServiceHandlers,
  ServiceHost,
  StreamItem,
  StreamOptions,
} from "../protocol/caller.ts";
export { bytes, contract, isContractError, jsonSchema, method, stream } from "../protocol/contract.ts";
export type {
  Contract,
  ContractDocument,
  ContractError,
  Item,
  Params,
  Progress,
  Result,
} from "../protocol/contract.ts";
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
export { bind, implementing } from "./client/bind/bind.ts";
export type { BindOptions, Implementations } from "./client/bind/bind.ts";
export { Client } from "./client/client.ts";
export { contractSource } from "./client/codegen/codegen.ts";
export { asMessageConnection } from "./client/message-connection.ts";
export type { Entry, Items, TypedCallOptions, TypedClient, TypedStreamOptions } from "./client/bind/typed.ts";
export type { Difference } from "./core/compare.ts";
export { Supervisor } from "./supervisor/supervisor.ts";
export type { SupervisorOptions } from "./supervisor/options.ts";
export type { Change } from "./supervisor/plugin-set.ts";
export { TodoFile } from "./todo/file.ts";
export type { TodoFileOptions } from "./todo/file.ts";
export { TodoHost } from "./todo/host.ts";
export type { Outcome, Proposal, TodoHostOptions } from "./todo/host.ts";
export type { TodoList } from "./todo/list.ts";
export { parseMarkdown as parseTodos, printMarkdown as printTodos } from "./todo/markdown.ts";
export type { MarkdownDocument } from "./todo/markdown.ts";
export { reconcile as reconcileTodos } from "./todo/reconcile.ts";
