/** Keys of the pages that take the place of the list, and those that lead there. */
import { terminalText } from "../../../text/sanitize.ts";
import { globalBindings } from "../../global-keys.ts";
import { todos } from "../../effect.ts";
import { listTop, movedList, moveKeys, placed, scrolled } from "../../parts/list.ts";
import { emptyInput } from "../../parts/text-input.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { offeredActions } from "./actions.ts";
import type { OfferedAction } from "./actions.ts";
import { choosing, running } from "./ask-keys.ts";
import { detailLines } from "./detail-lines.ts";
import { editing, editNotes } from "./edit-keys.ts";
import { at, pinned } from "./here.ts";
import { choosing as looking, folding, moving } from "./look-keys.ts";
import { activityWords } from "./words.ts";
import { backToList } from "./state.ts";
import type { ModeOf, TodosBinding } from "./state.ts";

const toList: TodosBinding = {
  keys: ["esc"],
  label: "back to the list",
  hint: "back",
  run: (state) => step(backToList(state)),
};

const leading: readonly TodosBinding[] = [
  {
    keys: ["n"],
    label: "new todos from a plugin, to look at first",
    hint: "generate",
    changes: true,
    run: at((state, { sight, scene }) => choosing(pinned(state, sight), scene, "generate")),
  },
  {
    keys: ["p"],
    label: "actions of plugins",
    hint: "actions",
    changes: true,
    run: at((state, { sight }) =>
      step({ ...pinned(state, sight), mode: { kind: "actions", position: listTop } }),
    ),
  },
  {
    keys: ["H"],
    label: "what plugins were told, and what they have done",
    hint: "activity",
    run: (state, { facts }) => {
      const cursor = Math.max(0, (facts.todos?.activity.length ?? 0) - 1);
      const position = { ...listTop, cursor };
      return step({ ...state, mode: { kind: "activity", position, isFollowing: true } });
    },
  },
  {
    keys: ["S"],
    label: "settings of a todo plugin",
    hint: "settings",
    run: (state, scene) => choosing(state, scene, "settings"),
  },
  {
    keys: ["ctrl+x"],
    label: "cancel what plugins were asked",
    when: (_, { facts }) => (facts.todos?.asks.length ?? 0) > 0,
    run: (state) =>
      step(
        state,
        todos((desk) => desk.cancel()),
      ),
  },
];

/** What the list does itself, whatever plugins suggest. */
export const ownListKeys: readonly TodosBinding[] = [
  ...editing,
  ...leading,
  ...looking,
  ...folding,
  ...moving,
];

export function actionsIn({ facts }: Scene): readonly OfferedAction[] {
  return offeredActions(facts.todos?.plugins ?? [], [...ownListKeys, ...globalBindings]);
}

/** Actions that have a key, after what the list does itself. */
export function actionKeys(scene: Scene): readonly TodosBinding[] {
  return actionsIn(scene).flatMap((each): TodosBinding[] => {
    const { key, plugin, action, description } = each;
    if (key === null) return [];
    const label = `${plugin}: ${description === "" ? action : description}`;
    const run = at((now, { sight, scene: there }) => running(pinned(now, sight), there, each));
    return [{ keys: [key], label, changes: true, run }];
  });
}

/** Lines that are not the table's rows: title, header, and what is to be said of the one under the cursor. */
const actionsOwnRows = 6;

export function actionsRoom({ size }: Scene): number {
  return Math.max(1, size.rows - actionsOwnRows);
}

export function actionMenuKeys(mode: ModeOf<"actions">, scene: Scene): readonly TodosBinding[] {
  const actions = actionsIn(scene);
  const { cursor } = placed(mode.position, actions.length, actionsRoom(scene));
  const chosen = actions[cursor];
  return [
    {
      keys: ["enter"],
      label: "run it with what is selected",
      hint: "run",
      run: (now, there) => (chosen === undefined ? step(now) : running(now, there, chosen)),
    },
    {
      keys: ["i"],
      label: "run it with something typed",
      hint: "input first",
      run: (now) => {
        if (chosen === undefined) return step(now);
        const { plugin, action } = chosen;
        return step({ ...now, mode: { kind: "input", plugin, action, input: emptyInput } });
      },
    },
    toList,
    ...moveKeys.map(({ keys, label, move }): TodosBinding => ({
      keys,
      label,
      run: (now) => {
        const position = movedList(mode.position, move, actions.length, actionsRoom(scene));
        return step({ ...now, mode: { ...mode, position } });
      },
    })),
    // After its own keys: those are taken, whatever a plugin suggests.
    ...actionKeys(scene),
  ];
}

/** Of the entry under the cursor, in full. */
export const activityDetailRows = 4;
/** Lines that are not entries: the title, and one entry in full. */
const activityOwnRows = 1 + activityDetailRows;

export function activityRoom({ size }: Scene): number {
  return Math.max(1, size.rows - activityOwnRows);
}

export function activityKeys(mode: ModeOf<"activity">): readonly TodosBinding[] {
  return [
    ...moveKeys.map(({ keys, label, move }): TodosBinding => ({
      keys,
      label,
      run: at((state, { desk, scene }) => {
        const count = desk.activity.length;
        const position = movedList(mode.position, move, count, activityRoom(scene));
        return step({ ...state, mode: { ...mode, position, isFollowing: position.cursor >= count - 1 } });
      }),
    })),
    {
      keys: ["f"],
      label: "follow: stay at the end",
      hint: "follow",
      run: at((state, { desk }) => {
        const position = { ...mode.position, cursor: desk.activity.length - 1 };
        return step({ ...state, mode: { ...mode, position, isFollowing: !mode.isFollowing } });
      }),
    },
    {
      keys: ["e"],
      label: "the whole of it in $PAGER",
      hint: "pager",
      run: at((state, { desk }) => {
        const each = desk.activity[mode.position.cursor];
        return each === undefined
          ? step(state)
          : step(state, { do: "pager", text: terminalText(activityWords(each).text) });
      }),
    },
    { ...toList, keys: ["esc", "H"] },
  ];
}

export function detailKeys(mode: ModeOf<"details">): readonly TodosBinding[] {
  return [
    ...moveKeys.map(({ keys, label, move }): TodosBinding => ({
      keys,
      label,
      run: at((state, { desk, sight, scene }) => {
        const { columns, rows } = scene.size;
        const { todo } = sight;
        if (todo === undefined) return step(state);
        const count = detailLines(desk.list, todo, columns, scene.facts.now).length;
        return step({ ...state, mode: { ...mode, top: scrolled(mode.top, move, count, rows) } });
      }),
    })),
    editNotes,
    { ...toList, keys: ["esc", "M"] },
  ];
}
