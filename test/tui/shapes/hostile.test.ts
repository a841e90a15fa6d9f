/** Whatever a plugin sends: lines stay in their width, harmless and bounded. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asKind, drawingOf, drawnLines, kinds } from "../../../src/tui/shapes/shapes.ts";
import { hostileText, isHarmless, plain, shownWidth } from "../hostile.ts";

function expectSound(value: unknown, width: number): void {
  for (const drawing of [drawingOf(value), ...kinds.map((kind) => asKind(value, kind))]) {
    const lines = drawnLines(drawing, width);
    expect(lines.length).toBeLessThanOrEqual(10_001);
    for (const line of lines) {
      if (shownWidth(line) > width || !isHarmless(line))
        expect.unreachable(`${drawing.kind} in ${width} columns: ${JSON.stringify(line.slice(0, 500))}`);
    }
  }
}

/** Letters that join others in unusual ways, and those without a picture. */
const unusual = fc.constantFrom(
  "\u0903",
  "\u1100",
  "\u115f",
  "\u3164",
  "क्ष",
  "e\u0301\u0302\u0303",
  "👍🏽🏽🏽",
);
const text = fc
  .array(fc.oneof(unusual, hostileText, fc.string({ unit: "binary", maxLength: 12 })), { maxLength: 5 })
  .map((parts) => parts.join(""));
const key = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "toString", "title", "length", ""));
const number = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(-0, 1e308, -1e308, 5e-324, Infinity),
);
const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null));
const record = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  // Like JSON.parse: `__proto__` is an own member.
  fc.array(fc.tuple(key, values), { maxLength: 8 }).map((entries) => Object.fromEntries(entries));
const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    scalar,
    fc.array(tie("value"), { maxLength: 6 }),
    record(tie("value")),
    fc.array(record(scalar), { maxLength: 6 }),
    record(number),
    fc.array(number, { maxLength: 8 }),
  ),
})).value;
const width = fc.integer({ min: 20, max: 220 });

const state = fc.constantFrom("open", "active", "blocked", "done", "cancelled");
const item = fc.record(
  {
    title: text,
    done: fc.boolean(),
    state,
    kind: text,
    priority: fc.constantFrom("low", "high"),
    file: text,
    line: number,
    due: text,
    depth: number,
    children: fc.array(fc.record({ title: text, done: fc.boolean() }), { maxLength: 3 }),
  },
  { requiredKeys: ["title", "done"] },
);
const command = fc.oneof(
  fc.record(
    { op: fc.constant("create"), tempId: text, parent: text, title: text, state, due: text },
    { requiredKeys: ["op", "tempId", "title"] },
  ),
  fc.record(
    { op: fc.constant("update"), id: text, title: anything, state: anything, notes: text },
    { requiredKeys: ["op"] },
  ),
  fc.record({ op: fc.constantFrom("delete", "move"), id: text, parent: text, after: text }),
  fc.record({ op: fc.constant("metadata"), id: text, key: text, value: anything }),
);
const block = fc.oneof(
  fc.record({ kind: fc.constant("text"), text }),
  fc.record({
    kind: fc.constant("table"),
    columns: fc.array(fc.record({ title: text, align: fc.constantFrom("left", "right") }), { maxLength: 12 }),
    rows: fc.array(fc.array(fc.oneof(text, number, fc.constant(null))), { maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant("chart"),
    title: text,
    unit: text,
    series: fc.array(fc.record({ label: text, points: fc.array(number, { maxLength: 300 }) }), {
      maxLength: 3,
    }),
  }),
  fc.record({
    kind: fc.constant("rows"),
    rows: fc.array(fc.array(fc.record({ text, tone: fc.constantFrom("bad", "__proto__", "x") }))),
  }),
  anything,
);

describe("no line is wider than it may be, or has a dangerous character", () => {
  test("of any value", () => {
    fc.assert(fc.property(anything, width, expectSound), { numRuns: 200 });
  });

  test("of todos", () => {
    fc.assert(fc.property(fc.record({ items: fc.array(item, { maxLength: 6 }) }), width, expectSound));
    const change = fc.record({ summary: text, commands: fc.array(command, { maxLength: 8 }) });
    fc.assert(fc.property(change, width, expectSound));
  });

  test("of views", () => {
    const view = fc.record({ title: text, blocks: fc.array(block, { maxLength: 5 }) });
    fc.assert(fc.property(view, width, expectSound));
  });
});

const mebi = 2 ** 20;

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = "end";
  for (let at = 0; at < depth; at++) value = wrap(value);
  return value;
}

describe("large values are bounded", () => {
  test.each<[string, unknown]>([
    ["text without a space", "x".repeat(mebi)],
    ["text of words", "word ".repeat(mebi / 5)],
    ["text of line breaks", "\n".repeat(mebi)],
    ["wide text", "漢".repeat(mebi)],
    ["one letter under a heap of marks", `a${"\u0301".repeat(mebi)}`],
    ["one syllable of many parts", "\u1100".repeat(mebi)],
    ["control characters", "\u001b".repeat(mebi)],
    ["numbers", Array.from({ length: 100_000 }, (_, at) => at)],
    ["texts", Array.from({ length: 100_000 }, () => "漢字")],
    ["rows", Array.from({ length: 100_000 }, (_, at) => ({ at, name: "漢字", "": null }))],
    ["rows of as many columns", Array.from({ length: 300 }, (_, at) => ({ [`c${at}`]: at, x: 1 }))],
    [
      "one row of many columns",
      [Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`c${at}`, at]))],
    ],
    ["members", Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`c${at}`, [at]]))],
    ["numbers with names", Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`c${at}`, at]))],
    ["todos", { items: Array.from({ length: 100_000 }, () => ({ title: "t", done: false })) }],
    ["commands", { summary: "", commands: Array.from({ length: 100_000 }, () => ({ op: "delete" })) }],
    ["arrays in arrays", nested(100, (inner) => [inner])],
    ["objects in objects", nested(100, (inner) => ({ "a key": inner, other: 1 }))],
    ["objects too deep for JSON", nested(1000, (inner) => ({ a: inner }))],
    [
      "points",
      {
        title: "",
        blocks: [
          {
            kind: "chart",
            title: "",
            series: [{ label: "", points: Array.from({ length: 100_000 }, Math.sin) }],
          },
        ],
      },
    ],
    ["blocks", { title: "", blocks: Array.from({ length: 100_000 }, () => ({ kind: "text", text: "x" })) }],
  ])("%s", (_, value) => {
    expectSound(value, 80);
  });
});

const last = (value: unknown): string => plain(drawnLines(drawingOf(value), 60).at(-1) ?? "");

test("what a drawing leaves out is said", () => {
  expect(last(Array.from({ length: 20_000 }, () => ({ a: 1, b: "x" })))).toBe("… 10,003 more rows");
  expect(last(Array.from({ length: 20_000 }, (_, at) => at))).toBe("… 10,001 more");
  expect(last(Array.from({ length: 2234 }, () => [1, [2]]))).toBe("… 1,234 more");
  expect(last("x".repeat(300_000))).toBe("… 100,000 more characters");
  expect(last("x\n".repeat(20_000))).toBe("… 10,002 more lines");
});
