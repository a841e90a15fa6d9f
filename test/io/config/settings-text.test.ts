import * as fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { inToml, keyInToml } from "../../../protocol/toml-value.ts";
import { editedText } from "../../../src/io/config/settings-text.ts";

const set = (text: string, values: Record<string, unknown>): string =>
  editedText(text, { set: values, unset: [] });
const unset = (text: string, ...keys: string[]): string => editedText(text, { set: {}, unset: keys });

describe("a setting that is there", () => {
  test.each<[what: string, before: string, after: string]>([
    ["alone", "bpm = 120", "bpm = 90"],
    ["with words behind it", "  bpm=120   # fast\nx = 1\n", "  bpm=90   # fast\nx = 1\n"],
    [
      "over several lines",
      "a = 1\nbpm = [\n  1, # one\n  2,\n] # list\nb = 2",
      "a = 1\nbpm = 90 # list\nb = 2",
    ],
    ["in a long string", 'bpm = """\nx\n# no comment"""\n', "bpm = 90\n"],
    ["with Windows' line ends", "bpm = 120\r\nx = 1\r\n", "bpm = 90\r\nx = 1\r\n"],
    ["in quotes", '"bpm" = 120\n', '"bpm" = 90\n'],
    ["an inline table", "bpm = { a = 1, b = 2 } # t\n", "bpm = 90 # t\n"],
  ])("is changed where it stands: %s", (_what, before, after) => {
    expect(set(before, { bpm: 90 })).toBe(after);
  });

  test.each<[what: string, before: string, after: string]>([
    ["alone", "bpm = 120", ""],
    ["between others", "a = 1\nbpm = 120\nb = 2\n", "a = 1\nb = 2\n"],
    ["over several lines", "a = 1\nbpm = [\n1,\n]\nb = 2\n", "a = 1\nb = 2\n"],
    ["with words behind it, which stay", "bpm = 120 # fast\nb = 2\n", "# fast\nb = 2\n"],
    ["with Windows' line ends", "a = 1\r\nbpm = 120\r\nb = 2\r\n", "a = 1\r\nb = 2\r\n"],
  ])("is taken away: %s", (_what, before, after) => {
    expect(unset(before, "bpm")).toBe(after);
  });
});

describe("a setting that is not there", () => {
  test.each<[what: string, before: string, after: string]>([
    ["at the end", "a = 1\n", "a = 1\nbpm = 90\n"],
    ["at the end of a line without one", "a = 1", "a = 1\nbpm = 90\n"],
    ["in an empty file", "", "bpm = 90\n"],
    ["below its line in a template", "# x\n# bpm = 120\n# y = 1\n", "# x\n# bpm = 120\nbpm = 90\n# y = 1\n"],
    ["not below a line of a long string", 'a = """\n# bpm = 1\n"""\n', 'a = """\n# bpm = 1\n"""\nbpm = 90\n'],
    ["not below another's", "# bpm2 = 1\n", "# bpm2 = 1\nbpm = 90\n"],
    ["before the first table", "a = 1 # one\n[t]\nbpm = 1\n", "a = 1 # one\nbpm = 90\n[t]\nbpm = 1\n"],
    ["and before its comments", "# head\n\n# of t\n# too\n[t]\n", "# head\n\nbpm = 90\n# of t\n# too\n[t]\n"],
    ["with Windows' line ends", "a = 1\r\n", "a = 1\r\nbpm = 90\r\n"],
  ])("is written %s", (_what, before, after) => {
    expect(set(before, { bpm: 90 })).toBe(after);
  });

  test("is not taken away either", () => {
    expect(unset("a = 1\n", "bpm")).toBe("a = 1\n");
  });

  test("and comes and goes without a trace", () => {
    const template = "# Beats.\n# bpm = 120\n\n# sound = 1\n";
    expect(unset(set(template, { bpm: 90 }), "bpm")).toBe(template);
  });
});

test.each(["[bpm]\nx = 1\n", "bpm.x = 1\n", "[[bpm]]\n", "[bpm.x]\n"])(
  "%j is left to who wrote it",
  (text) => {
    expect(() => set(text, { bpm: 1 })).toThrow("bpm is written as a table");
    expect(() => unset(text, "bpm")).toThrow("bpm is written as a table");
    expect(set(text, { other: 1 })).toContain("other = 1");
  },
);

const keys = ["a", "bpm", "long key", "ü", "x-y"];
const value = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
);
const comment = fc.oneof(
  fc.constantFrom("# plain", "  # with blanks", "# a = 1", "# bpm = 2", '# "long key" = 3', "#", "# [t]"),
);
const line = fc.oneof(
  comment.map((text) => ({ text, key: undefined })),
  fc.constant({ text: "", key: undefined }),
  fc
    .record({ key: fc.constantFrom(...keys), value, behind: fc.constantFrom("", "  # behind") })
    .map(({ key, value: each, behind }) => ({ text: `${keyInToml(key)} = ${inToml(each)}${behind}`, key })),
  fc.constantFrom(...keys).map((key) => ({ text: `${keyInToml(key)} = [\n  "1",\n]`, key })),
  fc.constantFrom(...keys).map((key) => ({ text: `${keyInToml(key)} = """\n# a = 1\n"""`, key })),
);
const file = fc
  .record({
    lines: fc.array(line, { maxLength: 12 }),
    newline: fc.constantFrom("\n", "\r\n"),
    ends: fc.boolean(),
    tables: fc.constantFrom([], ["[t]", "a = 1"], ["# of t", "[t]", "bpm = 1", "[[u]]"]),
  })
  .map(({ lines, newline, ends, tables }) => {
    const seen = new Set<string>();
    // A key may be defined once.
    const once = lines.filter(({ key }) => key === undefined || (!seen.has(key) && seen.add(key)));
    return (
      [...once.map(({ text }) => text), ...tables].join("\n").replaceAll("\n", newline) +
      (ends ? newline : "")
    );
  });
const step = fc.oneof(
  fc.record({
    set: fc.dictionary(fc.constantFrom(...keys), value, { noNullPrototype: true }),
    unset: fc.constant([]),
  }),
  fc.record({ set: fc.constant({}), unset: fc.subarray(keys) }),
);
const data = (text: string): Record<string, unknown> => JSON.parse(JSON.stringify(parse(text)));
/** Comments of their own line and behind values alike; those inside strings stay because their strings are compared. */
const commentsOf = (text: string): string[] =>
  text
    .replaceAll(/"""[^]*?"""/g, '""')
    .split(/\r?\n/)
    .map((each) => each.replace(/^[^#]*?= (?:"(?:[^"\\]|\\.)*"|\[.*?\](?=\s|$)|[^#"[]*)/, "").trim())
    .filter((each) => each.startsWith("#"));

test("any changes to any file make the wanted table, and every comment stays, in its order", () => {
  fc.assert(
    fc.property(file, fc.array(step, { maxLength: 6 }), (before, steps) => {
      let text = before;
      let wanted = data(before);
      for (const change of steps) {
        text = editedText(text, change);
        const kept = Object.entries(wanted).filter(([key]) => !change.unset.includes(key as never));
        wanted = { ...Object.fromEntries(kept), ...change.set };
        expect(data(text)).toEqual(wanted);
      }
      expect(commentsOf(text)).toEqual(commentsOf(before));
    }),
    { numRuns: 500 },
  );
});
