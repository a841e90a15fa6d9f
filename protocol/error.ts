/**
 * The error table: every error a user can meet has a stable code, a JSON-RPC number, an owner and a next step.
 * Numbers -31999..-31900 are the supervisor's alone; a plugin that sends one has it turned into `plugin_error`.
 */

/** Whose mistake it is: the first question of anyone who reads an error. */
export type Fault = "caller" | "plugin" | "host" | "operator";

/** What is known about a call that did not end with an answer of the plugin. */
export type Settlement = "answered" | "not_sent" | "maybe_executed";
const settlements: readonly Settlement[] = ["answered", "not_sent", "maybe_executed"];

export interface ErrorEntry {
  /** JSON-RPC error code. */
  readonly number: number;
  readonly fault: Fault;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** What to do next; `P` stands for the plugin. */
  readonly hint: string;
}

const entry = (number: number, fault: Fault, retryable: boolean, hint: string): ErrorEntry => ({
  number,
  fault,
  retryable,
  hint,
});

export const errors = {
  // JSON-RPC's own
  parse_error: entry(-32700, "caller", false, "Send valid JSON."),
  invalid_request: entry(-32600, "caller", false, "Send a JSON-RPC 2.0 request; batches are not supported."),
  method_not_found: entry(-32601, "caller", false, "See what the plugin offers: bulkhead describe P"),
  invalid_params: entry(
    -32602,
    "caller",
    false,
    "Compare the params with the method's schema: bulkhead describe P",
  ),
  internal_error: entry(-32603, "host", false, "Read the log of whoever answered: bulkhead logs P"),
  cancelled: entry(-32800, "caller", false, "Nothing: the call was cancelled on request."),

  // calls
  plugin_crashed: entry(-31900, "plugin", true, "Read the report: bulkhead crashes ID"),
  plugin_unavailable: entry(-31901, "plugin", true, "See why it does not serve: bulkhead status P"),
  plugin_busy: entry(-31902, "caller", true, "Send fewer calls at once, or raise limits.in_flight."),
  timeout: entry(
    -31903,
    "plugin",
    true,
    "Give the call more time (--timeout), or see what it does: bulkhead logs P",
  ),
  plugin_not_found: entry(-31904, "caller", false, "See which plugins exist: bulkhead ps"),
  ambiguous_method: entry(-31905, "caller", false, "Name the api as well: P.api.method"),
  plugin_error: entry(
    -31906,
    "plugin",
    false,
    "The plugin used an error code that is not its own; tell its author.",
  ),
  supervisor_stopping: entry(-31907, "host", true, "Try again once the supervisor runs: bulkhead up -d"),
  plugin_hung: entry(-31908, "plugin", true, "Read the report: bulkhead crashes ID"),
  too_large: entry(-31909, "caller", false, "Send less at once, or raise limits.frame."),

  // why a plugin can not start; none of these is retried
  executable_not_found: entry(
    -31920,
    "operator",
    false,
    "Check `command` in bulkhead.toml, or build the plugin.",
  ),
  not_a_file: entry(-31921, "operator", false, "`command` must name the executable file itself."),
  not_executable: entry(
    -31922,
    "operator",
    false,
    "Make it an executable for this system: build a binary (not a library), chmod +x.",
  ),
  wrong_architecture: entry(
    -31923,
    "operator",
    false,
    "Build the plugin for this machine, or give this platform its own command.",
  ),
  checksum_mismatch: entry(
    -31924,
    "operator",
    false,
    "If the new file is meant to be there, update sha256 in bulkhead.toml.",
  ),
  incompatible_protocol: entry(-31925, "plugin", false, "Upgrade the side that is named."),
  incompatible_api: entry(
    -31926,
    "operator",
    false,
    "Install a plugin version that offers the required api, or change `apis`.",
  ),
  config_invalid: entry(
    -31927,
    "operator",
    false,
    "Correct the plugin's configuration: bulkhead config check",
  ),
  bad_description: entry(
    -31928,
    "plugin",
    false,
    "The plugin describes itself wrongly; tell its author: bulkhead describe P",
  ),

  // why a start failed that may succeed next time
  spawn_failed: entry(
    -31930,
    "host",
    true,
    "The operating system refused a process; see its limits: bulkhead doctor",
  ),
  handshake_timeout: entry(
    -31931,
    "plugin",
    true,
    "Raise timeouts.handshake, or see what it does: bulkhead logs P",
  ),
  handshake_failed: entry(-31932, "plugin", true, "See what it said: bulkhead logs P --previous"),
  exited_in_handshake: entry(-31933, "plugin", true, "See what it said: bulkhead logs P --previous"),
  crash_loop: entry(
    -31934,
    "plugin",
    false,
    "Read the reports, then start it again: bulkhead crashes; bulkhead start P",
  ),

  // control protocol and configuration
  invalid_config: entry(-31940, "operator", false, "Correct the file: bulkhead config check"),
  daemon_unreachable: entry(-31941, "operator", true, "Start it: bulkhead up -d"),
  incompatible_client: entry(
    -31942,
    "operator",
    false,
    "Use the bulkhead that belongs to the running daemon, or restart the daemon.",
  ),
  already_running: entry(-31943, "operator", false, "Use the running one, or stop it: bulkhead down"),
  crash_not_found: entry(-31944, "caller", false, "See which reports exist: bulkhead crashes"),
  daemon_failed: entry(
    -31945,
    "host",
    false,
    "Read the daemon's log; bulkhead doctor checks the surroundings.",
  ),
  usage: entry(-31946, "caller", false, "See: bulkhead help"),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errors;

/** Numbers that only the supervisor may send. */
export const reserved = { min: -31999, max: -31900 } as const;

/** Codes that a plugin answers during the handshake. */
export const handshakeCodes = { incompatibleProtocol: -32001, configInvalid: -32002 } as const;

const byNumber = new Map<number, ErrorCode>(
  Object.keys(errors)
    .filter(isErrorCode)
    .map((code) => [errors[code].number, code]),
);

/** The stable code of a JSON-RPC number, when the table knows it. */
export function codeOf(number: number): ErrorCode | undefined {
  return byNumber.get(number);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errors, code);
}

