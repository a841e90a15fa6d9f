/** The keys of the form that is called with. Pure. */
import type { Key } from "../../keys.ts";
import { pastedInForm, typedInForm } from "../../form/edit.ts";
import { formKeys } from "../../form/form-keys.ts";
import { isOnSubmit } from "../../form/form.ts";
import type { Form } from "../../form/form.ts";
import { step } from "../../screen.ts";
import { callCommand } from "../../../text/command-line.ts";
import { paramsOf } from "./methods.ts";
import { submitted } from "./calling.ts";
import { toHistory, toMethods } from "./picker-keys.ts";
import type { CallBinding, CallState, CallStep, Draft } from "./state.ts";

/** Another thought takes a warning back. */
function withForm(state: CallState, change: (form: Form) => Form): CallStep {
  if (state.draft === null) return step(state);
  return step({ ...state, draft: { ...state.draft, form: change(state.draft.form), isWarned: false } });
}

const isThere = (test: (form: Form) => boolean): NonNullable<CallBinding["when"]> => {
  return ({ draft }) => draft !== null && test(draft.form);
};

const own: readonly CallBinding[] = [
  { keys: ["enter"], label: "call", hint: "call", changes: true, when: isThere(isOnSubmit), run: submitted },
  { keys: ["ctrl+s"], label: "call", hint: "call", changes: true, run: submitted },
  {
    keys: ["esc"],
    label: "back to the methods",
    hint: "methods",
    run: (state) => step(toMethods(state)),
  },
];

const more: readonly CallBinding[] = [
  {
    keys: ["ctrl+l"],
    label: "to the last answer",
    hint: "answer",
    when: ({ call }) => call !== null,
    run: (state) => step({ ...state, part: "result" }),
  },
  { ...toHistory, keys: ["alt+h"] },
  {
    keys: ["ctrl+y"],
    label: "copy the command that does the same",
    when: isThere(() => true),
    run: (state) =>
      state.draft === null
        ? step(state)
        : step(state, { do: "copy", text: draftCommand(state.draft), what: "the command" }),
  },
  {
    keys: ["ctrl+g"],
    label: "this help",
    hint: "keys",
    run: (state) => step(state, { do: "overlay", overlay: "help" }),
  },
];

export const draftKeys: readonly CallBinding[] = [
  ...own,
  ...formKeys.map(({ keys, label, hint, when, run }): CallBinding => ({
    keys,
    label,
    ...(hint === undefined ? {} : { hint }),
    when: isThere(when),
    run: (state) => withForm(state, run),
  })),
  ...more,
];

export function draftCommand({ target, form }: Draft): string {
  return callCommand(target.plugin, target.short, form.value, paramsOf(target));
}

export function typedInDraft(state: CallState, key: Key): CallStep {
  return withForm(state, (form) => typedInForm(form, key));
}

export function pastedInDraft(state: CallState, text: string): CallStep {
  return withForm(state, (form) => pastedInForm(form, text));
}
