/** A todo list that plugins work on too: a host application over the todo api. */
import type { ReactNode } from "react";
import { todos } from "../effect.ts";
import { Lines } from "../parts/lines.tsx";
import { step } from "../screen.ts";
import type { Scene, Screen } from "../screen.ts";
import { commandOf } from "./todos/command.ts";
import { todoLines } from "./todos/lines.ts";
import { bindingsOf, isTyping, lossesOf, paste, type } from "./todos/modes.ts";
import { initialTodos } from "./todos/state.ts";
import type { TodosMessage, TodosState } from "./todos/state.ts";
import { followed, updateTodos } from "./todos/update.ts";

export const todosScreen: Screen<TodosState, TodosMessage> = {
  id: "todos",
  title: "Todos",
  initial: initialTodos,
  bindings: bindingsOf,
  isTyping,
  type,
  paste,
  // The desk is made when it is first asked for something.
  open: (state) =>
    step(
      state,
      todos(
        () => null,
        (answer): TodosMessage => ({ type: "opened", answer }),
      ),
    ),
  update: updateTodos,
  react: (state, scene) => step(followed(state, scene)),
  losses: lossesOf,
  command: commandOf,
  View: TodosView,
};

function TodosView({ state, scene }: { readonly state: TodosState; readonly scene: Scene }): ReactNode {
  return <Lines lines={todoLines(state, scene)} rows={scene.size.rows} />;
}
