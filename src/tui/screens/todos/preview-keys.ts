/** Keys while a proposal is looked at. */
import type { Change, TodoId } from "../../../../protocol/todo.ts";
import { notice, todos } from "../../effect.ts";
import { movedList, moveKeys, placed } from "../../parts/list.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { at } from "./here.ts";
import type { Here } from "./here.ts";
import { droppedWith, previewOf, without } from "./proposal.ts";
import type { Preview, PreviewRow } from "./proposal.ts";
import { backToList } from "./state.ts";
import type { PreviewMode, TodosBinding, TodosMessage, TodosState, TodosStep } from "./state.ts";

/** Of the todo under the cursor, where its title does not fit in a row. */
export const previewDetailRows = 2;
/** Lines that are not the proposal's rows: what it is, what it comes to, an empty one, a title in full. */
const previewOwnRows = 4 + previewDetailRows;

export function previewRoom({ size }: Scene): number {
  return Math.max(1, size.rows - previewOwnRows);
}

/** Of the whole batch: what is dropped stays in sight. */
export function wholePreview({ proposal }: PreviewMode, { desk }: Pick<Here, "desk">): Preview {
  return previewOf(desk.list, proposal.change, proposal.plugin);
}

const parts = new WeakMap<ReadonlySet<string>, Change>();

/** What would be accepted. */
function keptChange({ proposal, dropped }: PreviewMode): Change {
  if (dropped.size === 0) return proposal.change;
  const change = parts.get(dropped) ?? without(proposal.change, dropped);
  parts.set(dropped, change);
  return change;
}

export function keptPreview(mode: PreviewMode, { desk }: Pick<Here, "desk">): Preview {
  return previewOf(desk.list, keptChange(mode), mode.proposal.plugin);
}

export function isDropped({ proposal, dropped }: PreviewMode): (row: PreviewRow) => boolean {
  const all = droppedWith(proposal.change, dropped);
  return ({ reference, effect }) => effect !== "context" && all.has(reference);
}

export function previewKeys(mode: PreviewMode): readonly TodosBinding[] {
  const rowsIn = (here: Here): readonly PreviewRow[] => {
    const preview = wholePreview(mode, here);
    return preview.ok ? preview.rows : [];
  };
  return [
    {
      keys: ["y", "enter"],
      label: "accept: add them to the list",
      hint: "accept",
      run: at((state, here) => accepting(state, mode, here, null)),
    },
    {
      keys: ["n", "esc"],
      label: "reject: nothing happens",
      hint: "reject",
      run: (state) => step(backToList(state), notice("plain", "rejected: nothing has changed")),
    },
    {
      keys: ["b"],
      label: "accept, below the todo that was selected",
      hint: "accept below",
      when: ({ cursor }, { facts }) => cursor !== null && facts.todos?.list.todos.has(cursor) === true,
      run: at((state, here) => accepting(state, mode, here, state.cursor)),
    },
    {
      keys: ["space"],
      label: "leave this one out, with all that is below it; or take it after all",
      hint: "leave out",
      run: at((state, here) => {
        const rows = rowsIn(here);
        const room = previewRoom(here.scene);
        const position = placed(mode.position, rows.length, room);
        const row = rows[position.cursor];
        if (row === undefined || row.effect === "context") return step(state);
        const dropped = new Set(mode.dropped);
        if (!dropped.delete(row.reference)) dropped.add(row.reference);
        const next = movedList(position, "down", rows.length, room);
        return step({ ...state, mode: { ...mode, dropped, position: next } });
      }),
    },
    ...moveKeys.map(({ keys, label, move }): TodosBinding => ({
      keys,
      label,
      run: at((state, here) => {
        const rows = rowsIn(here);
        const position = movedList(mode.position, move, rows.length, previewRoom(here.scene));
        return step({ ...state, mode: { ...mode, position } });
      }),
    })),
  ];
}

function accepting(state: TodosState, mode: PreviewMode, here: Here, under: TodoId | null): TodosStep {
  const preview = keptPreview(mode, here);
  if (!preview.ok) return step(state, notice("warn", "this batch does not fit the list: n goes back"));
  const change = keptChange(mode);
  if (change.commands.length === 0) {
    return step(backToList(state), notice("plain", "nothing is left of it: nothing has changed"));
  }
  const proposal = { ...mode.proposal, change };
  return step(
    // It is done at once. That the plugin has heard of it nobody needs to wait for.
    backToList(state),
    todos(
      (desk) => desk.accept(proposal, under),
      (answer): TodosMessage => ({ type: "accepted", preview: mode, answer }),
    ),
  );
}
