import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Todo } from "../../protocol/todo.ts";
import { apply } from "../../src/todo/batch.ts";
import { walk } from "../../src/todo/list.ts";
import type { TodoList } from "../../src/todo/list.ts";
import { parseMarkdown, printMarkdown, withIds } from "../../src/todo/markdown.ts";
import { reconcile } from "../../src/todo/reconcile.ts";
import { changed, choices, lists, markdowns } from "./markdown-samples.ts";
import { after, create, outline } from "./samples.ts";

const anyList = fc.oneof(
  lists,
  markdowns.map((text) => parseMarkdown(text).list),
);

function edit(list: TodoList, change: (text: string) => string, base?: TodoList) {
  const edited = parseMarkdown(change(printMarkdown(base ?? list)));
  const result = apply(list, reconcile(list, edited, base), null);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  const ids = new Map(Array.from(result.created, ([name, id]) => [name.replace("new:", ""), id] as const));
  return { list: result.list, edited: withIds(edited, ids).list, ids };
}

/** What lines say: neither origin nor metadata. */
const said = (list: TodoList) => Array.from(walk(list), (row) => ({ ...row, origin: null, metadata: {} }));
const written = ["title", "state", "priority", "due", "notes"] as const;

describe("what a person has done to the file", () => {
  test("is what the list becomes, whatever it is", () => {
    fc.assert(
      fc.property(
        anyList,
        choices,
        fc.constantFrom(/<!-- \d+ -->/g, /<!-- [24] -->/g, /$^/g),
        (list, chosen, lost) => {
          const result = edit(list, () => printMarkdown(changed(list, chosen)).replaceAll(lost, ""));
          expect(said(result.list)).toEqual(said(result.edited));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("comes together with what the list has done meanwhile, and nothing that was written is lost", () => {
    fc.assert(
      fc.property(anyList, choices, choices, (base, ours, theirs) => {
        const now = changed(base, ours);
        const { list, edited, ids } = edit(now, () => printMarkdown(changed(base, theirs)), base);
        for (const [id, todo] of now.todos) {
          if (!base.todos.has(id))
            expect(list.todos.get(id)).toEqual({ ...todo, parent: expect.toSatisfy(() => true) });
        }
        const fresh = new Set(ids.values());
        for (const [id, todo] of edited.todos) {
          const before: Partial<Todo> = (fresh.has(id) ? undefined : base.todos.get(id)) ?? {};
          for (const member of written) {
            if (todo[member] !== before[member] && (before.id !== undefined || fresh.has(id))) {
              expect(list.todos.get(id)?.[member]).toEqual(todo[member]);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a person", () => {
  const list = after([
    create("a", { metadata: { k: 1 } }),
    create("a1", { parent: "a", notes: "n" }),
    create("b", { state: "active" }),
    create("c"),
  ]);

  test.each<[does: string, change: (text: string) => string, expected: string[]]>([
    ["nothing", (text) => text, ["1 a", "  2 a1", "3 b", "4 c"]],
    ["retitles", (text) => text.replace("] b", "] B"), ["1 a", "  2 a1", "3 B", "4 c"]],
    [
      "adds a line",
      (text) => text.replace("- [/]", "- [ ] x\n- [/]"),
      ["1 a", "  2 a1", "5 x", "3 b", "4 c"],
    ],
    ["indents", (text) => text.replace("- [/]", "  - [/]"), ["1 a", "  2 a1", "  3 b", "4 c"]],
    [
      "puts in between",
      (text) => text.replace("  - [ ] a1", "- [ ] x\n  - [ ] a1"),
      ["1 a", "5 x", "  2 a1", "3 b", "4 c"],
    ],
    ["reorders", (text) => text.replace(/(- \[\/\].*\n)(- .*\n)/, "$2$1"), ["1 a", "  2 a1", "4 c", "3 b"]],
    ["deletes a line above others", (text) => text.replace(/.*a <.*\n/, ""), ["2 a1", "3 b", "4 c"]],
    ["copies", (text) => text.replace(/.*a1.*\n/, "$&$&"), ["1 a", "  2 a1", "  5 a1", "3 b", "4 c"]],
    ["deletes the ids", (text) => text.replaceAll(/ <!-- \d -->/g, ""), ["5 a", "  6 a1", "7 b", "8 c"]],
    ["deletes all", () => "", []],
    [
      "deletes what stands at the end",
      (text) => text.replace(/<!-- bulkhead[^]*/, ""),
      ["1 a", "  2 a1", "3 b", "4 c"],
    ],
    [
      "deletes that and the last, and adds one",
      (text) => text.replace(/- \[ \] c[^]*/, "- [ ] x"),
      ["1 a", "  2 a1", "3 b", "5 x"],
    ],
  ])("%s", (_, change, expected) => {
    const result = edit(list, change);
    const shown = Array.from(
      walk(result.list),
      ({ id, depth, title }) => `${"  ".repeat(depth)}${id} ${title}`,
    );
    expect(shown).toEqual(expected);
    const kept = result.list.todos.get("1");
    if (kept !== undefined) expect(kept.metadata).toEqual({ k: 1 });
  });

  test("who changes nothing leaves nothing to undo, and one line is one command", () => {
    expect(reconcile(list, parseMarkdown(printMarkdown(list)))).toEqual([]);
    const text = printMarkdown(list).replace("[/] b", "[x] b !low due:2026-01-31");
    expect(reconcile(list, parseMarkdown(text))).toEqual([
      { op: "update", id: "3", state: "done", priority: "low", due: "2026-01-31" },
    ]);
  });
});

describe("both at once", () => {
  const base = after([create("a"), create("b"), create("c", { parent: "b" })]);
  const meanwhile = (...commands: Parameters<typeof after>[0]) => after(commands, base);

  test("the file's text wins where both have written, and only there", () => {
    const now = meanwhile({ op: "update", id: "1", title: "ours", state: "done", notes: "kept" });
    const { list } = edit(now, (text) => text.replace("[ ] a", "[/] theirs"), base);
    expect(list.todos.get("1")).toMatchObject({ title: "theirs", state: "active", notes: "kept" });
  });

  test("what the list has deleted is there again only where the person has changed it", () => {
    const now = meanwhile({ op: "delete", id: "2" });
    expect(outline(edit(now, (text) => text, base).list)).toEqual(["a"]);
    expect(outline(edit(now, (text) => text.replace("] c", "] C"), base).list).toSorted()).toEqual([
      "C",
      "a",
    ]);
  });

  test("what the person has deleted goes, but not what the list has put below it", () => {
    const now = meanwhile(create("new", { parent: "3" }), { op: "update", id: "2", title: "changed" });
    const { list } = edit(now, (text) => text.replaceAll(/.*\[ \] [bc].*\n/g, ""), base);
    expect(outline(list)).toEqual(["a", "new"]);
  });

  test("two moves that would make a ring end as in the file", () => {
    const now = meanwhile({ op: "move", id: "1", parent: "3" });
    const { list } = edit(
      now,
      () => "- [ ] a <!-- 1 -->\n  - [ ] b <!-- 2 -->\n    - [ ] c <!-- 3 -->\n",
      base,
    );
    expect(outline(list)).toEqual(["a", "  b", "    c"]);
  });
});