function numbersOf(code: ErrorCode): readonly number[] {
  const own = errors[code].number;
  if (code === "incompatible_protocol") return [own, handshakeCodes.incompatibleProtocol];
  return code === "config_invalid" ? [own, handshakeCodes.configInvalid] : [own];
}

/** What travels in `error.data` when the supervisor answers in a plugin's place. */
export interface ErrorData {
  readonly code: string;
  readonly settlement: Settlement;
  /** Id of the crash report, for `bulkhead crashes ID`. */
  readonly report?: string;
  /** Milliseconds after which a retry makes sense. */
  readonly retryAfterMs?: number;
  /** Near misses, choices, expected and found values: whatever helps. */
  readonly detail?: unknown;
}

/** An error answer as it stands on the wire. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** The error that users of the TypeScript api catch; match on `code`, never on the message. */
export class BulkheadError extends Error {
  override readonly name = "BulkheadError";
  /** Stable code from the table, or the plugin's own `data.code`, or `rpc_<number>`. */
  readonly code: string;
  readonly number: number;
  readonly data: unknown;
  readonly settlement: Settlement | undefined;
  readonly report: string | undefined;

  constructor(code: string, message: string, number: number, data?: unknown) {
    super(message);
    this.code = code;
    this.number = number;
    this.data = data;
    const known = isObject(data) ? data : {};
    // Data may come from a plugin, which may put anything there.
    this.settlement = settlements.find((each) => each === known["settlement"]);
    this.report = typeof known["report"] === "string" ? known["report"] : undefined;
  }

  get hint(): string | undefined {
    return isErrorCode(this.code) ? errors[this.code].hint : undefined;
  }

  /** From the table. */
  static of(code: ErrorCode, message: string, data: Partial<ErrorData> = {}): BulkheadError {
    return new BulkheadError(code, message, errors[code].number, { code, settlement: "not_sent", ...data });
  }

  /** From an error answer. A code of the table counts only with its own number: a plugin may not borrow one. */
  static from(error: RpcError): BulkheadError {
    const told =
      isObject(error.data) && typeof error.data["code"] === "string" ? error.data["code"] : undefined;
    const borrowed = told !== undefined && isErrorCode(told) && !numbersOf(told).includes(error.code);
    const own = borrowed ? undefined : told;
    return new BulkheadError(
      own ?? codeOf(error.code) ?? `rpc_${error.code}`,
      error.message,
      error.code,
      error.data,
    );
  }

  toRpc(): RpcError {
    return { code: this.number, message: this.message, data: this.data };
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
