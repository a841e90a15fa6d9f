/** Undo and redo: the patches that led to a list, and those that were taken back. */
import type { TodoList } from "./list.ts";
import { inverse, isEmpty, patched, sizeOf } from "./patch.ts";
import type { Patch } from "./patch.ts";

export interface Step {
  /** For people: what it was. */
  readonly label: string;
  readonly patch: Patch;
}

export interface History {
  /** Oldest first. */
  readonly past: readonly Step[];
  /** What was undone last comes last. */
  readonly future: readonly Step[];
}

/** What taking a step back, or forth again, leads to. */
export interface Turn {
  readonly history: History;
  readonly list: TodoList;
  /** As it was applied just now. */
  readonly step: Step;
}

export const noHistory: History = { past: [], future: [] };

export const longest = { steps: 100, changes: 100_000 } as const;

/** Something new was done: what was undone before can not be redone any more. */
export function recorded(history: History, step: Step): History {
  if (isEmpty(step.patch)) return history;
  const past = [...history.past, step].slice(-longest.steps);
  let changes = past.reduce((sum, { patch }) => sum + sizeOf(patch), 0);
  let first = 0;
  // The newest one is kept, however large it is.
  for (; changes > longest.changes && first < past.length - 1; first += 1) {
    const oldest = past[first];
    if (oldest !== undefined) changes -= sizeOf(oldest.patch);
  }
  return { past: past.slice(first), future: [] };
}

/** Null: there is nothing to undo. */
export function undone({ past, future }: History, list: TodoList): Turn | null {
  const last = past.at(-1);
  if (last === undefined) return null;
  const step = { label: last.label, patch: inverse(last.patch) };
  const history = { past: past.slice(0, -1), future: [...future, last] };
  return { history, list: patched(list, step.patch), step };
}

/** Null: there is nothing to redo. */
export function redone({ past, future }: History, list: TodoList): Turn | null {
  const step = future.at(-1);
  if (step === undefined) return null;
  const history = { past: [...past, step], future: future.slice(0, -1) };
  return { history, list: patched(list, step.patch), step };
}
