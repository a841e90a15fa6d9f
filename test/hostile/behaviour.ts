/** One row of the hostile suite: what a plugin does, and what must be seen of it. */
import type { ErrorCode, Settlement } from "../../protocol/error.ts";
import type { CrashReport, EndCause, PluginState } from "../../protocol/state.ts";

export interface Behaviour {
  /** Unique; read after "a plugin that sends", or by itself. */
  readonly name: string;
  /** Arguments of test/fixtures/hostile/hostile.c: the moment, and the deeds. */
  readonly does: readonly string[];
  /** Lines of its entry in the configuration beyond those that all have, its tables excepted. */
  readonly entry?: readonly string[];
  /** Its limits and timeouts, as they stand in the configuration. */
  readonly limits?: Readonly<Record<string, number | string>>;
  readonly timeouts?: Readonly<Record<string, number | string>>;
  /** How it is brought to it; a call of `hostile.act` unless said otherwise. */
  readonly asked?: Asked;
  readonly sees: Sees;
  /** Null: it is no reason to end its life. */
  readonly report: Reported | null;
  /** What its next life ends with, which begins by itself when its file has changed. */
  readonly afterwards?: Reported;
  /** Of the plugin, when it is over. */
  readonly state: PluginState;
  /** What is known to be missing: the test is then expected to fail, and says so when it no longer does. */
  readonly weakness?: string;
}

export type Asked =
  /** A stream of `hostile.watch`, with credit for so many items. */
  | { readonly kind: "stream"; readonly credit: number }
  /** So many calls at once, of which the first tells what the caller sees; each carries so many bytes. */
  | { readonly kind: "calls"; readonly count: number; readonly bytes: number }
  /** A call, and then others until one is lost. */
  | { readonly kind: "again" }
  /** A call, and an operator who stops it as soon as its first output is there. */
  | { readonly kind: "stopped" };

/** What the caller of `hostile.act` sees. */
export type Sees =
  | { readonly result: unknown }
  | { readonly error: ErrorCode | number; readonly settlement: Settlement; readonly message?: RegExp };

export interface Reported {
  readonly class: CrashReport["class"];
  /** Such as `violation bad_json`, `start_failure handshake_timeout`, `exit SIGSEGV`, `exit 3`, `hung`. */
  readonly reason: string;
}

/** What a report gives as the reason, in the words of the table. */
export function reasonOf(cause: EndCause, exit: CrashReport["exit"]): string {
  switch (cause.kind) {
    case "violation":
      return `violation ${cause.reason}`;
    case "start_failure":
      return `start_failure ${cause.failure.code}`;
    case "exit":
      return `exit ${exit?.signal ?? exit?.code ?? "unknown"}${exit?.guardLost === true ? " (guard lost)" : ""}`;
    case "over_limit":
      return `over ${cause.limit}`;
    case "hung":
    case "requested":
      return cause.kind;
  }
}

/** What the daemon may take and how late it may be while a plugin misbehaves: stated in docs/hostile.md, held by each row. */
export const bounds = {
  /** Beyond what was resident before, at its most. Twice a frame of the default size, and what the collector lets lie. */
  memoryBytes: 256 * 1024 * 1024,
  /** The longest turn of its event loop. Far above what is measured: the machine has other work as well. */
  delayMs: 2000,
} as const;

/** A call in flight was lost with its plugin. */
export const lost: Sees = { error: "plugin_crashed", settlement: "maybe_executed" };
/** The plugin never served, and the call was never sent. */
export const refused: Sees = { error: "plugin_unavailable", settlement: "not_sent" };
export const timedOut: Sees = { error: "timeout", settlement: "maybe_executed" };
/** The answer of a plugin that has done what it was told. */
export const answered: Sees = { result: { worked: false } };
export const succeeded: Sees = { result: { worked: true } };

export function violation(reason: string): Reported {
  return { class: "transient", reason: `violation ${reason}` };
}

/** When `hostile.act` is called. */
export function act(...deeds: string[]): string[] {
  return ["hostile.act", ...deeds];
}

/** The answer that is due, with this in the place of its result. */
export function resultFrame(json: string): string[] {
  return ["frame", `{"jsonrpc":"2.0","id":%i,"result":${json}}`];
}

/** One frame around so many bytes of filling, %i being one digit, as the ids of first calls are. */
export function largeFrame(open: string, bytes: number, close: string): string[] {
  const piece = "x".repeat(64);
  const length = open.replace("%i", "3").length + bytes + close.length;
  return [
    "say",
    `Content-Length: ${length}\\r\\n\\r\\n${open}`,
    "repeat",
    String(bytes / piece.length),
    "say",
    piece,
    "say",
    close,
  ];
}

/** A message that ends its sender's life while the call is in flight. */
export function breaks(name: string, deeds: readonly string[], reason: string): Behaviour {
  return { name, does: act(...deeds), sees: lost, report: violation(reason), state: "failed" };
}

/** What is put up with: the call that is in flight meanwhile is answered. */
export function endures(name: string, deeds: readonly string[], sees: Sees = answered): Behaviour {
  return { name, does: act(...deeds), sees, report: null, state: "serving" };
}
