/** Keys while a plugin is asked for new todos: which plugin, with what input, and while it works. */
import type { Ask, TodoId } from "../../../../protocol/todo.ts";
import { notice, todos } from "../../effect.ts";
import { listTop, movedList } from "../../parts/list.ts";
import { emptyInput } from "../../parts/text-input.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import type { OfferedAction } from "./actions.ts";
import { syncAction } from "./actions.ts";
import { at } from "./here.ts";
import { loadingSettings } from "./settings-keys.ts";
import { backToList } from "./state.ts";
import type { InputMode, ModeOf, TodosBinding, TodosMessage, TodosState, TodosStep } from "./state.ts";

/** Ids of the todos that are marked, else of the one under the cursor. */
function selectedIds(state: TodosState, scene: Scene): readonly TodoId[] {
  const list = scene.facts.todos?.list;
  const marked = [...state.marked].filter((id) => list?.todos.has(id) === true);
  if (marked.length > 0) return marked;
  return state.cursor !== null && list?.todos.has(state.cursor) === true ? [state.cursor] : [];
}

/** New todos are shown before anything happens; what another action answers is done, and can be undone. */
export function running(
  state: TodosState,
  scene: Scene,
  { plugin, action, isGenerating }: Pick<OfferedAction, "plugin" | "action" | "isGenerating">,
  input?: string,
): TodosStep {
  const id = `ask ${state.asked + 1}`;
  const next = { ...backToList(state), asked: state.asked + 1 };
  const selected = [...selectedIds(state, scene)];
  const ask: Ask = {
    ...(selected.length > 0 ? { selected } : {}),
    ...(input === undefined ? {} : { input }),
  };
  if (isGenerating) {
    return step(
      { ...next, mode: { kind: "waiting", ask: id, plugin, action, input: input ?? "" } },
      todos(
        (desk) => desk.generate(id, plugin, ask),
        (answer): TodosMessage => ({ type: "proposed", ask: id, answer }),
      ),
    );
  }
  return step(
    next,
    todos(
      (desk) => (action === syncAction ? desk.sync(id, plugin) : desk.run(id, plugin, action, ask)),
      (answer): TodosMessage => ({ type: "ran", what: `${plugin}: ${action}`, answer }),
    ),
  );
}

/** Straight on where there is only one plugin. */
export function choosing(state: TodosState, scene: Scene, what: "generate" | "settings"): TodosStep {
  const plugins = choicesOf(scene, what);
  const [only] = plugins;
  const unfit = scene.facts.todos?.unfit ?? [];
  if (only === undefined || plugins.length > 1 || unfit.length > 0) {
    return step({ ...state, mode: { kind: "choose", what, position: listTop } });
  }
  return chosen(state, what, only);
}

/** Plugins that do not fit have settings all the same. */
export function choicesOf({ facts }: Scene, what: "generate" | "settings"): readonly string[] {
  const fit = (facts.todos?.plugins ?? []).map(({ id }) => id);
  return what === "generate" ? fit : [...fit, ...(facts.todos?.unfit ?? []).map(({ id }) => id)];
}

function chosen(state: TodosState, what: "generate" | "settings", plugin: string): TodosStep {
  if (what === "settings") return loadingSettings(state, plugin);
  return step({ ...state, mode: { kind: "input", plugin, action: "generate", input: emptyInput } });
}

const toList: TodosBinding = {
  keys: ["esc"],
  label: "back to the list",
  hint: "back",
  run: (state) => step(backToList(state)),
};

export function chooseKeys(mode: ModeOf<"choose">): readonly TodosBinding[] {
  const { what, position } = mode;
  const move = (by: "up" | "down"): TodosBinding["run"] => {
    return (state, scene) => {
      const count = choicesOf(scene, what).length;
      return step({ ...state, mode: { ...mode, position: movedList(position, by, count, scene.size.rows) } });
    };
  };
  return [
    { keys: ["j", "down"], label: "down", run: move("down") },
    { keys: ["k", "up"], label: "up", run: move("up") },
    {
      keys: ["enter"],
      label: what === "generate" ? "new todos from this plugin" : "settings of this plugin",
      hint: "choose",
      run: (state, scene) => {
        const plugin = choicesOf(scene, what)[position.cursor];
        return plugin === undefined ? step(state) : chosen(state, what, plugin);
      },
    },
    toList,
  ];
}

export function inputKeys({ plugin, action, input }: InputMode): readonly TodosBinding[] {
  return [
    {
      keys: ["enter"],
      label: "ask the plugin",
      hint: "ask",
      run: (state, scene) => {
        const isGenerating = isGeneratingAction(scene, plugin, action);
        // Nothing typed is no input, rather than an empty one.
        const text = input.text.trim() === "" ? undefined : input.text;
        return running(state, scene, { plugin, action, isGenerating }, text);
      },
    },
    toList,
  ];
}

function isGeneratingAction({ facts }: Scene, plugin: string, action: string): boolean {
  const actions = facts.todos?.plugins.find(({ id }) => id === plugin)?.actions ?? [];
  // Every todo plugin generates, whether it offers that as an action or not.
  return (actions.find(({ id }) => id === action)?.method ?? action) === "generate";
}

export function waitingKeys({ ask, plugin }: ModeOf<"waiting">): readonly TodosBinding[] {
  return [
    {
      keys: ["esc", "ctrl+x"],
      label: "cancel",
      hint: "cancel",
      run: at((state) =>
        step(
          backToList(state),
          todos((desk) => desk.cancel(ask)),
          notice("warn", `${plugin} was cancelled`),
        ),
      ),
    },
  ];
}
