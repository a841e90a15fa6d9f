import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { asKind, drawingOf, drawnLines, kindsOf } from "../../../src/tui/shapes/shapes.ts";
import type { Hint, Kind } from "../../../src/tui/shapes/shapes.ts";

function drawn(value: unknown, width = 60, hint?: Hint): string {
  return drawnLines(drawingOf(value, hint), width)
    .map((line) => stripVTControlCharacters(line).trimEnd())
    .join("\n");
}

const as = (value: unknown, kind: Kind, width = 60): string =>
  drawnLines(asKind(value, kind), width).map(stripVTControlCharacters).join("\n");

const lines = (...each: readonly string[]): string => each.join("\n");

describe("the shape that says the most about a value", () => {
  test.each<[unknown, Kind]>([
    [1, "scalar"],
    [null, "scalar"],
    [true, "scalar"],
    ["short", "scalar"],
    ["two\nlines", "text"],
    ["x".repeat(100), "text"],
    [[1, 2, 3, 4], "chart"],
    [[1, 2, 3], "tree"],
    [{ a: 1, b: 2, c: 3 }, "chart"],
    [{ a: 1, b: 2 }, "tree"],
    [{ a: 1, b: "2", c: 3 }, "tree"],
    [[{ a: 1 }], "table"],
    [[{ a: 1 }, 2], "tree"],
    [[{ a: { b: 1 } }], "tree"],
    [{ x: { a: 1, b: 2 }, y: { a: 1, b: 3 } }, "table"],
    [{ plugin: { name: "a", version: "1" }, build: { language: "rust", profile: "debug" } }, "tree"],
    [[], "tree"],
    [{}, "tree"],
    [[{ title: "a", done: false }], "checklist"],
    [{ todos: [{ title: "a", state: "active" }], more: false }, "checklist"],
    [[{ title: "a", state: "Ohio" }], "table"],
    [{ summary: "", commands: [] }, "checklist"],
    [{ summary: "", commands: [{ op: "reboot" }] }, "tree"],
    [{ title: "a", blocks: [] }, "view"],
    [{ title: "a", blocks: [{ kind: "text", text: "" }] }, "view"],
    [{ title: "a", blocks: [{ kind: "brick" }] }, "tree"],
    [JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}'), "chart"],
  ])("of %j is %s", (value, kind) => {
    expect(drawingOf(value).kind).toBe(kind);
    expect(kindsOf(value)[0]).toBe(kind);
  });

  test("an empty list is a checklist where it comes from the todo api", () => {
    const found = { items: [], files: 3 };
    expect(drawingOf(found).kind).toBe("tree");
    expect(drawn(found, 60, { plugin: "todo-scan", method: "todo.scan" })).toBe("No todos.");
  });

  test("every value can also be seen as tree and as JSON", () => {
    expect(kindsOf([{ title: "a", done: true }])).toEqual(["checklist", "table", "tree", "json"]);
    expect(kindsOf("a")).toEqual(["scalar", "text", "tree", "json"]);
    expect(asKind(1, "table")).toEqual({ kind: "tree", value: 1 });
  });

  test("the same drawing is drawn once", () => {
    const drawing = drawingOf([{ a: 1 }]);
    expect(drawnLines(drawing, 40)).toBe(drawnLines(drawing, 40));
    expect(drawnLines(drawing, 41)).not.toBe(drawnLines(drawing, 40));
  });
});

describe("a table", () => {
  test("has the columns in the order in which they are seen, and numbers at the right", () => {
    const value = [
      { name: "min", calls: 12, tags: ["a", "b"] },
      { name: "chaos", calls: 1234, error: null },
    ];
    expect(drawn(value)).toBe(
      lines("name   calls  tags        error", 'min       12  ["a", "b"]', "chaos   1234              null"),
    );
  });

  test("of an object has the names of its rows", () => {
    expect(drawn({ min: { calls: 1, up: true }, chaos: { calls: 20, up: false } })).toBe(
      lines("       calls  up", "min        1  true", "chaos     20  false"),
    );
  });

  test("cuts the widest columns, and names the columns that there is no room for", () => {
    const value = [{ id: 1, text: "a long text that goes on", more: "also a long text", end: "x" }];
    expect(drawn(value, 34)).toBe(
      lines("id  text          more         end", " 1  a long text…  also a lon…  x"),
    );
    const wide = [Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`column ${at}`, "some text"]))];
    expect(drawn(wide, 20)).toBe(
      lines("colum…  colu…  colu…", "some …  some…  some…", "… 5 more columns: c…"),
    );
  });
});

describe("a chart", () => {
  test("has a bar for each number", () => {
    expect(drawn({ ts: 40, rs: 20, c: 0.5, none: 0 }, 40)).toBe(
      lines(
        "ts    █████████████████████████████   40",
        "rs    ██████████████▌                 20",
        "c     ▍                              0.5",
        "none                                   0",
      ),
    );
  });

  test("puts what is below zero at the left of it", () => {
    expect(drawn([2, -1, 1, 0], 20)).toBe(
      lines("0      ████████    2", "1  ████           -1", "2      ████        1", "3                  0"),
    );
  });
});

