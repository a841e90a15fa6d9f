/** Which keys there are in which mode, and where what is typed goes. */
import { todos } from "../../effect.ts";
import type { Key } from "../../keys.ts";
import { edited, inserted } from "../../parts/text-input.ts";
import type { TextInput } from "../../parts/text-input.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { chooseKeys, inputKeys, waitingKeys } from "./ask-keys.ts";
import { statesOf } from "./edit-keys.ts";
import { filtering } from "./look-keys.ts";
import { actionKeys, actionMenuKeys, activityKeys, detailKeys, ownListKeys } from "./page-keys.ts";
import { previewKeys } from "./preview-keys.ts";
import { settingsKeys } from "./settings-keys.ts";
import type { TodosBinding, TodosMessage, TodosState, TodosStep } from "./state.ts";
import { dueKeys, notesKeys, titleKeys } from "./text-keys.ts";

const retrying: readonly TodosBinding[] = [
  {
    keys: ["r"],
    label: "try to open the list again",
    hint: "try again",
    run: (state) =>
      step(
        { ...state, failure: null },
        todos(
          () => null,
          (answer): TodosMessage => ({ type: "opened", answer }),
        ),
      ),
  },
];

export function bindingsOf(state: TodosState, scene: Scene): readonly TodosBinding[] {
  const { mode, look } = state;
  if (scene.facts.todos === null) return state.failure === null ? [] : retrying;
  switch (mode.kind) {
    case "list":
      return look.filter.isTyping ? filtering.bindings : [...ownListKeys, ...actionKeys(scene)];
    case "title":
      return titleKeys(mode);
    case "notes":
      return notesKeys(mode);
    case "due":
      return dueKeys(mode);
    case "state":
      return statesOf;
    case "choose":
      return chooseKeys(mode);
    case "input":
      return inputKeys(mode);
    case "waiting":
      return waitingKeys(mode);
    case "preview":
      return previewKeys(mode);
    case "actions":
      return actionMenuKeys(mode, scene);
    case "details":
      return detailKeys(mode);
    case "activity":
      return activityKeys(mode);
    case "settings":
      return settingsKeys(mode);
    default:
      return mode satisfies never;
  }
}

export function isTyping(state: TodosState, { facts }: Scene): boolean {
  return facts.todos !== null && (inputOf(state) !== null || state.look.filter.isTyping);
}

/** The text that is being typed, the filter's apart. */
function inputOf({ mode }: TodosState): TextInput | null {
  switch (mode.kind) {
    case "title":
    case "notes":
    case "due":
    case "input":
      return mode.input;
    case "settings":
      return mode.typing;
    default:
      return null;
  }
}

/** What was typed and is nowhere else yet. */
export function lossesOf({ mode }: TodosState, { facts }: Scene): readonly string[] {
  switch (mode.kind) {
    case "notes":
      return (facts.todos?.list.todos.get(mode.id)?.notes ?? "") === mode.input.text
        ? []
        : ["Notes that were typed are not kept yet."];
    case "settings":
      return mode.edits.size === 0 ? [] : [`Settings of ${mode.plugin} are changed and not kept yet.`];
    default:
      return [];
  }
}

export function type(state: TodosState, key: Key, scene: Scene): TodosStep {
  const input = inputOf(state);
  return input === null ? filtering.type(state, key, scene) : step(withInput(state, edited(input, key)));
}

export function paste(state: TodosState, text: string, scene: Scene): TodosStep {
  const input = inputOf(state);
  if (input === null) return filtering.paste(state, text, scene);
  const lines = text.replaceAll(/\r\n?/g, "\n");
  // Only notes have more than one line.
  const fitting = state.mode.kind === "notes" ? lines : lines.replaceAll(/\s+/g, " ");
  return step(withInput(state, inserted(input, fitting)));
}

function withInput(state: TodosState, input: TextInput): TodosState {
  const { mode } = state;
  switch (mode.kind) {
    case "title":
    case "due":
    case "input":
      return { ...state, mode: { ...mode, input } };
    case "notes":
      return { ...state, mode: { ...mode, input, isLeaving: false } };
    case "settings":
      return { ...state, mode: { ...mode, typing: input, problem: null } };
    default:
      return state;
  }
}
