/** What is to be done beside changing the state: data, run by `runner.ts`. `M` is the message that comes back. */
import type { ControlMethod, ControlParams } from "../../protocol/control.ts";
import type { ResultOf } from "../../protocol/control-results.ts";
import type { BulkheadError } from "../../protocol/error.ts";
import type { LogLine } from "../../protocol/state.ts";
import type { ScreenId } from "./screen.ts";
import type { Tone } from "./theme.ts";
import type { TodoDesk } from "./todos/desk.ts";

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: BulkheadError };

/** How a call to a plugin goes on. Several messages of one turn come as one. */
export interface CallNews {
  readonly id: string;
  /** The latest one. */
  readonly progress?: unknown;
  /** Of a stream, in order; those that came since the last news. */
  readonly items?: readonly unknown[];
  /** It is over. */
  readonly answer?: Answer<unknown>;
  /** Since it was made, milliseconds. */
  readonly elapsedMs: number;
}

export interface PluginCall {
  /** The screen's own name for it. */
  readonly id: string;
  /** `plugin/api.method` */
  readonly target: string;
  readonly params: unknown;
  readonly isStream: boolean;
  /** In all, milliseconds. */
  readonly timeout?: number;
}

export interface LogQuery {
  readonly plugin?: string;
  /** 0: this life, 1: the one before; absent: all that is kept. */
  readonly previous?: number;
  readonly lines: number;
  readonly follow: boolean;
}

export type Effect<M> =
  | {
      readonly do: "control";
      readonly method: ControlMethod;
      readonly params: unknown;
      /** Absent: a failure is shown as a notice. */
      readonly reply?: ((answer: Answer<never>) => M) | undefined;
    }
  | { readonly do: "call"; readonly call: PluginCall; readonly reply: (news: CallNews) => M }
  | { readonly do: "cancel"; readonly id: string }
  /** Puts what the plugin says of itself into the facts. Another one of the same plugin is under way: nothing. */
  | { readonly do: "describe"; readonly plugin: string }
  /**
   * One at a time: another one ends the one before. Lines come in batches; `isReset`: what was shown before is gone;
   * `dropped`: so many before these came faster than they could be shown, and were left out.
   */
  | {
      readonly do: "log";
      readonly query: LogQuery;
      readonly reply: (lines: readonly LogLine[], isReset: boolean, dropped: number) => M;
    }
  | { readonly do: "stop_log" }
  /** Something for the todo list: the desk is made when it is first asked for. */
  | {
      readonly do: "todos";
      readonly ask: (desk: TodoDesk) => unknown;
      readonly reply?: ((answer: Answer<never>) => M) | undefined;
    }
  /** To the clipboard of whoever looks at the terminal (OSC 52). */
  | { readonly do: "copy"; readonly text: string; readonly what: string }
  /** In $PAGER, with this program out of the way. */
  | { readonly do: "pager"; readonly text: string }
  /** Back to the shell, until it is continued there. */
  | { readonly do: "suspend" }
  | { readonly do: "notice"; readonly tone: Tone; readonly text: string }
  /** Asks first; `yes` is what comes then. */
  | { readonly do: "confirm"; readonly question: string; readonly yes: Effect<M> }
  /** Shows another screen; `arg` goes to its `open`. */
  | { readonly do: "go"; readonly screen: ScreenId; readonly arg?: unknown }
  | { readonly do: "overlay"; readonly overlay: "help" | "palette" }
  /** Asks first where something would be lost, unless that is agreed to. */
  | { readonly do: "quit"; readonly isAgreed?: boolean };

/** A method of the daemon, with its types. */
export function control<K extends ControlMethod, M = never>(
  method: K,
  params: ControlParams<K>,
  reply?: (answer: Answer<ResultOf<K>>) => M,
): Effect<M> {
  return { do: "control", method, params, reply };
}

export function todos<T, M = never>(
  ask: (desk: TodoDesk) => T | Promise<T>,
  reply?: (answer: Answer<Awaited<T>>) => M,
): Effect<M> {
  return { do: "todos", ask, reply };
}

export function notice(tone: Tone, text: string): Effect<never> {
  return { do: "notice", tone, text };
}

/** The same effect with its message in an envelope. */
export function mapped<M, N>(effect: Effect<M>, wrap: (message: M) => N): Effect<N> {
  switch (effect.do) {
    case "control":
    case "todos": {
      const { reply } = effect;
      return { ...effect, reply: reply && ((answer: Answer<never>) => wrap(reply(answer))) };
    }
    case "call":
      return { ...effect, reply: (news: CallNews) => wrap(effect.reply(news)) };
    case "log":
      return {
        ...effect,
        reply: (lines: readonly LogLine[], isReset: boolean, dropped: number) =>
          wrap(effect.reply(lines, isReset, dropped)),
      };
    case "confirm":
      return { ...effect, yes: mapped(effect.yes, wrap) };
    case "cancel":
    case "describe":
    case "stop_log":
    case "copy":
    case "pager":
    case "suspend":
    case "notice":
    case "go":
    case "overlay":
    case "quit":
      return effect;
    default:
      return effect satisfies never;
  }
}
