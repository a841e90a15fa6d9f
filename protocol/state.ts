/** The words for what happens to a plugin: states, exits, reports, decisions, events. Shared by supervisor and clients. */
import type { SandboxMode } from "./config.ts";
import type { ErrorCode, Settlement } from "./error.ts";
import type { PipeState } from "./pipe.ts";

/** One life of a plugin's process. */
export type SessionState = "spawning" | "handshaking" | "ready" | "draining" | "stopping" | "gone";

/** All of its lives. */
export type PluginState = "idle" | "starting" | "serving" | "backoff" | "failed" | "stopped" | "disabled";

/** Why a session ended before it was ready. Codes stand in the error table. */
export interface StartFailure {
  readonly code: Extract<
    ErrorCode,
    | "executable_not_found"
    | "not_a_file"
    | "not_executable"
    | "wrong_architecture"
    | "checksum_mismatch"
    | "binary_changed"
    | "signature_invalid"
    | "not_trusted"
    | "incompatible_protocol"
    | "incompatible_api"
    | "config_invalid"
    | "bad_description"
    | "service_not_granted"
    | "contract_mismatch"
    | "sandbox_unavailable"
    | "file_unresponsive"
    | "spawn_failed"
    | "handshake_timeout"
    | "handshake_failed"
    | "exited_in_handshake"
  >;
  readonly message: string;
  /** Both versions, both hashes, expected and found …: whatever explains it. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** How the process itself ended. */
export interface ProcessExit {
  /** Exit status, or null when a signal ended it. */
  readonly code: number | null;
  /** Name such as SIGSEGV, or null. */
  readonly signal: string | null;
  /** A core file was written; always false without the guard, which alone can tell. */
  readonly core: boolean;
  /** CPU time and memory are known with the guard only. */
  readonly userMicros?: number;
  readonly systemMicros?: number;
  readonly peakMemoryBytes?: number;
  /** The guard died first and took the plugin along: the signal is inferred. */
  readonly guardLost?: true;
}

/** What ended a session, in the supervisor's view; the process's exit may only be its consequence. */
export type EndCause =
  | { readonly kind: "requested"; readonly by: "operator" | "reload" | "idle" | "supervisor" }
  | { readonly kind: "start_failure"; readonly failure: StartFailure }
  | { readonly kind: "exit" }
  | { readonly kind: "hung"; readonly detail: string }
  /** It used more than its entry allows; `limit` is the key there, such as `max_memory`. */
  | { readonly kind: "over_limit"; readonly limit: string; readonly detail: string }
  | { readonly kind: "violation"; readonly reason: string; readonly detail: string };

/** What the restart policy makes of an end. */
export type ExitClass = "requested" | "permanent" | "transient" | "resource";

export interface Panic {
  readonly thread: string;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A sanitizer's or the C library's own words about why the process died. */
export interface Diagnosis {
  /** Such as `AddressSanitizer: heap-use-after-free`, `assertion failed`, `stack overflow`, `out of memory`. */
  readonly kind: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

/** A call that was in flight when its session ended. */
export interface LostCall {
  readonly method: string;
  readonly settlement: Exclude<Settlement, "answered">;
  /** Milliseconds since it was sent. */
  readonly ageMs: number;
  /** Absent in reports of before they were kept. */
  readonly params?: LostParams;
}

/** What a lost call was about, as far as a report keeps it. */
export type LostParams =
  /** JSON text; undefined: it had none. `secrets`: JSON pointers of what was taken out, by the method's schema. */
  | {
      readonly kept: "whole";
      readonly text: string | undefined;
      readonly secrets: readonly string[];
      /** Of the bulk data beside them, which are not kept. */
      readonly dataBytes: number;
    }
  /** Too long, or too many were in flight: the beginning, empty where it might hold a secret, and the whole size. */
  | { readonly kept: "head"; readonly head: string; readonly bytes: number; readonly dataBytes: number };

/** A call that may have killed its plugin; see `crashes --quarantine`. */
export interface QuarantinedCall {
  /** For `crashes --release`; any unique beginning of it names it. */
  readonly id: string;
  readonly plugin: string;
  readonly method: string;
  /** `suspect`: one at a time; `trial`: with nothing beside it; `guilty`: refused. */
  readonly standing: "suspect" | "trial" | "guilty";
  /** Crashes in which it was in flight, and the last few of their reports. */
  readonly crashes: number;
  readonly reports: readonly string[];
  /** Unix time of the last of them, milliseconds. */
  readonly at: number;
}

/** One message as the flight recorder kept it: the head only. */
export interface RecordedMessage {
  /** Milliseconds before the end. */
  readonly beforeMs: number;
  readonly direction: "to_plugin" | "from_plugin";
  readonly bytes: number;
  /** The first bytes as text; control characters are escaped when shown. */
  readonly head: string;
}

export type Decision =
  | { readonly action: "restart"; readonly delayMs: number; readonly attempt: number; readonly why: string }
  | { readonly action: "give_up"; readonly code: ErrorCode; readonly why: string }
  | { readonly action: "none"; readonly why: string };

export interface CrashReport {
  /** Such as `chaos-7-k3f9`; any unique beginning of it names it. */
  readonly id: string;
  readonly plugin: string;
  readonly generation: number;
  /** Unix time, milliseconds. */
  readonly at: number;
  /** One line: `panicked at src/main.rs:12:5: index out of bounds`. */
  readonly summary: string;
  readonly class: Exclude<ExitClass, "requested">;
  readonly cause: EndCause;
  readonly exit: ProcessExit | null;
  readonly pid: number | null;
  /** From spawn to exit; and from ready to exit, null when it never was ready. */
  readonly uptimeMs: number;
  readonly readyMs: number | null;
  readonly panic: Panic | null;
  readonly diagnosis: Diagnosis | null;
  readonly stderrTail: readonly string[];
  readonly messages: readonly RecordedMessage[];
  /** At most 100 of them are listed. */
  readonly lostCalls: readonly LostCall[];
  readonly lostCallCount: number;
  readonly executable: { readonly path: string; readonly sha256: string | null };
  /** What the plugin said of itself, when it got so far. */
  readonly version: string | null;
  /** `debug` builds are slower and larger: worth a line in a report. */
  readonly profile: string | null;
  readonly decision: Decision;
  /** False while the journal has not taken it. */
  readonly durable: boolean;
}

/** Everything that happens, as subscribers see it and as the journal keeps it. */
export type SupervisorEvent = {
  /** Position in the journal; 0 before it is written, and for events that are not kept. */
  readonly seq: number;
  /** Unix time, milliseconds. */
  readonly at: number;
} & EventBody;

export type EventBody =
  | { readonly type: "supervisor.started"; readonly pid: number; readonly version: string }
  | { readonly type: "supervisor.stopped"; readonly pid: number; readonly reason: string }
  | {
      readonly type: "config.loaded";
      readonly added: string[];
      readonly removed: string[];
      readonly changed: string[];
      readonly errors: string[];
    }
  | { readonly type: "config.rejected"; readonly message: string }
  | {
      readonly type: "plugin.state";
      readonly plugin: string;
      readonly from: PluginState;
      readonly to: PluginState;
      readonly why: string;
    }
  | {
      readonly type: "plugin.restart";
      readonly plugin: string;
      readonly generation: number;
      readonly delayMs: number;
      readonly attempt: number;
      readonly why: string;
      readonly report: string | null;
    }
  | {
      readonly type: "plugin.gave_up";
      readonly plugin: string;
      readonly code: ErrorCode;
      readonly why: string;
      readonly report: string | null;
    }
  | {
      readonly type: "session.state";
      readonly plugin: string;
      readonly generation: number;
      readonly from: SessionState;
      readonly to: SessionState;
      readonly pid: number | null;
      /** SHA-256 of what runs, from `handshaking` on. */
      readonly sha256?: string;
      /** What vouches for it: `sha256`, `bulkhead.lock`, `key ID`. Absent: nothing. */
      readonly vouched?: readonly string[];
      readonly exit?: ProcessExit | null;
    }
  | {
      readonly type: "session.crash";
      readonly plugin: string;
      readonly generation: number;
      readonly report: string;
      readonly summary: string;
      readonly class: CrashReport["class"];
      readonly lostCalls: number;
      readonly durable: boolean;
    }
  /** To a reader that is slower than plugins emit: so many events that are told and not kept were left out for it. */
  | { readonly type: "events.dropped"; readonly count: number }
  | {
      readonly type: "session.noise";
      readonly plugin: string;
      readonly generation: number;
      readonly text: string;
    }
  /** Published by a plugin, or by the host or one of its clients (null). Told and not kept. */
  | {
      readonly type: "plugin.event";
      readonly plugin: string | null;
      /** `api.name`. */
      readonly event: string;
      readonly params: unknown;
      /** How many events led to it. */
      readonly depth: number;
    }
  /** It failed too often in a row; the plugin's next life begins afresh. */
  | {
      readonly type: "subscription.ended";
      readonly plugin: string;
      readonly event: string;
      readonly why: string;
    }
  | {
      readonly type: "pipe.state";
      readonly pipe: string;
      /** Null: there was none before, or is none any more. */
      readonly from: PipeState | null;
      readonly to: PipeState | null;
      readonly why: string;
    }
  /** An item was delivered that may have been delivered before; the sink was told so. */
  | { readonly type: "pipe.redelivered"; readonly pipe: string; readonly cursor: string | null }
  /** An operator has accepted its file; `previous` is what was accepted before. */
  | {
      readonly type: "plugin.trusted";
      readonly plugin: string;
      readonly sha256: string;
      readonly version: string | null;
      readonly previous: { readonly sha256: string; readonly version: string | null } | null;
    }
  /** An operator has taken it out of `bulkhead.lock`. */
  | { readonly type: "plugin.distrusted"; readonly plugin: string; readonly sha256: string }
  | {
      readonly type: "operator.action";
      readonly plugin: string;
      readonly action: "start" | "stop" | "restart" | "enable" | "disable";
    };

export type EventType = EventBody["type"];

/** One line of a plugin's stderr. */
export interface LogLine {
  readonly plugin: string;
  readonly generation: number;
  readonly at: number;
  /** `border`: written by the supervisor between two lives. */
  readonly kind: "line" | "border";
  readonly level?: string;
  readonly text: string;
}

/** One wall between a plugin's process and the machine: whether it stands, and what makes or breaks it. */
export interface Enforced {
  /** Such as `files`, `network`, `calls`, or a limit under its name in the configuration. */
  readonly item: string;
  readonly holds: boolean;
  readonly why: string;
}

/** A row of `bulkhead ps`. */
export interface PluginStatus {
  readonly id: string;
  readonly state: PluginState;
  readonly why: string;
  readonly pid: number | null;
  readonly guardPid: number | null;
  readonly generation: number;
  /** Unix time at which the current session became ready. */
  readonly readySince: number | null;
  /** Restarts after crashes since the journal began, and how many of them count towards a crash loop right now. */
  readonly restarts: number;
  readonly recentFailures: number;
  /** Unix time of the next attempt, in backoff. */
  readonly retryAt: number | null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string } | null;
  readonly lastCrash: { readonly id: string; readonly at: number; readonly summary: string } | null;
  readonly version: string | null;
  readonly profile: string | null;
  readonly apis: readonly { readonly name: string; readonly version: string }[];
  readonly calls: {
    readonly inFlight: number;
    readonly waiting: number;
    readonly answered: number;
    readonly failed: number;
  };
  readonly executable: string;
  readonly sha256: string | null;
  /** What its entry asks for, and what is enforced on the process that runs: nothing, while none does. */
  readonly sandbox?: { readonly mode: SandboxMode; readonly enforced: readonly Enforced[] };
  /** The events that it has been told of, in its current life. */
  readonly subscriptions?: readonly SubscriptionStatus[];
}

export interface SubscriptionStatus {
  /** `api.name`. */
  readonly event: string;
  /** `ended`: it failed too often in a row. */
  readonly state: "on" | "ended";
  /** One after the other, up to now. */
  readonly failures: number;
  readonly delivered: number;
  /** Never delivered: too many were waiting. */
  readonly dropped: number;
}
