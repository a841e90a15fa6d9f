import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distance, nearest } from "../../protocol/nearest.ts";

const commands = [
  "up",
  "down",
  "ps",
  "status",
  "call",
  "logs",
  "crashes",
  "events",
  "start",
  "stop",
  "restart",
];

describe("nearest", () => {
  test.each([
    ["statsu", "status", "two neighbours swapped"],
    ["staus", "status", "a letter left out"],
    ["statuss", "status", "a letter too many"],
    ["stetus", "status", "a wrong letter"],
    ["STATUS", "status", "case"],
    ["pss", "ps", "a short word"],
    ["crash", "crashes", "two letters in seven"],
    ["cra", "crashes", "the beginning of one candidate"],
    ["stort", "start", "the first of equals"],
  ])("%s -> %s (%s)", (word, expected) => {
    expect(nearest(word, commands)).toBe(expected);
  });

  test.each([
    ["frobnicate", "far from everything"],
    ["", "nothing to compare"],
    ["zz", "as short as a candidate, and all wrong"],
    ["x".repeat(100_000), "longer than any name"],
  ])("%s has no near miss (%s)", (word) => {
    expect(nearest(word, commands)).toBeUndefined();
  });

  test("separators and capitals do not count: names of other languages' habits are found", () => {
    const methods = ["todo-scan.scan", "todo-list.add_item"];
    expect(nearest("todoScan.scan", methods)).toBe("todo-scan.scan");
    expect(nearest("todo_list.addItem", methods)).toBe("todo-list.add_item");
  });

  test("the beginning of several candidates names none of them", () => {
    expect(nearest("todo", ["todo-scanner", "todo-listing"])).toBeUndefined();
  });

  test("no candidates, no suggestion", () => {
    expect(nearest("status", [])).toBeUndefined();
  });

  const word = fc.string({ minLength: 4, maxLength: 20, unit: fc.constantFrom(..."abcdefgh".split("")) });

  test("one mistake in a word of four or more is always forgiven", () => {
    const mistake = fc.constantFrom("insert", "delete", "replace", "swap");
    fc.assert(
      fc.property(word, mistake, fc.nat(), (right, kind, seed) => {
        const at = seed % (right.length - 1);
        const [before, a, b, after] = [right.slice(0, at), right[at], right[at + 1], right.slice(at + 2)];
        const wrong = {
          insert: `${before}x${a}${b}${after}`,
          delete: `${before}${b}${after}`,
          replace: `${before}x${b}${after}`,
          swap: `${before}${b}${a}${after}`,
        }[kind];
        expect(nearest(wrong ?? "", ["zzzzzzzzzzzz", right])).toBe(right);
      }),
    );
  });

  test("a distance is 0 for equals only, the same both ways, and at most the longer length", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const found = distance(a, b);
        expect(found === 0).toBe(a === b);
        expect(found).toBe(distance(b, a));
        expect(found).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(found).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });

  test("a distance above the bound is only known to be above it", () => {
    fc.assert(
      fc.property(word, word, fc.nat(20), (a, b, most) => {
        const found = distance(a, b);
        expect(distance(a, b, most)).toBe(found <= most ? found : Infinity);
      }),
    );
  });

  test("of thousands of candidates only the first 200 are looked at", () => {
    const many = Array.from({ length: 199 }, (_, n) => `${n}`.repeat(20));
    expect(nearest("statsu", [...many, "status", "statsu"])).toBe("status");
    expect(nearest("statsu", [...many, "other", "status"])).toBeUndefined();
    const endless = (function* () {
      for (;;) yield "other";
    })();
    expect(nearest("statsu", endless)).toBeUndefined();
  });

  test("any two texts can be compared", () => {
    const text = fc.string({ unit: "binary", maxLength: 300 });
    fc.assert(
      fc.property(text, fc.array(text), (a, candidates) => {
        const found = nearest(a, candidates);
        expect(found === undefined || candidates.includes(found)).toBe(true);
      }),
    );
  });
});
