/** What the screen remembers. Pure. */
import type { Answer, CallNews } from "../../effect.ts";
import type { Form } from "../../form/form.ts";
import { listTop } from "../../parts/list.ts";
import type { ListPosition } from "../../parts/list.ts";
import { emptyInput } from "../../parts/text-input.ts";
import type { TextInput } from "../../parts/text-input.ts";
import type { Binding, Step } from "../../screen.ts";
import type { Drawing } from "../../shapes/shapes.ts";
import type { Tone } from "../../theme.ts";
import type { Target } from "./methods.ts";

export interface CallState {
  /** Which part has the keys. */
  readonly part: "picker" | "form" | "result" | "history";
  readonly picker: Picker;
  /** What would be called. */
  readonly draft: Draft | null;
  /** What was called last. */
  readonly call: Call | null;
  /** Newest first. Never written to a disk: params may hold secrets. */
  readonly history: readonly PastCall[];
  readonly historyAt: ListPosition;
  /** It was asked for before the plugin has said what it has. */
  readonly wanted: Wanted | null;
  /** Calls made so far. */
  readonly count: number;
}

export interface Picker {
  readonly input: TextInput;
  /** Keys go to the text. */
  readonly isTyping: boolean;
  readonly position: ListPosition;
  /** Plugins that were asked what they have, which may start them. */
  readonly asked: ReadonlySet<string>;
}

export interface Draft {
  readonly target: Target;
  readonly form: Form;
  /** It was said that the plugin will refuse this: the next time it is called all the same. */
  readonly isWarned: boolean;
}

export interface Call {
  readonly id: string;
  readonly target: Target;
  readonly params: unknown;
  /** Unix time. */
  readonly at: number;
  readonly elapsedMs: number;
  readonly progress: unknown;
  /** Of a stream, the latest ones. */
  readonly items: readonly unknown[];
  /** All that came. */
  readonly itemCount: number;
  /** Null: it is under way. */
  readonly answer: Answer<unknown> | null;
  /** How it is drawn: one of `looksOf`. */
  readonly look: string;
  /** Null: there is nothing to draw, or lines of items, which need no drawing. */
  readonly drawing: Drawing | null;
  /** The first line in sight. */
  readonly top: number;
  /** The end stays in sight. */
  readonly isFollowing: boolean;
}

export interface PastCall {
  readonly id: string;
  readonly target: Target;
  readonly params: unknown;
  readonly at: number;
  /** Null: it is under way. */
  readonly outcome: { readonly words: string; readonly tone: Tone; readonly elapsedMs: number } | null;
}

export interface Wanted {
  readonly plugin: string;
  /** `api.method`; absent: any of the plugin's. */
  readonly method?: string | undefined;
  readonly params?: unknown;
}

export interface CallMessage {
  readonly type: "news";
  readonly news: CallNews;
}

export type CallStep = Step<CallState, CallMessage>;
export type CallBinding = Binding<CallState, CallMessage>;

/** Items of a stream that stay. */
export const mostItems = 2000;
export const mostHistory = 100;

export const initialCallState: CallState = {
  part: "picker",
  picker: { input: emptyInput, isTyping: true, position: listTop, asked: new Set() },
  draft: null,
  call: null,
  history: [],
  historyAt: listTop,
  wanted: null,
  count: 0,
};

export function isRunning(call: Call | null): call is Call {
  return call !== null && call.answer === null;
}
