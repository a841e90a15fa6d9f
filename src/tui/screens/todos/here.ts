/** Bindings that need the list, a todo of it, or all that are chosen. */
import type { Todo, TodoId } from "../../../../protocol/todo.ts";
import { notice, todos } from "../../effect.ts";
import type { Effect } from "../../effect.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import type { TodoList } from "../../../todo/list.ts";
import type { DeskView } from "../../todos/view.ts";
import type { Edit } from "./edits.ts";
import { sightOf, targets } from "./layout.ts";
import type { Sight } from "./layout.ts";
import { shownRows } from "./rows.ts";
import type { Shown } from "./rows.ts";
import type { TodosBinding, TodosMessage, TodosState, TodosStep } from "./state.ts";

export interface Here {
  readonly desk: DeskView;
  readonly sight: Sight;
  readonly scene: Scene;
}

type Run = TodosBinding["run"];

export function at(run: (state: TodosState, here: Here) => TodosStep): Run {
  return (state, scene) => {
    const desk = scene.facts.todos;
    return desk === null ? step(state) : run(state, { desk, sight: sightOf(state, scene, desk), scene });
  };
}

/** With the todo under the cursor. */
export function atTodo(run: (state: TodosState, todo: Todo, here: Here) => TodosStep): Run {
  return at((state, here) => {
    const { todo } = here.sight;
    return todo === undefined ? step(state, notice("warn", "no todo is selected")) : run(state, todo, here);
  });
}

/** A change of all that are marked, or of the one under the cursor. */
export function atAll(change: (all: readonly Todo[]) => Edit | null): Run {
  return at((state, { desk, sight }) => {
    const ids = targets(state, desk, sight).map(({ id }) => id);
    return doing(pinned(state, sight), (list) => change(ids.flatMap((id) => list.todos.get(id) ?? [])));
  });
}

/** A change of the one under the cursor. */
export function atOne(change: (todo: Todo, list: TodoList, shown: Shown) => Edit | null): Run {
  return atTodo((state, { id }, { sight }) =>
    doing(pinned(state, sight), (list) => {
      const todo = list.todos.get(id);
      return todo === undefined ? null : change(todo, list, sight.shown);
    }),
  );
}

/** What a person's key makes of the list as it is by then: keys may come faster than what they do. Null: nothing. */
export type Change = (list: TodoList) => Edit | null;

/** One batch. */
export function doing(state: TodosState, change: Change): TodosStep {
  return step(state, applying(change));
}

export function applying(change: Change): Effect<TodosMessage> {
  return todos(
    (desk) => desk.edit(change),
    (answer): TodosMessage => ({ type: "applied", answer }),
  );
}

/** The cursor to a todo, where it is in sight. */
export function going(state: TodosState, desk: DeskView, id: TodoId): TodosState {
  const index = shownRows(desk.list, state.look).at.get(id);
  return { ...state, cursor: id, position: { ...state.position, cursor: index ?? state.position.cursor } };
}

/** The cursor stays with its todo, whatever becomes of the list meanwhile. */
export function pinned(state: TodosState, { todo, position }: Sight): TodosState {
  return todo === undefined ? state : { ...state, cursor: todo.id, position };
}
