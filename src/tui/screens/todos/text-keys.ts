/** Keys while a text is typed: a title, notes, a day. */
import { inserted } from "../../parts/text-input.ts";
import type { TextInput } from "../../parts/text-input.ts";
import { notice } from "../../effect.ts";
import { step } from "../../screen.ts";
import { typedDay } from "./day.ts";
import { annotated, created, dated, retitled } from "./edits.ts";
import { at, doing } from "./here.ts";
import { backToList } from "./state.ts";
import type { DueMode, NotesMode, TitleMode, TodosBinding, TodosState, TodosStep } from "./state.ts";

const giveUp: TodosBinding = {
  keys: ["esc"],
  label: "leave it as it is",
  hint: "back",
  run: (state) => step(backToList(state)),
};

export function titleKeys({ target, input }: TitleMode): readonly TodosBinding[] {
  return [
    {
      keys: ["enter"],
      label: target.what === "new" ? "add it" : "keep the title",
      hint: target.what === "new" ? "add" : "keep",
      run: at((state, { desk }) => {
        const list = backToList(state);
        if (input.text.trim() === "") return step(list);
        if (target.what === "new") return doing(list, () => created(input.text, target.place));
        const todo = desk.list.todos.get(target.id);
        return todo === undefined ? gone(list) : doing(list, () => retitled(todo, input.text));
      }),
    },
    giveUp,
  ];
}

function gone(state: TodosState): TodosStep {
  return step(state, notice("warn", "this todo has been deleted meanwhile"));
}

export function dueKeys({ ids, input }: DueMode): readonly TodosBinding[] {
  return [
    {
      keys: ["enter"],
      label: "keep the day",
      hint: "keep",
      run: at((state, { desk, scene }) => {
        const typed = typedDay(input.text, scene.facts.now);
        if (!typed.ok) return step(state, notice("warn", typed.why));
        const all = ids.flatMap((id) => desk.list.todos.get(id) ?? []);
        return doing(backToList(state), () => dated(all, typed.day));
      }),
    },
    giveUp,
  ];
}

export function notesKeys(mode: NotesMode): readonly TodosBinding[] {
  const { id, input, isLeaving } = mode;
  const typed = (next: TextInput): TodosBinding["run"] => {
    return (state) => step({ ...state, mode: { ...mode, input: next, isLeaving: false } });
  };
  return [
    {
      keys: ["ctrl+s"],
      label: "keep the notes",
      hint: "keep",
      run: at((state, { desk }) => {
        const todo = desk.list.todos.get(id);
        // What was typed must not be lost with it.
        if (todo === undefined) return step(state, notice("warn", "this todo has been deleted meanwhile"));
        return doing(backToList(state), () => annotated(todo, input.text));
      }),
    },
    {
      keys: ["esc"],
      label: "leave the notes as they were",
      hint: "discard",
      run: at((state, { desk }) => {
        const isSame = (desk.list.todos.get(id)?.notes ?? "") === input.text;
        if (isSame || isLeaving) return step(backToList(state));
        return step({ ...state, mode: { ...mode, isLeaving: true } });
      }),
    },
    { keys: ["enter"], label: "a new line", run: typed(inserted(input, "\n")) },
    { keys: ["up"], label: "a line up", run: typed(lineMoved(input, -1)) },
    { keys: ["down"], label: "a line down", run: typed(lineMoved(input, 1)) },
  ];
}

/** The cursor to the line above or below, at the same column where that is as long. */
export function lineMoved({ text, cursor }: TextInput, by: 1 | -1): TextInput {
  const lines = text.split("\n");
  const before = text.slice(0, cursor).split("\n");
  const row = before.length - 1 + by;
  const line = lines[row];
  if (line === undefined) return { text, cursor };
  const column = snapped(line, before.at(-1)?.length ?? 0);
  const start = lines.slice(0, row).reduce((sum, { length }) => sum + length + 1, 0);
  return { text, cursor: start + column };
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The last place at or before `column` that is not inside a character. */
function snapped(line: string, column: number): number {
  let last = 0;
  for (const { index, segment } of graphemes.segment(line)) {
    const end = index + segment.length;
    if (end > column) return last;
    last = end;
  }
  return last;
}