describe("a checklist", () => {
  test("of todos that were found", () => {
    const items = [
      { title: "Write the page", kind: "todo", done: false, priority: "high", file: "src/a.ts", line: 12 },
      { title: "Tick it", kind: "checkbox", done: true, priority: "normal", file: "README.md", line: 3 },
    ];
    expect(drawn({ items, files: 2 })).toBe(
      lines(
        "2 todos: 1 open, 1 done",
        "☐ ! Write the page                   todo  high  src/a.ts:12",
        "☑ Tick it                                        README.md:3",
      ),
    );
  });

  test("of todos in a tree", () => {
    const value = [
      { title: "Ship", state: "active", children: [{ title: "Build", state: "done" }] },
      { title: "Wait", state: "blocked", due: "2026-12-31" },
    ];
    expect(drawn(value, 40)).toBe(
      lines(
        "3 todos: 1 active, 1 blocked, 1 done",
        "◐ Ship",
        "  ☑ Build",
        "☐ Wait           blocked  due 2026-12-31",
      ),
    );
  });

  test("of what a batch would change", () => {
    const commands = [
      { op: "create", tempId: "a", title: "Review", due: "2026-12-31" },
      { op: "create", tempId: "b", parent: "a", title: "Read it", state: "done" },
      { op: "create", tempId: "c", parent: "t7", title: "Elsewhere" },
      { op: "update", id: "t1", state: "done", due: null },
      { op: "delete", id: "t2" },
      { op: "move", id: "t3", parent: null, after: null },
      { op: "metadata", id: "t4", key: "source", value: { file: "a" } },
    ];
    expect(drawn({ summary: "What came in", commands }, 50)).toBe(
      lines(
        "What came in",
        "3 new, 1 changed, 1 deleted, 1 moved, 1 annotated",
        "+ ☐ Review                          due 2026-12-31",
        "+   ☑ Read it",
        "+ ☐ Elsewhere                             under t7",
        "~ change t1: state done, no due",
        "- delete t2 and all below it",
        "> move t3 to the top level, first",
        '= of t4: source = {"file": "a"}',
      ),
    );
  });
});

describe("a tree", () => {
  test("shows keys, sizes and types", () => {
    const value = {
      name: "min",
      apis: [{ name: "calc", methods: ["min", "max"] }],
      limits: {},
      text: "one\ntwo",
      nothing: null,
    };
    expect(drawn(value)).toBe(
      lines(
        'name: "min"',
        "apis: [1]",
        "  0: {2}",
        '    name: "calc"',
        '    methods: ["min", "max"]',
        "limits: {}",
        "text: text, 7 characters",
        "  │ one",
        "  │ two",
        "nothing: null",
      ),
    );
  });
});

test("JSON is the value's own", () => {
  const value = { a: [1, "x\u202e"], b: {}, c: null };
  expect(JSON.parse(as(value, "json"))).toEqual(value);
  expect(as(value, "json")).toBe(JSON.stringify(value, null, 2).replace("\u202e", "\\u202e"));
});

describe("a view", () => {
  test("has texts, tables and rows in which parts stand out", () => {
    const blocks = [
      { kind: "text", text: "Some words that are wrapped." },
      {
        kind: "table",
        columns: [{ title: "name" }, { title: "lines", align: "right" }],
        rows: [
          ["a", 1234],
          [null, 5],
        ],
      },
      {
        kind: "rows",
        rows: [[{ text: "state " }, { text: "bad", tone: "bad" }, { text: "!", tone: "new" }]],
      },
    ];
    expect(drawn({ title: "Files", blocks }, 20)).toBe(
      lines(
        "Files",
        "",
        "Some words that are",
        "wrapped.",
        "",
        "name  lines",
        "a     1,234",
        "          5",
        "",
        "state bad!",
      ),
    );
  });

  test("has a bar for each series of one point", () => {
    const series = [
      { label: "ts", points: [2048] },
      { label: "rs", points: [1024] },
    ];
    expect(
      drawn({ title: "Sizes", blocks: [{ kind: "chart", title: "By kind", series, unit: "B" }] }, 30),
    ).toBe(lines("Sizes", "", "By kind", "ts  ███████████████████  2 KiB", "rs  █████████▌           1 KiB"));
  });

  test("has columns for a series of many points, with their scale", () => {
    const series = [{ label: "lines", points: [1, 3, 6, -3] }];
    expect(drawn({ title: "", blocks: [{ kind: "chart", title: "Growth", series }] }, 20)).toBe(
      lines(
        "",
        "",
        "Growth",
        "lines, 4 values",
        " 6 ┤      ███",
        "   │      ███",
        "   │   ██████",
        " 0 ┤▅▅▅██████",
        "   │         ███",
        "-3 ┤         ███",
      ),
    );
  });

  test("shows a block that is no drawing as the value that it is", () => {
    const blocks = [
      { kind: "text", text: "fine" },
      { kind: "table", columns: [], rows: [[{}]] },
    ];
    expect(drawn({ title: "T", blocks })).toBe(
      lines(
        "T",
        "",
        "fine",
        "",
        "This block is no drawing:",
        'kind: "table"',
        "columns: []",
        "rows: [1]",
        "  0: [1]",
        "    0: {}",
      ),
    );
  });
});
