/** Keys of the list that change todos. */
import type { TodoState } from "../../../../protocol/todo.ts";
import { plural } from "../../../text/words.ts";
import { todos } from "../../effect.ts";
import { noFilter } from "../../parts/filter.ts";
import { emptyInput, inputOf } from "../../parts/text-input.ts";
import { step } from "../../screen.ts";
import { deleted, indented, outdented, prioritised, shifted, toggled, urgent, withState } from "./edits.ts";
import type { Deletion, Place } from "./edits.ts";
import { applying, at, atAll, atOne, atTodo } from "./here.ts";
import { targets } from "./layout.ts";
import { looking } from "./look-keys.ts";
import { backToList } from "./state.ts";
import type { TodosBinding, TodosMessage, TodosState, TodosStep } from "./state.ts";

function adding(state: TodosState, place: Place): TodosStep {
  // A filter would hide what is being added.
  const clear = looking(state, { filter: noFilter });
  return step({ ...clear, mode: { kind: "title", target: { what: "new", place }, input: emptyInput } });
}

export const editNotes: TodosBinding = {
  keys: ["e"],
  label: "edit the notes",
  run: atTodo((state, { id, notes }) => {
    const input = inputOf(notes ?? "");
    return step({ ...state, cursor: id, mode: { kind: "notes", id, input, isLeaving: false } });
  }),
};

const writing: readonly TodosBinding[] = [
  {
    keys: ["a"],
    label: "add a todo below this one",
    hint: "add",
    run: at((state, { sight: { todo } }) => {
      if (todo === undefined) return adding(state, { parent: null });
      return adding({ ...state, cursor: todo.id }, { parent: todo.parent, after: todo.id });
    }),
  },
  {
    keys: ["A"],
    label: "add a part of this one",
    run: at((state, { sight: { todo } }) => {
      if (todo === undefined) return adding(state, { parent: null });
      const folded = new Set(state.look.folded);
      folded.delete(todo.id);
      return adding(looking({ ...state, cursor: todo.id }, { folded }), { parent: todo.id });
    }),
  },
  {
    keys: ["enter", "i"],
    label: "edit the title",
    hint: "edit",
    run: atTodo((state, { id, title }) => {
      const target = { what: "todo", id } as const;
      return step({ ...state, cursor: id, mode: { kind: "title", target, input: inputOf(title) } });
    }),
  },
  editNotes,
];

const setting: readonly TodosBinding[] = [
  { keys: ["x"], label: "done, or open again", hint: "done", run: atAll(toggled) },
  {
    keys: ["s"],
    label: "choose its state, from open to cancelled",
    run: (state) => step({ ...state, mode: { kind: "state" } }),
  },
  { keys: ["!"], label: "high priority, or normal again", run: atAll(urgent) },
  { keys: ["+"], label: "raise the priority", run: atAll((all) => prioritised(all, 1)) },
  { keys: ["-"], label: "lower the priority", run: atAll((all) => prioritised(all, -1)) },
  {
    keys: ["d"],
    label: "the day when it is due",
    run: at((state, { desk, sight }) => {
      const all = targets(state, desk, sight);
      const [first] = all;
      if (first === undefined) return step(state);
      const due = all.every((todo) => todo.due === first.due) ? first.due : null;
      const ids = all.map(({ id }) => id);
      return step({ ...state, mode: { kind: "due", ids, input: inputOf(due ?? "") } });
    }),
  },
];

const arranging: readonly TodosBinding[] = [
  {
    keys: ["J"],
    label: "move it down among its siblings",
    run: atOne((todo, list, { at: places }) => shifted(list, todo, "down", (id) => places.has(id))),
  },
  {
    keys: ["K"],
    label: "move it up among its siblings",
    run: atOne((todo, list, { at: places }) => shifted(list, todo, "up", (id) => places.has(id))),
  },
  {
    keys: [">"],
    label: "make it a part of the one above",
    run: atOne((todo, list, { at: places }) => indented(list, todo, (id) => places.has(id))),
  },
  {
    keys: ["<"],
    label: "no part of it any more: behind it",
    run: atOne((todo, list) => outdented(list, todo)),
  },
  {
    keys: ["D"],
    label: "delete, with all that is below",
    run: at((state, { desk, sight }) => {
      const deletion = deleted(desk.list, targets(state, desk, sight));
      if (deletion === null) return step(state);
      const effect = applying(() => deletion);
      if (deletion.count === 1) return step(state, effect);
      return step(state, { do: "confirm", question: questionOf(deletion), yes: effect });
    }),
  },
];

function questionOf({ count, open, label }: Deletion): string {
  const how = open === 0 ? "none of them open" : `${open} of them not done`;
  return `Really ${label}? That is ${plural(count, "todo")} with all that is below, ${how}. u would bring them back.`;
}

const turning: readonly TodosBinding[] = (
  [
    { keys: ["u"], label: "undo", hint: "undo", done: "undone" },
    { keys: ["ctrl+r"], label: "redo what was undone", done: "done again" },
  ] as const
).map(({ done, ...binding }): TodosBinding => ({
  ...binding,
  run: (state) =>
    step(
      state,
      todos(
        (desk) => (done === "undone" ? desk.undo() : desk.redo()),
        (answer): TodosMessage => ({ type: "turned", done, answer }),
      ),
    ),
}));

const copying: TodosBinding = {
  keys: ["y"],
  label: "copy the title",
  run: atTodo((state, { title }) => step(state, { do: "copy", text: title, what: "the title" })),
};

export const editing: readonly TodosBinding[] = [
  ...writing,
  ...setting.slice(0, 1),
  ...turning,
  ...setting.slice(1),
  ...arranging,
  copying,
];

const stateKeys: readonly { readonly key: string; readonly state: TodoState }[] = [
  { key: "o", state: "open" },
  { key: "a", state: "active" },
  { key: "b", state: "blocked" },
  { key: "x", state: "done" },
  { key: "c", state: "cancelled" },
];

/** While a state is being chosen. */
export const statesOf: readonly TodosBinding[] = [
  ...stateKeys.map(({ key, state: chosen }): TodosBinding => {
    const setState = atAll((all) => withState(all, chosen));
    return {
      keys: [key],
      label: `it is ${chosen}`,
      hint: chosen,
      run: (state, scene) => setState(backToList(state), scene),
    };
  }),
  {
    keys: ["esc", "s"],
    label: "leave the state as it is",
    hint: "back",
    run: (state) => step(backToList(state)),
  },
];
