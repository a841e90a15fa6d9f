/**
 * The error table: every error a user can meet has a stable code, a JSON-RPC number, an owner, a cause and a next step.
 * Numbers -31999..-31900 are the supervisor's alone. ERRORS.md is generated from it.
 */

/** Whose mistake it is: the first question of anyone who reads an error. */
export type Fault = "caller" | "plugin" | "host" | "operator";

export interface ErrorEntry {
  /** JSON-RPC error code. */
  readonly number: number;
  readonly fault: Fault;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** What led to it. */
  readonly cause: string;
  /** What to do next; `P` stands for the plugin. */
  readonly hint: string;
}

const entry = (
  number: number,
  fault: Fault,
  retryable: boolean,
  words: { readonly cause: string; readonly hint: string },
): ErrorEntry => ({ number, fault, retryable, ...words });

export const errors = {
  // JSON-RPC's own
  parse_error: entry(-32700, "caller", false, {
    cause: "What was sent is not JSON.",
    hint: "Send valid JSON.",
  }),
  invalid_request: entry(-32600, "caller", false, {
    cause: "It is JSON, but no message of JSON-RPC 2.0, or one that can not come now.",
    hint: "Send a JSON-RPC 2.0 request; batches are not supported.",
  }),
  method_not_found: entry(-32601, "caller", false, {
    cause: "The plugin, or the daemon, has no method of that name in the api version in force.",
    hint: "See what the plugin offers: bulkhead describe P",
  }),
  invalid_params: entry(-32602, "caller", false, {
    cause: "The params do not fit the method; `data.path` is a JSON pointer to the value.",
    hint: "Compare the params with the method's schema: bulkhead describe P",
  }),
  internal_error: entry(-32603, "host", false, {
    cause: "Whoever answered failed in a way that it did not foresee.",
    hint: "Read the log of whoever answered: bulkhead logs P",
  }),
  cancelled: entry(-32800, "caller", false, {
    cause: "The caller cancelled it, or left.",
    hint: "Nothing: the call was cancelled on request.",
  }),

  // calls
  plugin_crashed: entry(-31900, "plugin", true, {
    cause: "The process ended while the call was in flight.",
    hint: "Read the report: bulkhead crashes ID",
  }),
  plugin_unavailable: entry(-31901, "plugin", true, {
    cause: "The plugin does not serve now: stopped, disabled, failed, waiting for its restart, or leaving.",
    hint: "See why it does not serve: bulkhead status P",
  }),
  plugin_busy: entry(-31902, "caller", true, {
    cause:
      "A bound is reached: calls in flight, calls waiting for a start, bytes that the plugin has not read, or requests to the daemon in a second.",
    hint: "Send fewer at once, or raise the bound that the message names: limits.in_flight, or one in [daemon].",
  }),
  timeout: entry(-31903, "plugin", true, {
    cause: "No answer came in time, and no progress for as long as the idle timeout.",
    hint: "Give the call more time (--timeout), or see what it does: bulkhead logs P",
  }),
  plugin_not_found: entry(-31904, "caller", false, {
    cause: "No plugin of that name is configured.",
    hint: "See which plugins exist: bulkhead ps",
  }),
  ambiguous_method: entry(-31905, "caller", false, {
    cause: "Several apis of the plugin have a method of that name.",
    hint: "Name the api as well: P.api.method",
  }),
  plugin_error: entry(-31906, "plugin", false, {
    cause: "The plugin answered with a number of the supervisor's own range.",
    hint: "The plugin used an error code that is not its own; tell its author.",
  }),
  supervisor_stopping: entry(-31907, "host", true, {
    cause: "The supervisor is on its way out and takes no more calls.",
    hint: "Try again once the supervisor runs: bulkhead up -d",
  }),
  plugin_hung: entry(-31908, "plugin", true, {
    cause: "The plugin was killed because it answered nothing any more.",
    hint: "Read the report: bulkhead crashes ID",
  }),
  too_large: entry(-31909, "caller", false, {
    cause: "A message is larger than a frame may be, or than the daemon parses.",
    hint: "Send less at once, or raise limits.frame.",
  }),

  stream_required: entry(-31910, "caller", false, {
    cause: "A streaming method was called as if it had one answer.",
    hint: "The method is a stream: read it with stream(), or with bulkhead call.",
  }),
  invalid_result: entry(-31911, "plugin", false, {
    cause: "The plugin's answer, or an item, does not fit; `data.path` is a JSON pointer to the value.",
    hint: "The plugin answered something else than its contract says; tell its author: bulkhead describe P",
  }),
  contract_mismatch: entry(-31912, "operator", false, {
    cause: "What the plugin describes does not fit the contract; every difference is listed.",
    hint: "Change the side that each difference names; see what the plugin offers: bulkhead describe P",
  }),
  contract_changed: entry(-31913, "caller", true, {
    cause:
      "The plugin was replaced by one that describes itself differently since the contract was compared.",
    hint: "Another version of the plugin runs now: compare its contract again, then call again.",
  }),

  quarantined: entry(-31914, "caller", false, {
    cause: "The same call has killed the plugin again and again, at last with nothing else in flight.",
    hint: "Read the reports, mend the plugin, or let the call go: bulkhead crashes --quarantine",
  }),

  // calls of plugins to their host
  service_not_granted: entry(-31950, "operator", false, {
    cause: "The plugin asked its host for something that its entry in the configuration does not grant.",
    hint: "Grant it in the plugin's entry of bulkhead.toml: services = [...], or calls = [...] for other plugins.",
  }),
  service_unavailable: entry(-31951, "host", true, {
    cause: "Nobody provides the service now, or its provider left.",
    hint: "Start the program that provides the service.",
  }),
  service_taken: entry(-31952, "caller", false, {
    cause: "Another client provides a service of that name.",
    hint: "One client provides it already; stop that one first.",
  }),
  too_many_hops: entry(-31953, "plugin", false, {
    cause: "Calls of plugins by plugins are nested deeper than 8, or events cause events.",
    hint: "Plugins call each other in a circle; the message names the last link.",
  }),
  storage_full: entry(-31954, "plugin", false, {
    cause: "The plugin has used up its keys or bytes, or a key or value is too large.",
    hint: "Delete what is not needed any more, or store less.",
  }),

  // pipes
  pipe_not_found: entry(-31960, "caller", false, {
    cause: "There is no pipe of that name.",
    hint: "See which pipes exist: bulkhead pipe list",
  }),

  // why a plugin can not start; none of these is retried
  executable_not_found: entry(-31920, "operator", false, {
    cause: "There is no file where `command` points.",
    hint: "Check `command` in bulkhead.toml, or build the plugin.",
  }),
  not_a_file: entry(-31921, "operator", false, {
    cause: "`command` names a directory or something else that can not be executed.",
    hint: "`command` must name the executable file itself.",
  }),
  not_executable: entry(-31922, "operator", false, {
    cause:
      "The file is no program for this system: a library, an object file, text without `#!`, or its mode lacks x.",
    hint: "Make it an executable for this system: build a binary (not a library), chmod +x.",
  }),
  wrong_architecture: entry(-31923, "operator", false, {
    cause: "The program was built for another processor or system.",
    hint: "Build the plugin for this machine, or give this platform its own command.",
  }),
  checksum_mismatch: entry(-31924, "operator", false, {
    cause: "The file is not the one whose sha256 stands in the configuration.",
    hint: "If the new file is meant to be there, update sha256 in bulkhead.toml.",
  }),
  binary_changed: entry(-31935, "operator", false, {
    cause:
      "The file is not the one that was accepted by `bulkhead trust`; both hashes are named. It was not run.",
    hint: "If the new file is meant to be there, accept it: bulkhead trust P",
  }),
  signature_invalid: entry(-31936, "operator", false, {
    cause: "The file has no signature, or none that one of the keys in the configuration has made for it.",
    hint: "Have it signed (minisign -Sm FILE), or correct the keys; see: bulkhead trust list",
  }),
  not_trusted: entry(-31937, "operator", false, {
    cause: "`[trust]` requires that something vouches for each plugin, and nothing does for this one.",
    hint: "Look at the file, then accept it: bulkhead trust P",
  }),
  sandbox_unavailable: entry(-31938, "operator", false, {
    cause:
      "The entry asks for a sandbox that this machine can not give; what is missing is named. It was not run without.",
    hint: 'Install or allow what is missing, or ask for less: sandbox = "basic"; see: bulkhead doctor',
  }),
  incompatible_protocol: entry(-31925, "plugin", false, {
    cause: "Plugin and supervisor have no protocol version in common.",
    hint: "Upgrade the side that is named.",
  }),
  incompatible_api: entry(-31926, "operator", false, {
    cause: "The plugin offers no version of an api that satisfies what is required.",
    hint: "Install a plugin version that offers the required api, or change `apis`.",
  }),
  config_invalid: entry(-31927, "operator", false, {
    cause: "The plugin, or its schema, refuses its configuration.",
    hint: "Correct the plugin's configuration: bulkhead config P",
  }),
  bad_description: entry(-31928, "plugin", false, {
    cause: "The answer to `initialize` is not a description.",
    hint: "The plugin describes itself wrongly; tell its author: bulkhead describe P",
  }),

  // why a start failed that may succeed next time
  spawn_failed: entry(-31930, "host", true, {
    cause:
      "The operating system did not start the process: out of processes, memory or descriptors, or too slow.",
    hint: "The operating system refused a process; see its limits: bulkhead doctor",
  }),
  file_unresponsive: entry(-31939, "host", true, {
    cause:
      "A file that is needed for the start was not read in time: its file system is slow, or does not answer at all.",
    hint: "See that the file system of the file that is named answers, or move the plugin to another one.",
  }),
  handshake_timeout: entry(-31931, "plugin", true, {
    cause: "The process started, and did not answer `initialize` or `activate` in time.",
    hint: "Raise timeouts.handshake, or see what it does: bulkhead logs P",
  }),
  handshake_failed: entry(-31932, "plugin", true, {
    cause: "The process answered the handshake with an error of its own.",
    hint: "See what it said: bulkhead logs P --previous",
  }),
  exited_in_handshake: entry(-31933, "plugin", true, {
    cause: "The process ended before it was ready.",
    hint: "See what it said: bulkhead logs P --previous",
  }),
  crash_loop: entry(-31934, "plugin", false, {
    cause: "It failed more often than `restart.max_failures` within `restart.window`.",
    hint: "Read the reports, then start it again: bulkhead crashes; bulkhead start P",
  }),

  // control protocol and configuration
  invalid_config: entry(-31940, "operator", false, {
    cause: "The configuration file, or an entry, is wrong; file, line and key are named.",
    hint: "Correct the file: bulkhead config check",
  }),
  daemon_unreachable: entry(-31941, "operator", true, {
    cause: "Nothing answers at the socket, or the connection ended.",
    hint: "Start it: bulkhead up -d",
  }),
  incompatible_client: entry(-31942, "operator", false, {
    cause: "Client and daemon are of different versions, or what answers is no daemon.",
    hint: "Use the bulkhead that belongs to the running daemon, or restart the daemon.",
  }),
  already_running: entry(-31943, "operator", false, {
    cause: "The state directory has a daemon.",
    hint: "Use the running one, or stop it: bulkhead down",
  }),
  crash_not_found: entry(-31944, "caller", false, {
    cause: "No report begins with that id, or several do.",
    hint: "See which reports exist: bulkhead crashes",
  }),
  daemon_failed: entry(-31945, "host", false, {
    cause: "The daemon ended, or could not start.",
    hint: "Read the daemon's log; bulkhead doctor checks the surroundings.",
  }),
  state_unusable: entry(-31949, "operator", false, {
    cause:
      "The state directory, or the lock or socket in it, can not be used: read-only, full, of somebody else, open to others.",
    hint: "Mend what the message names, or take another directory: bulkhead up --state-dir DIR; bulkhead doctor looks at it.",
  }),
  usage: entry(-31946, "caller", false, {
    cause: "The command line does not make sense.",
    hint: "See: bulkhead help",
  }),
  read_only: entry(-31948, "caller", false, {
    cause: "The connection is read-only, because the client asked for that or came by the read-only socket.",
    hint: "Connect without --read-only, to the daemon's own socket: bulkhead ps",
  }),
  todo_file_unusable: entry(-31947, "operator", false, {
    cause:
      "The file of the todo list can not be read or written: no file, not UTF-8, too large, not allowed, or a full disk.",
    hint: "Mend what the message names, or take another file: bulkhead tui --todos FILE",
  }),
} as const satisfies Record<string, ErrorEntry>;
