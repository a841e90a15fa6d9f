/** The keys of the list of methods. Pure. */
import type { Effect } from "../../effect.ts";
import type { Key } from "../../keys.ts";
import { listTop, movedList, moveKeys } from "../../parts/list.ts";
import type { Move } from "../../parts/list.ts";
import { edited, emptyInput, inserted } from "../../parts/text-input.ts";
import type { TextInput } from "../../parts/text-input.ts";
import { screenIds, step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { drafted } from "./calling.ts";
import { askedByName } from "./methods.ts";
import { chosenIn, foundIn, listRows } from "./picker-lines.ts";
import type { CallBinding, CallState, CallStep, Picker, Wanted } from "./state.ts";

function moved(state: CallState, move: Move, scene: Scene): CallStep {
  const count = foundIn(state, scene).length;
  const position = movedList(state.picker.position, move, count, listRows(scene));
  return step(picking(state, { position }));
}

/** Whoever does something else does not wait for an answer any more. */
function picking(state: CallState, change: Partial<Picker>): CallState {
  return { ...state, picker: { ...state.picker, ...change }, wanted: null };
}

function chosen(state: CallState, scene: Scene): CallStep {
  const entry = chosenIn(state, scene);
  if (entry === undefined) return step(state);
  return entry.kind === "target"
    ? step(drafted(state, entry.target, undefined, scene))
    : awaiting(asking(state, entry.name), { plugin: entry.name });
}

/** What it has is shown as soon as it is known. */
function awaiting({ state, effects }: CallStep, wanted: Wanted): CallStep {
  return step({ ...state, wanted }, ...effects);
}

/** Asks a plugin what it has; one that never ran is started for it. */
function asking(state: CallState, plugin: string): CallStep {
  const asked = new Set(state.picker.asked).add(plugin);
  return step(picking(state, { asked }), { do: "describe", plugin });
}

const choose: CallBinding = { keys: ["enter"], label: "fill in its form", hint: "choose", run: chosen };

const toDraft: CallBinding = {
  keys: ["tab"],
  label: "back to the form",
  hint: "form",
  when: ({ draft }) => draft !== null,
  run: (state) => step({ ...state, part: "form" }),
};

/** Back to the list, where keys are keys: `/` types on, a digit shows another screen. */
export function toMethods(state: CallState): CallState {
  return { ...picking(state, { isTyping: false }), part: "picker" };
}

export const toHistory: CallBinding = {
  keys: ["h"],
  label: "the calls of this session",
  hint: "history",
  run: (state) => step({ ...state, part: "history", historyAt: listTop }),
};

/** While a text is typed: letters are not free. */
const typedMoves: readonly {
  readonly keys: readonly string[];
  readonly label: string;
  readonly move: Move;
}[] = [
  { keys: ["down", "ctrl+n"], label: "down", move: "down" },
  { keys: ["up", "ctrl+p"], label: "up", move: "up" },
  { keys: ["pagedown"], label: "a page down", move: "page-down" },
  { keys: ["pageup"], label: "a page up", move: "page-up" },
];

const typingKeys: readonly CallBinding[] = [
  choose,
  {
    keys: ["esc"],
    label: "keep what was typed, and let the keys do something else",
    hint: "to the list",
    run: (state) => step(picking(state, { isTyping: false })),
  },
  toDraft,
  { ...toHistory, keys: ["alt+h"] },
  ...typedMoves.map(({ keys, label, move }): CallBinding => ({
    keys,
    label,
    run: (state, scene) => moved(state, move, scene),
  })),
];

const listKeys: readonly CallBinding[] = [
  choose,
  {
    keys: ["/"],
    label: "find a method by its name or its description",
    hint: "find",
    run: (state) => step(picking(state, { isTyping: true })),
  },
  toDraft,
  toHistory,
  ...moveKeys.map(({ keys, label, move }): CallBinding => ({
    keys,
    label,
    run: (state, scene) => moved(state, move, scene),
  })),
  {
    keys: ["esc"],
    label: "show all methods again",
    when: ({ picker }) => picker.input.text !== "",
    run: (state) => step(picking(state, { input: emptyInput, position: listTop })),
  },
];

export function pickerKeys({ picker }: CallState): readonly CallBinding[] {
  return picker.isTyping ? typingKeys : listKeys;
}

/** No name begins with a digit and none has such signs, so these keys stay what they are everywhere. */
function elsewhere(key: Key, { text }: TextInput): Effect<never> | undefined {
  if (key.text === "?") return { do: "overlay", overlay: "help" };
  if (key.text === ":") return { do: "overlay", overlay: "palette" };
  const screen = text === "" && /^[1-9]$/.test(key.text) ? screenIds[Number(key.text) - 1] : undefined;
  return screen === undefined ? undefined : { do: "go", screen };
}

export function typedInPicker(state: CallState, key: Key, scene: Scene): CallStep {
  const effect = elsewhere(key, state.picker.input);
  if (effect !== undefined) return step(state, effect);
  return searched(state, edited(state.picker.input, key), scene);
}

export function pastedInPicker(state: CallState, text: string, scene: Scene): CallStep {
  return searched(state, inserted(state.picker.input, text.replaceAll(/\s+/g, " ")), scene);
}

function searched(state: CallState, input: TextInput, { facts }: Scene): CallStep {
  const isSame = input.text === state.picker.input.text;
  const next = picking(state, { input, ...(isSame ? {} : { position: listTop }) });
  const plugin = askedByName(facts, input.text);
  return plugin === undefined || state.picker.asked.has(plugin) ? step(next) : asking(next, plugin);
}
