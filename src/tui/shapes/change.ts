/** What a batch of todo commands would do, in words. Pure. */
import { cut, widthOf, wrap } from "../parts/fit.ts";
import { tone } from "../theme.ts";
import { itemLine, stateOf } from "./item.ts";
import { briefJson, isFields, manyLines, member, moreOf, mostLines, numberText, oneLine } from "./plain.ts";
import type { Fields } from "./plain.ts";

export interface ChangeDrawing {
  readonly kind: "checklist";
  readonly of: "change";
  readonly summary: string;
  readonly commands: readonly Fields[];
}

const ops = ["create", "update", "delete", "move", "metadata"] as const;
type Op = (typeof ops)[number];

/** The answer of `generate` and `sync`: protocol/todo.ts, `change`. */
export function changeOf(value: unknown): ChangeDrawing | undefined {
  if (!isFields(value)) return undefined;
  const summary = member(value, "summary");
  const list = member(value, "commands");
  if (typeof summary !== "string" || !Array.isArray(list)) return undefined;
  const commands: readonly unknown[] = list;
  if (!commands.every(isCommand)) return undefined;
  return { kind: "checklist", of: "change", summary, commands };
}

function isCommand(value: unknown): value is Fields {
  return isFields(value) && opOf(value) !== undefined;
}

function opOf(command: Fields): Op | undefined {
  const op = member(command, "op");
  return ops.find((each) => each === op);
}

export function changeLines({ summary, commands }: ChangeDrawing, width: number): string[] {
  const heading = wrap(manyLines(summary, 1000), width).map((line) => tone("strong", line));
  const shown = commands.slice(0, mostLines - heading.length - 2);
  const depths = new Map<string, number>();
  return [
    ...heading,
    tone("dim", oneLine(countWords(commands), width)),
    ...shown.map((command) => commandLine(command, depths, width)),
    ...(shown.length < commands.length
      ? [tone("dim", oneLine(moreOf(commands.length - shown.length, "command"), width))]
      : []),
  ];
}

const done: Readonly<Record<Op, string>> = {
  create: "new",
  update: "changed",
  delete: "deleted",
  move: "moved",
  metadata: "annotated",
};

function countWords(commands: readonly Fields[]): string {
  const counts = ops.flatMap((op) => {
    const count = commands.filter((each) => opOf(each) === op).length;
    return count === 0 ? [] : [`${numberText(count)} ${done[op]}`];
  });
  return counts.length === 0 ? "nothing to change" : counts.join(", ");
}

/** @param depths of what this batch has created, by its tempId */
function commandLine(command: Fields, depths: Map<string, number>, width: number): string {
  switch (opOf(command)) {
    case "create":
      return createLine(command, depths, width);
    case "update":
      return sentence("~", "warn", `change ${textAt(command, "id")}: ${changed(command)}`, width);
    case "delete":
      return sentence("-", "bad", `delete ${textAt(command, "id")} and all below it`, width);
    case "move": {
      const parent = member(command, "parent");
      const where = typeof parent === "string" ? `under ${oneLine(parent, 60)}` : "to the top level";
      return sentence(">", "accent", `move ${textAt(command, "id")} ${where}${placed(command)}`, width);
    }
    case "metadata": {
      const value = member(command, "value");
      const what =
        value === null
          ? `forget ${textAt(command, "key")}`
          : `${textAt(command, "key")} = ${briefJson(value, 2 * width)}`;
      return sentence("=", "accent", `of ${textAt(command, "id")}: ${what}`, width);
    }
    case undefined:
      return "";
  }
}

function createLine(command: Fields, depths: Map<string, number>, width: number): string {
  const parent = member(command, "parent");
  const above = typeof parent === "string" ? depths.get(parent) : undefined;
  const depth = above === undefined ? 0 : above + 1;
  const own = member(command, "tempId");
  if (typeof own === "string") depths.set(own, depth);
  const due = textAt(command, "due");
  const priority = textAt(command, "priority");
  const about = [
    typeof parent === "string" && above === undefined ? `under ${oneLine(parent, 40)}` : "",
    priority === "normal" ? "" : priority,
    due === "" ? "" : `due ${due}`,
  ];
  const state = stateOf(member(command, "state")) ?? "open";
  const item = {
    depth,
    state,
    title: textAt(command, "title"),
    isHigh: priority === "high",
    about: about.filter(Boolean).join("  "),
  };
  return tone("good", "+ ") + itemLine(item, width - 2);
}

function sentence(sign: string, look: "warn" | "bad" | "accent", text: string, width: number): string {
  const lead = `${sign} `;
  return tone(look, lead) + cut(oneLine(text, width), width - widthOf(lead));
}

const changeable = ["title", "state", "priority", "due", "notes"] as const;

function changed(command: Fields): string {
  const parts = changeable.flatMap((key) => {
    const value = member(command, key);
    if (value === undefined) return [];
    if (value === null) return [`no ${key}`];
    return [`${key} ${key === "title" || key === "notes" ? briefJson(value, 400) : textAt(command, key)}`];
  });
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function placed(command: Fields): string {
  const after = member(command, "after");
  if (after === null) return ", first";
  return typeof after === "string" ? `, behind ${oneLine(after, 60)}` : "";
}

function textAt(command: Fields, key: string): string {
  const value = member(command, key);
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value.slice(0, 2000) : briefJson(value, 60);
}
