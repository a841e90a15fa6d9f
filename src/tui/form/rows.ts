/** A form as a flat list of rows, and changing what one of them stands for. Pure. */
import type { TextInput } from "../parts/text-input.ts";
import type { Content, Entry, Field } from "./field.ts";

/** Indexes from the root on: of an object's members and then its entries, of an array's items. */
export type Path = readonly number[];

export interface Row {
  readonly path: Path;
  /** JSON pointer to the value. */
  readonly pointer: string;
  readonly depth: number;
  /** Of the property, or `[0]`. Not harmless yet. */
  readonly name: string;
  readonly field: Field;
  /** The name of an entry, which is typed as well. */
  readonly key: TextInput | null;
  /** What the value belongs to. */
  readonly holder: "none" | "object" | "map" | "array";
  readonly isRequired: boolean;
}

/** @param name of the whole, which has a row only where there is something to choose or to add */
export function rowsOf(root: Field, name: string): readonly Row[] {
  const rows: Row[] = [];
  const option = root.options[root.chosen];
  const isPlain =
    root.content.kind === "object" &&
    root.options.length === 1 &&
    option?.kind === "object" &&
    option.more === null;
  const row = { path: [], pointer: "", depth: 0, name, field: root, key: null, holder: "none" } as const;
  if (!isPlain) rows.push({ ...row, isRequired: true });
  below(rows, root.content, [], "", isPlain ? 0 : 1);
  return rows;
}

function below(rows: Row[], content: Content, path: Path, pointer: string, depth: number): void {
  const add = (row: Omit<Row, "depth" | "pointer">, at: string): void => {
    const own = `${pointer}/${escaped(at)}`;
    rows.push({ ...row, pointer: own, depth });
    // What is typed for the name of an entry has a row of its own above the value's.
    if (row.key !== null)
      rows.push({ ...row, name: "value", key: null, pointer: own, depth: depth + 1, isRequired: true });
    below(rows, row.field.content, row.path, own, depth + (row.key === null ? 1 : 2));
  };
  if (content.kind === "object") {
    for (const [at, { name, field, isRequired }] of content.members.entries()) {
      add({ path: [...path, at], name, field, isRequired, key: null, holder: "object" }, name);
    }
    for (const [at, { key, field }] of content.entries.entries()) {
      const place = [...path, content.members.length + at];
      add({ path: place, name: "name", field, isRequired: true, key, holder: "map" }, key.text);
    }
  } else if (content.kind === "array") {
    for (const [at, field] of content.items.entries()) {
      const name = `[${at}]`;
      add({ path: [...path, at], name, field, isRequired: true, key: null, holder: "array" }, String(at));
    }
  }
}

/** RFC 6901. */
function escaped(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The same form with another field at that place. */
export function changed(root: Field, path: Path, change: (field: Field) => Field): Field {
  const [at, ...rest] = path;
  if (at === undefined) return change(root);
  return { ...root, content: changedBelow(root.content, at, (field) => changed(field, rest, change)) };
}

function changedBelow(content: Content, at: number, change: (field: Field) => Field): Content {
  switch (content.kind) {
    case "object": {
      const { members, entries } = content;
      if (at < members.length) {
        return {
          ...content,
          members: replaced(members, at, (each) => ({ ...each, field: change(each.field) })),
        };
      }
      const place = at - members.length;
      return {
        ...content,
        entries: replaced(entries, place, (each) => ({ ...each, field: change(each.field) })),
      };
    }
    case "array":
      return { ...content, items: replaced(content.items, at, change) };
    case "absent":
    case "text":
    case "choice":
      return content;
    default:
      return content satisfies never;
  }
}

/** The same form with another list of entries or items in what holds that place. */
export function reordered(
  root: Field,
  path: Path,
  change: {
    readonly entries: (entries: readonly Entry[], at: number) => readonly Entry[];
    readonly items: (items: readonly Field[], at: number) => readonly Field[];
  },
): Field {
  const at = path.at(-1) ?? 0;
  return changed(root, path.slice(0, -1), (holder) => {
    const { content } = holder;
    if (content.kind === "array")
      return { ...holder, content: { ...content, items: change.items(content.items, at) } };
    if (content.kind !== "object" || at < content.members.length) return holder;
    const entries = change.entries(content.entries, at - content.members.length);
    return { ...holder, content: { ...content, entries } };
  });
}

function replaced<T>(list: readonly T[], at: number, change: (each: T) => T): readonly T[] {
  return list.map((each, index) => (index === at ? change(each) : each));
}
