/** Lists, files and changes of all kinds, for properties. */
import * as fc from "fast-check";
import type { Command } from "../../protocol/todo.ts";
import { apply } from "../../src/todo/batch.ts";
import { emptyList } from "../../src/todo/list.ts";
import type { TodoList } from "../../src/todo/list.ts";

/** Text of all that means something in Markdown, or that a file has difficulties with. */
function texts(...more: string[]): fc.Arbitrary<string> {
  const pieces = [" ", "  ", "\t", "\\", "\u{A0}", "\u{2028}", "\u{FEFF}", "\0", "\u{D800}", "é", "👩‍🚀", "x"];
  const words = [
    "!high",
    "!low",
    "due:2026-12-31",
    "<!-- 1 -->",
    "<!--",
    "-->",
    "&#32;",
    "&#38;",
    "[x]",
    "#",
  ];
  const starts = [
    "- [ ] ",
    "- ",
    "1. [x] y",
    "```",
    "````",
    "~~~",
    "---",
    "<!-- bulkhead: next id 3 -->",
    "- [x]",
  ];
  const piece = fc.oneof(
    fc.constantFrom(...pieces, ...words, ...starts, ...more),
    fc.string({ unit: "binary" }),
  );
  return fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(""));
}
const titles = texts().map((text) => text.replaceAll(/[\r\n]/g, "") || "x");
const notes = texts("\n", "\n", "\n  ", "\n\t", "\r\n", "\r");

const created = fc.record({
  /** How many todos further up its parent stands; 0: none. */
  below: fc.nat({ max: 3 }),
  title: titles.map((text) => (text.trim() === "" ? `${text}x` : text)),
  state: fc.constantFrom("open", "active", "blocked", "done", "cancelled"),
  priority: fc.constantFrom("low", "normal", "high"),
  due: fc.constantFrom(null, "2026-12-31", "2024-02-29"),
  notes: fc.option(notes),
  metadata: fc
    .dictionary(fc.string({ minLength: 1, maxLength: 10 }), fc.jsonValue(), { maxKeys: 3 })
    .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>),
  origin: fc.constantFrom(null, null, "todo-scan"),
  isDeleted: fc.boolean(),
});

/** Lists with everything that a list may have. */
export const lists: fc.Arbitrary<TodoList> = fc.array(created, { maxLength: 8 }).map((all) => {
  let list = emptyList;
  for (const [index, { below, origin, isDeleted, ...rest }] of all.entries()) {
    const parent = below === 0 || index < below ? null : String(index + 1 - below);
    const place = { parent: parent !== null && list.todos.has(parent) ? parent : null };
    const made = apply(list, [{ op: "create", tempId: "t", ...rest, ...place }], origin);
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    const removed = apply(
      made.list,
      isDeleted && index % 2 === 1 ? [{ op: "delete", id: String(index + 1) }] : [],
      null,
    );
    if (removed.ok) list = removed.list;
  }
  return list;
});

const indents = fc.constantFrom("", "", "  ", "  ", "    ", "\t", " ", "      ", "   ");
const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("- [ ] ", "- [x] ", "* [X] ", "1. [/] ", "- [?] ", "+ [-]  "), texts())
      .map((two) => two.join("")),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom("- [ ] a ", "- [!] b"),
        fc.nat({ max: 9 }).map((id) => `<!-- ${id} -->`),
      )
      .map((two) => two.join("")),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "",
      "",
      " ",
      "text",
      "# Heading",
      "---",
      "- plain",
      "```",
      "~~~ js",
      "<!--",
      "-->",
      "> - [ ] quoted",
      "|a|",
    ),
  },
  { weight: 1, arbitrary: texts() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "<!-- bulkhead: next id 7 -->",
      '<!-- bulkhead: next id 12\n{"id":"1","origin":"x"}\n-->',
      "<!-- bulkhead: next id 5",
    ),
  },
);
/** What a person may have in a file. */
export const markdowns = fc
  .tuple(
    fc.constantFrom("", "", "\u{FEFF}", "---\na: 1\n---\n"),
    fc.constantFrom("\n", "\n", "\r\n", "\r"),
    fc.array(
      fc.tuple(indents, line).map((two) => two.join("")),
      { maxLength: 14 },
    ),
    fc.boolean(),
  )
  .map(([first, end, lines, isEnded]) =>
    (first + lines.join("\n") + (isEnded ? "\n" : "")).replaceAll(/\r\n|\r|\n/g, end),
  );

/** For `changed`: which commands there are. */
export const choices = fc.array(fc.array(fc.nat({ max: 50 }), { minLength: 6, maxLength: 6 }), {
  maxLength: 12,
});

/** The list after commands that make sense for it. Those that do not fit are left out. */
export function changed(list: TodoList, chosen: readonly (readonly number[])[]): TodoList {
  return commandsOn(list, chosen).reduce((before, command) => {
    const result = apply(before, [command], null);
    return result.ok ? result.list : before;
  }, list);
}

function commandsOn(list: TodoList, chosen: readonly (readonly number[])[]): Command[] {
  const ids = [...list.todos.keys(), String(list.nextId), String(list.nextId + 1)];
  let rest: number[] = [];
  const next = (below: number): number => (rest.shift() ?? 0) % below;
  const id = (): string => ids[next(ids.length)] ?? "";
  const place = () => ({ parent: next(3) === 0 ? null : id(), ...(next(2) === 0 ? { after: null } : {}) });
  return chosen.map((choice): Command => {
    rest = [...choice];
    const kind = next(6);
    const notes = [null, "n", "a\n\n  b", "```", "```\n- [ ] x\n```", "<!-- x", " - [ ] y"][next(7)] ?? null;
    if (kind === 0) return { op: "create", tempId: `t`, title: "new", notes, ...place() };
    if (kind === 1) return { op: "delete", id: id() };
    if (kind === 2) return { op: "update", id: id(), title: "t", notes };
    if (kind === 3) return { op: "update", id: id(), state: "done" };
    return { op: "move", id: id(), ...place() };
  });
}
