/** What the todo screen remembers, and what comes back to it. */
import type { PluginSettings } from "../../../../protocol/control-results.ts";
import type { BulkheadError } from "../../../../protocol/error.ts";
import type { TodoId } from "../../../../protocol/todo.ts";
import type { Outcome, Proposal } from "../../../todo/host.ts";
import type { Answer } from "../../effect.ts";
import { noFilter } from "../../parts/filter.ts";
import { listTop } from "../../parts/list.ts";
import type { ListPosition } from "../../parts/list.ts";
import type { TextInput } from "../../parts/text-input.ts";
import type { Binding, Step } from "../../screen.ts";
import type { Place } from "./edits.ts";
import type { Reference } from "./proposal.ts";
import type { Look } from "./rows.ts";
import type { SettingsMode } from "./settings.ts";

export interface TodosState {
  readonly look: Look;
  /** The todo under the cursor; the position says where it was when it is not there any more. */
  readonly cursor: TodoId | null;
  readonly position: ListPosition;
  /** Chosen for what comes next. */
  readonly marked: ReadonlySet<TodoId>;
  /** The details of the todo under the cursor stand beside or below the list. */
  readonly showsDetails: boolean;
  readonly mode: Mode;
  /** How often plugins were asked something: gives each time a name. */
  readonly asked: number;
  /** Why there is no list. */
  readonly failure: BulkheadError | null;
}

export type Mode =
  | { readonly kind: "list" }
  | TitleMode
  | NotesMode
  | DueMode
  /** A key names the state. */
  | { readonly kind: "state" }
  | { readonly kind: "choose"; readonly what: "generate" | "settings"; readonly position: ListPosition }
  | InputMode
  | WaitingMode
  | PreviewMode
  | { readonly kind: "actions"; readonly position: ListPosition }
  | { readonly kind: "details"; readonly top: number }
  | { readonly kind: "activity"; readonly position: ListPosition; readonly isFollowing: boolean }
  | SettingsMode;

export type ModeOf<K extends Mode["kind"]> = Extract<Mode, { kind: K }>;

export interface TitleMode {
  readonly kind: "title";
  readonly target:
    | { readonly what: "new"; readonly place: Place }
    | { readonly what: "todo"; readonly id: TodoId };
  readonly input: TextInput;
}

export interface NotesMode {
  readonly kind: "notes";
  readonly id: TodoId;
  readonly input: TextInput;
  /** Esc was pressed once, and something would be lost. */
  readonly isLeaving: boolean;
}

export interface DueMode {
  readonly kind: "due";
  readonly ids: readonly TodoId[];
  readonly input: TextInput;
}

/** What is typed for an action of a plugin. */
export interface InputMode {
  readonly kind: "input";
  readonly plugin: string;
  readonly action: string;
  readonly input: TextInput;
}

export interface WaitingMode {
  readonly kind: "waiting";
  /** By which it can be cancelled. */
  readonly ask: string;
  readonly plugin: string;
  readonly action: string;
  /** What was typed. */
  readonly input: string;
}

export interface PreviewMode {
  readonly kind: "preview";
  readonly proposal: Proposal;
  readonly dropped: ReadonlySet<Reference>;
  readonly position: ListPosition;
}

export type TodosMessage =
  | { readonly type: "opened"; readonly answer: Answer<null> }
  | { readonly type: "applied"; readonly answer: Answer<Outcome | null> }
  | {
      readonly type: "turned";
      readonly done: "undone" | "done again";
      readonly answer: Answer<string | null>;
    }
  | { readonly type: "proposed"; readonly ask: string; readonly answer: Answer<Proposal> }
  | { readonly type: "accepted"; readonly preview: PreviewMode; readonly answer: Answer<Outcome> }
  | { readonly type: "ran"; readonly what: string; readonly answer: Answer<Outcome> }
  | { readonly type: "settings"; readonly plugin: string; readonly answer: Answer<PluginSettings> }
  | { readonly type: "configured"; readonly plugin: string; readonly answer: Answer<PluginSettings> };

export type TodosBinding = Binding<TodosState, TodosMessage>;
export type TodosStep = Step<TodosState, TodosMessage>;

const listMode: Mode = { kind: "list" };

export const initialTodos: TodosState = {
  look: { folded: new Set(), filter: noFilter, hidesDone: false },
  cursor: null,
  position: listTop,
  marked: new Set(),
  showsDetails: false,
  mode: listMode,
  asked: 0,
  failure: null,
};

export function backToList(state: TodosState): TodosState {
  return { ...state, mode: listMode };
}
