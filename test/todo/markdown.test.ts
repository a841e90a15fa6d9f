import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apply, bounds } from "../../src/todo/batch.ts";
import { walk } from "../../src/todo/list.ts";
import type { TodoList } from "../../src/todo/list.ts";
import { parseMarkdown, printMarkdown } from "../../src/todo/markdown.ts";
import { changed, choices, lists, markdowns } from "./markdown-samples.ts";
import { after, create, outline } from "./samples.ts";

const rows = (list: TodoList) => ({ nextId: list.nextId, rows: [...walk(list)] });
const parsed = (text: string) => outline(parseMarkdown(text).list);
/** What stands in the file after these commands. */
const printed = (text: string, ...commands: Parameters<typeof after>[0]) => {
  const document = parseMarkdown(text);
  return printMarkdown(after(commands, document.list), document);
};
/** What is no todo's, in its order. */
const others = (text: string): string[] =>
  parseMarkdown(text)
    .layout.blocks.flatMap((block) => (block.kind === "other" ? block.lines : []))
    .map((line) => line.text)
    .filter((line) => line.trim() !== "");

function isWithin(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const each of whole) if (each === part[at]) at += 1;
  return at === part.length;
}

describe("a list as Markdown", () => {
  test("is read as the same list again, whatever is in it", () => {
    fc.assert(
      fc.property(lists, (list) => {
        const text = printMarkdown(list);
        expect(parseMarkdown(text).list).toEqual(list);
        expect(printMarkdown(list, parseMarkdown(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test("can be changed within any file, which keeps every other line, in its order", () => {
    fc.assert(
      fc.property(markdowns, choices, (text, chosen) => {
        const document = parseMarkdown(text);
        const list = changed(document.list, chosen);
        const next = printMarkdown(list, document);
        const again = parseMarkdown(next);
        expect(rows(again.list)).toEqual(rows(list));
        expect(isWithin(others(text), others(next))).toBe(true);
        expect(printMarkdown(list, again)).toBe(next);
      }),
      { numRuns: 1000 },
    );
  });

  test("reads as a person would write it", () => {
    const list = after([
      create("Paint the hull", {
        priority: "high",
        due: "2026-12-31",
        notes: "Two coats.\n\n- blue\n- white",
      }),
      create("Sand it", { parent: "Paint the hull", state: "done" }),
      create("Wait for the weather", { state: "blocked", priority: "low" }),
      create("Buy rope", { state: "active", metadata: { shop: "<harbour>" } }),
      create("Sell it", { state: "cancelled" }),
    ]);
    expect(printMarkdown(list)).toBe(
      `- [ ] Paint the hull due:2026-12-31 !high <!-- 1 -->
  Two coats.

  - blue
  - white
  - [x] Sand it <!-- 2 -->
- [!] Wait for the weather !low <!-- 3 -->
- [/] Buy rope <!-- 4 -->
- [-] Sell it <!-- 5 -->

<!-- bulkhead: next id 6
{"id":"4","metadata":{"shop":"<harbour\\u003e"}}
-->
`,
    );
  });

  test.each<[title: string, line: string]>([
    ["Pay due:2026-12-31", String.raw`- [ ] Pay \due:2026-12-31 <!-- 1 -->`],
    ["Shout !high", String.raw`- [ ] Shout \!high <!-- 1 -->`],
    [String.raw`Escape \!high`, String.raw`- [ ] Escape \\!high <!-- 1 -->`],
    ["!low", String.raw`- [ ] \!low <!-- 1 -->`],
    ["due:2026-12-31 first", "- [ ] due:2026-12-31 first <!-- 1 -->"],
    ["See <!-- 7 -->", "- [ ] See &#60;!-- 7 --> <!-- 1 -->"],
    ["[x] *a* `b` # c", "- [ ] [x] *a* `b` # c <!-- 1 -->"],
    [" a ", "- [ ] &#32;a&#32; <!-- 1 -->"],
  ])("a title may be anything: %s", (title, line) => {
    const text = printMarkdown(after([create("t", { title })]));
    expect(text.split("\n")[0]).toBe(line);
    expect(parseMarkdown(text).list.todos.get("1")).toMatchObject({ title, due: null, priority: "normal" });
  });

  test.each<[what: string, notes: string]>([
    ["a checklist", "- [ ] no todo\n1. [x] either"],
    ["code", "```\n- [ ] no todo\n```"],
    ["code without an end", "```\nx"],
    ["an empty line at either end", "\n\na\n\n"],
    ["nothing", ""],
    ["indentation", "  a\n    b"],
    ["line ends of all kinds", "a\r\nb\rc"],
    ["a comment", "<!-- 3 -->\n<!-- more"],
    ["a backslash", "\\"],
  ])("notes may be anything: %s", (_, notes) => {
    const list = after([create("a", { notes }), create("b", { parent: "a", notes })]);
    expect(parseMarkdown(printMarkdown(list)).list).toEqual(list);
  });
});

describe("a file of a person's own", () => {
  test("has todos with any bullet, by their indentation, and in any letters", () => {
    const text =
      "* [ ] a\n\t+ [X] b\n\t  1. [/] c !HIGH Due:2026-01-31\n- [-] d due:2026-02-30\n- [?] e\n- [ ]\n- [ ] ";
    expect(parsed(text)).toEqual(["a", "  b", "    c", "d due:2026-02-30"]);
    expect(parseMarkdown(text).list.todos.get("3")).toMatchObject({
      state: "active",
      priority: "high",
      due: "2026-01-31",
    });
  });

  test("has none in front matter, code, comments, quotes and tables", () => {
    const text = `---
todo:
- [ ] 1
---
\`\`\`md
- [ ] 2
\`\`\`
~~~~
~~~
- [ ] 3
~~~~
<!-- later:
- [ ] 4 <!-- 9 -->
-->
> - [ ] 5
| - [ ] 6 |

    - [ ] 7
- [ ] yes
  \`\`\`
  - [ ] 8
  \`\`\`
`;
    expect(parsed(text)).toEqual(["yes"]);
    expect(others(printed(text))).toEqual(others(text));
  });

  test("who forgets to end code or a comment does not lose the todos below it", () => {
    for (const open of ["```", "~~~", "<!-- TODO"]) {
      const text = printed(`${open}\n- [ ] a\n- [ ] b\n`);
      expect(parsed(text)).toEqual(["a", "b"]);
      expect(parsed(printed(text, create("c", { notes: open })))).toEqual(["a", "b", "c"]);
    }
  });

  test("keeps its byte order mark and its line ends", () => {
    const text = printed("\u{FEFF}# A\r\n- [ ] a\r\n\r\nend", create("b", { notes: "1\n2" }));
    expect(text).toBe(
      "\u{FEFF}# A\r\n- [ ] a <!-- 1 -->\r\n- [ ] b <!-- 2 -->\r\n  1\r\n  2\r\n\r\nend\r\n\r\n<!-- bulkhead: next id 3 -->\r\n",
    );
  });

  test("keeps its headings where they are, while todos come, go and move", () => {
    const text = "# Work\n\n- [ ] a\n- [ ] b\n\n# Home\n\n- [ ] c\n- [ ] d\n\nThe end.\n";
    const moved = printed(
      text,
      create("e"),
      create("b2", { after: "2" }),
      { op: "move", id: "1", parent: "4" },
      { op: "delete", id: "3" },
    );
    expect(moved).toBe(`# Work

- [ ] b <!-- 2 -->
- [ ] b2 <!-- 6 -->

# Home

- [ ] d <!-- 4 -->
  - [ ] a <!-- 1 -->
- [ ] e <!-- 5 -->

The end.

<!-- bulkhead: next id 7 -->
`);
  });

  test("a heading never comes between a todo and what is below it", () => {
    const text = printed("- [ ] a\n# Home\n- [ ] b\n", { op: "move", id: "2", parent: "1" });
    expect(text).toMatch(/^- \[ \] a <!-- 1 -->\n {2}- \[ \] b <!-- 2 -->\n# Home\n/);
  });

  test("keeps the person's bullets, tabs and notes where nothing has changed", () => {
    const text = "* [X] a   !high\n\n    Far in.\n\t* [ ] b\n";
    expect(printed(text, { op: "update", id: "2", title: "B" })).toBe(
      "* [X] a   !high <!-- 1 -->\n\n    Far in.\n\t* [ ] B <!-- 2 -->\n\n<!-- bulkhead: next id 3 -->\n",
    );
    expect(printed("1. [ ] a\n2. [ ] b\n", create("c"))).toContain("3. [ ] c");
  });

  test("a todo that is too large for a list stays text", () => {
    const text = `- [ ] a\n  ${"n".repeat(bounds.todo)}\n- [ ] b\n`;
    expect(parsed(text)).toEqual(["b"]);
    expect(others(printed(text))).toEqual(others(text));
  });

  test("nests as deep as a list may, and no deeper", () => {
    const text = Array.from({ length: 70 }, (_, n) => `${" ".repeat(n)}- [ ] ${n}\n`).join("");
    const { list } = parseMarkdown(text);
    expect(Math.max(...Array.from(walk(list), ({ depth }) => depth))).toBe(bounds.depth - 1);
    expect(list.todos.size).toBe(70);
  });
});

describe("ids", () => {
  const text = printMarkdown(after([create("a", { metadata: { k: 1 } }), create("b"), create("c")]));

  test("stay with their lines, wherever in it a person has written", () => {
    const { list } = parseMarkdown(text.replace("a <!-- 1 -->", "<!-- 1 --> now !high"));
    expect(list.todos.get("1")).toMatchObject({ title: "now", priority: "high", metadata: { k: 1 } });
  });

  test("are the first line's, where a line was copied; the copy is new", () => {
    const document = parseMarkdown(text.replace("- [ ] b", "- [ ] a again <!-- 1 -->\n- [ ] b"));
    expect(outline(document.list)).toEqual(["a", "a again", "b", "c"]);
    expect(document.list.todos.get("4")).toMatchObject({ title: "a again", metadata: {} });
    expect([...document.known]).toEqual(["1", "2", "3"]);
    expect(printMarkdown(document.list, document)).toContain("- [ ] a again <!-- 4 -->\n");
  });

  test("are not given twice, whatever was deleted", () => {
    const { list } = parseMarkdown(text.replace("- [ ] c <!-- 3 -->\n", "- [ ] d\n"));
    expect([...list.todos.keys()]).toEqual(["1", "2", "4"]);
    const emptied = printMarkdown(
      after(
        [1, 2, 3].map((id) => ({ op: "delete", id: String(id) })),
        parseMarkdown(text).list,
      ),
    );
    expect(emptied).toBe("<!-- bulkhead: next id 4 -->\n");
    expect(parseMarkdown(emptied).list.nextId).toBe(4);
  });

  test("that were never given are none", () => {
    expect([...parseMarkdown(text.replace("<!-- 3 -->", "<!-- 77 -->")).list.todos.keys()]).toEqual([
      "1",
      "2",
      "4",
    ]);
    expect([...parseMarkdown("- [ ] a <!-- 999999999999999 -->").list.todos.keys()]).toEqual(["1"]);
  });

  test("stay when what stands at the end is deleted, broken or there twice", () => {
    const block = /<!-- bulkhead[^]*/;
    for (const end of [
      "",
      "<!-- bulkhead: next id 4\n{broken\n-->\n",
      `${block.exec(text)?.[0]}more\n${block.exec(text)?.[0]}`,
    ]) {
      const edited = text.replace(block, () => end);
      expect([...parseMarkdown(edited).list.todos.keys()]).toEqual(["1", "2", "3"]);
      expect(parseMarkdown(printed(edited)).list.nextId).toBe(4);
    }
  });

  test("are found below what a person has added at the very end", () => {
    const next = printed(`${text}- [ ] d\n`);
    expect(parsed(next)).toEqual(["a", "b", "c", "d"]);
    expect(next).toMatch(/d <!-- 4 -->\n\n<!-- bulkhead: next id 5\n/);
  });
});

test("any text is a file", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), markdowns), (text) => {
      const { list } = parseMarkdown(text);
      const commands = Array.from(walk(list), ({ id }) => ({ op: "delete" as const, id })).toReversed();
      expect(apply(list, commands, null).ok).toBe(true);
    }),
  );
});
