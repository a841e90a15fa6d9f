/** Keys that change what of the list is seen: the cursor, folds, marks, the filter. */
import { childrenOf } from "../../../todo/list.ts";
import { noFilter } from "../../parts/filter.ts";
import { filterKeys } from "../../parts/filter-keys.ts";
import { listTop, movedList, moveKeys } from "../../parts/list.ts";
import { step } from "../../screen.ts";
import { at, atTodo, going } from "./here.ts";
import { layoutOf } from "./layout.ts";
import type { Look } from "./rows.ts";
import type { TodosBinding, TodosMessage, TodosState } from "./state.ts";

export function looking(state: TodosState, look: Partial<Look>): TodosState {
  return { ...state, look: { ...state.look, ...look } };
}

export const moving: readonly TodosBinding[] = moveKeys.map(({ keys, label, move }) => ({
  keys,
  label,
  run: at((state, { sight: { shown, position: from }, scene }) => {
    const { rows } = layoutOf(state, scene).list;
    const position = movedList(from, move, shown.rows.length, rows);
    return step({ ...state, position, cursor: shown.rows[position.cursor]?.todo.id ?? null });
  }),
}));

export const folding: readonly TodosBinding[] = [
  {
    keys: ["l", "right"],
    label: "unfold, or go to the first part",
    run: atTodo((state, { id }, { desk }) => {
      const [first] = childrenOf(desk.list, id);
      if (first === undefined) return step(state);
      if (!state.look.folded.has(id)) return step(going(state, desk, first));
      const folded = new Set(state.look.folded);
      folded.delete(id);
      return step(looking({ ...state, cursor: id }, { folded }));
    }),
  },
  {
    keys: ["h", "left"],
    label: "fold, or go to what it is a part of",
    run: atTodo((state, { id, parent }, { desk }) => {
      const isFoldable = childrenOf(desk.list, id).length > 0 && !state.look.folded.has(id);
      if (!isFoldable) return step(parent === null ? state : going(state, desk, parent));
      return step(looking({ ...state, cursor: id }, { folded: new Set(state.look.folded).add(id) }));
    }),
  },
  {
    keys: ["z"],
    label: "fold everything, or unfold it",
    run: at((state, { desk }) => {
      const parents = [...desk.list.children.keys()].filter((id) => id !== null);
      return step(looking(state, { folded: new Set(state.look.folded.size > 0 ? [] : parents) }));
    }),
  },
];

export const choosing: readonly TodosBinding[] = [
  {
    keys: ["space"],
    label: "mark for what comes next, or not",
    hint: "mark",
    run: atTodo((state, { id }, { sight: { shown, position }, scene }) => {
      const marked = new Set(state.marked);
      if (!marked.delete(id)) marked.add(id);
      const next = movedList(position, "down", shown.rows.length, layoutOf(state, scene).list.rows);
      return step({ ...state, marked, position: next, cursor: shown.rows[next.cursor]?.todo.id ?? null });
    }),
  },
  {
    keys: ["/"],
    label: "filter by words, states, days or plugins",
    hint: "filter",
    run: (state) => step(looking(state, { filter: { ...state.look.filter, isTyping: true } })),
  },
  {
    keys: ["."],
    label: "hide what is done, or show it",
    run: (state) => step(looking(state, { hidesDone: !state.look.hidesDone })),
  },
  {
    keys: ["m"],
    label: "details; @ by a plugin, ≡ notes, ◇ metadata",
    hint: "details",
    run: (state) => step({ ...state, showsDetails: !state.showsDetails }),
  },
  {
    keys: ["M"],
    label: "all details on a page",
    run: atTodo((state, { id }) => step({ ...state, cursor: id, mode: { kind: "details", top: 0 } })),
  },
  {
    keys: ["esc"],
    label: "no marks, then no filter",
    when: ({ marked, look }) => marked.size > 0 || look.filter.input.text !== "",
    run: (state) =>
      step(state.marked.size > 0 ? { ...state, marked: new Set() } : looking(state, { filter: noFilter })),
  },
];

/** What another text leads to is seen from its beginning. */
export const filtering = filterKeys<TodosState, TodosMessage>(
  ({ look }) => look.filter,
  (state, filter) => {
    const position = filter.input === state.look.filter.input ? state.position : listTop;
    return step(looking({ ...state, position }, { filter }));
  },
);
