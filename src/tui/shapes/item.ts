/** One todo item as a line. Pure. */
import { cutFront, fit, widthOf } from "../parts/fit.ts";
import { tone } from "../theme.ts";
import type { Tone } from "../theme.ts";
import { oneLine } from "./plain.ts";

export type CheckState = "open" | "active" | "blocked" | "done" | "cancelled";

export interface CheckItem {
  /** 0 at the top level. */
  readonly depth: number;
  readonly state: CheckState;
  readonly title: string;
  readonly isHigh: boolean;
  /** Where it comes from and the like. */
  readonly about: string;
}

const marks: Readonly<Record<CheckState, string>> = {
  open: "☐",
  active: "◐",
  blocked: "☐",
  done: "☑",
  cancelled: "☒",
};

const markTones: Readonly<Record<CheckState, Tone>> = {
  open: "plain",
  active: "accent",
  blocked: "warn",
  done: "good",
  cancelled: "dim",
};

/** Of where it comes from, columns: its end tells most, the file and the line. */
const mostAbout = 1000;

export function stateOf(value: unknown): CheckState | undefined {
  return typeof value === "string" && Object.hasOwn(marks, value)
    ? // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is one of them
      (value as CheckState)
    : undefined;
}

export function itemLine(item: CheckItem, width: number, before = ""): string {
  const { depth, state, title, isHigh, about } = item;
  const indent = " ".repeat(Math.min(2 * depth, Math.floor(width / 3)));
  const lead = before + indent;
  const mark = `${marks[state]} ${isHigh ? "! " : ""}`;
  const room = Math.max(4, width - widthOf(lead) - widthOf(mark));
  // Most of the line is the title's, if it needs it.
  const spare = room - widthOf(oneLine(title, room)) - 2;
  const side = about === "" ? "" : cutFront(oneLine(about, mostAbout), Math.max(Math.floor(room / 3), spare));
  const isOver = state === "done" || state === "cancelled";
  const own = room - (side === "" ? 0 : widthOf(side) + 2);
  const text = oneLine(title, own);
  const written = tone(isOver ? "dim" : "plain", side === "" ? text : fit(text, own));
  const sign = tone(markTones[state], marks[state]) + (isHigh ? tone("warn", " ! ") : " ");
  return `${lead}${sign}${written}${side === "" ? "" : `  ${tone("dim", side)}`}`;
}
