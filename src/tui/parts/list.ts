/** A cursor in a list, and the part of the list that is in sight. Pure. */

export interface ListPosition {
  readonly cursor: number;
  /** The first row in sight. */
  readonly top: number;
}

export const listTop: ListPosition = { cursor: 0, top: 0 };

/** The position when the list has `count` rows, of which `rows` are in sight: nothing points beyond its end. */
export function placed({ cursor, top }: ListPosition, count: number, rows: number): ListPosition {
  const last = Math.max(0, count - 1);
  const at = Math.min(Math.max(0, cursor), last);
  const room = Math.max(1, rows);
  const lowest = Math.max(0, count - room);
  return { cursor: at, top: Math.min(Math.max(0, Math.min(Math.max(top, at - room + 1), at)), lowest) };
}

export type Move = "down" | "up" | "half-down" | "half-up" | "page-down" | "page-up" | "first" | "last";

export function movedList(position: ListPosition, move: Move, count: number, rows: number): ListPosition {
  // From where it is seen: the list may have become shorter since.
  const from = placed(position, count, rows);
  const cursor = Math.min(Math.max(0, count - 1), Math.max(0, from.cursor + stepOf(move, rows)));
  return placed({ ...from, cursor }, count, rows);
}

/** The first line in sight of a text that is scrolled without a cursor. */
export function scrolled(top: number, move: Move, count: number, rows: number): number {
  const lowest = Math.max(0, count - Math.max(1, rows));
  return Math.min(lowest, Math.max(0, Math.min(top, lowest) + stepOf(move, rows)));
}

/** Rows, downwards. */
function stepOf(move: Move, rows: number): number {
  const page = Math.max(1, rows);
  const half = Math.max(1, Math.floor(page / 2));
  const steps = {
    down: 1,
    up: -1,
    "half-down": half,
    "half-up": -half,
    "page-down": page,
    "page-up": -page,
    first: -Infinity,
    last: Infinity,
  } as const satisfies Record<Move, number>;
  return steps[move];
}

/** The rows of the key table that move; the same in every list and text. */
export const moveKeys: readonly {
  readonly keys: readonly string[];
  readonly label: string;
  readonly move: Move;
}[] = [
  { keys: ["j", "down"], label: "down", move: "down" },
  { keys: ["k", "up"], label: "up", move: "up" },
  { keys: ["ctrl+d"], label: "half a page down", move: "half-down" },
  { keys: ["ctrl+u"], label: "half a page up", move: "half-up" },
  { keys: ["pagedown", "ctrl+f"], label: "a page down", move: "page-down" },
  { keys: ["pageup", "ctrl+b"], label: "a page up", move: "page-up" },
  { keys: ["g", "home"], label: "to the beginning", move: "first" },
  { keys: ["G", "end"], label: "to the end", move: "last" },
];
