/** What a screen is: a state, a table of keys, a pure update, and a view. */
import type { ReactNode } from "react";
import type { Effect } from "./effect.ts";
import type { Facts } from "./facts.ts";
import type { Key } from "./keys.ts";

/** In the order of their tabs. */
export const screenIds = ["plugins", "plugin", "call", "crashes", "todos", "events"] as const;
export type ScreenId = (typeof screenIds)[number];

/** Columns and lines that a view may fill: not one more. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What a view and an update may know beside their own state. */
export interface Scene {
  readonly facts: Facts;
  /** Of the screen's own place. */
  readonly size: Size;
}

export interface Step<S, M> {
  readonly state: S;
  readonly effects: readonly Effect<M>[];
}

export function step<S, M = never>(state: S, ...effects: readonly Effect<M>[]): Step<S, M> {
  return { state, effects };
}

/** A row of the key table: what help and footer show is what is done. */
export interface Binding<S, M> {
  /** Any of them. */
  readonly keys: readonly string[];
  /** For help. */
  readonly label: string;
  /** One or two words for the footer; absent: only in help. */
  readonly hint?: string;
  /** It changes something of the daemon's, or leads to a call: a read-only connection does not have it. */
  readonly changes?: true;
  /** Absent: always. */
  readonly when?: (state: S, scene: Scene) => boolean;
  readonly run: (state: S, scene: Scene) => Step<S, M>;
}

export interface Screen<S, M> {
  readonly id: ScreenId;
  /** Its tab. */
  readonly title: string;
  readonly initial: S;
  /** It depends on the state: a form has other keys than a list. */
  readonly bindings: (state: S, scene: Scene) => readonly Binding<S, M>[];
  /** A text is being typed: keys that type something go to `type`, whatever they are bound to. */
  readonly isTyping?: (state: S, scene: Scene) => boolean;
  /** Keys that type something, and what edits text: left, right, home, end, backspace, delete, ctrl+w, ctrl+u, ctrl+k … */
  readonly type?: (state: S, key: Key, scene: Scene) => Step<S, M>;
  /** A paste, as one text; may have line breaks. */
  readonly paste?: (state: S, text: string, scene: Scene) => Step<S, M>;
  /** It comes to the front; `arg` from the effect `go`, undefined from its tab. */
  readonly open?: (state: S, arg: unknown, scene: Scene) => Step<S, M>;
  /** Another screen comes to the front: what was only for the eyes can end. */
  readonly close?: (state: S, scene: Scene) => Step<S, M>;
  /** What came back of an effect. */
  readonly update?: (state: S, message: M, scene: Scene) => Step<S, M>;
  /** The facts have changed while it is in front. */
  readonly react?: (state: S, scene: Scene, before: Facts) => Step<S, M>;
  /** What leaving the program would lose, as sentences. */
  readonly losses?: (state: S, scene: Scene) => readonly string[];
  /** The command line that does the same, for the footer: without `bulkhead`. */
  readonly command: (state: S, scene: Scene) => string;
  readonly View: (props: { readonly state: S; readonly scene: Scene }) => ReactNode;
}
