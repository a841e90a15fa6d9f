import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonSchema } from "../../protocol/description.ts";
import { parseAssignments } from "../../src/cli/params.ts";
import { callCommand, quoted } from "../../src/text/command-line.ts";
import { parseJson } from "../../src/text/typed-value.ts";
import { json, schema } from "../tui/form/arbitrary.ts";

/** As a POSIX shell splits a line of plain and single-quoted text. */
function words(line: string): string[] {
  const found = line.matchAll(/(?:[^\s'\\]|'[^']*'|\\.)+/gs);
  return Array.from(found, ([word]) =>
    word.replaceAll(/'([^']*)'|\\(.)/gs, (_, text = "", char = "") => `${text}${char}`),
  );
}

const noFile = (path: string): string => {
  throw new Error(`no file ${path} in this test`);
};

/** What the command line makes of the command. */
function read(line: string, made: JsonSchema | undefined): unknown {
  const [program, command, , ...rest] = words(line);
  expect([program, command]).toEqual(["bulkhead", "call"]);
  return rest[0] === "--params" ? parseJson(rest[1] ?? "", "--params") : parseAssignments(rest, made, noFile);
}

const object = (properties: Record<string, unknown>, ...required: string[]): JsonSchema => ({
  type: "object",
  properties,
  required,
});

const optional = <T>(each: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(each, { nil: undefined });

describe("a call as a command", () => {
  test.each<[schema: JsonSchema | undefined, params: unknown, words: string]>([
    [object({ a: { type: "integer" }, b: { type: "integer" } }, "a", "b"), { a: 1, b: 2 }, "a=1 b=2"],
    [object({ t: { type: "string" } }), { t: "it's here" }, String.raw`'t=it'\''s here'`],
    [object({ t: { type: "string" } }), { t: "5" }, "t=5"],
    [undefined, { t: "5" }, `'t:="5"'`],
    [object({ t: { type: "string" } }), { t: "@home" }, "t=@@home"],
    [object({ t: { type: "string" } }), { t: "two\nlines" }, String.raw`'t:="two\nlines"'`],
    [object({ t: { type: "string" } }), { t: "\u001b[2J" }, String.raw`'t:="\u001b[2J"'`],
    [object({ l: { type: "array" } }), { l: [1, "x"] }, `'l:=[1,"x"]'`],
    [object({ n: { type: "integer" } }), { n: "five" }, `'n:="five"'`],
    [object({ n: { type: "integer" } }, "n"), {}, "--params '{}'"],
    [object({ n: { type: "integer" } }), { m: 1 }, `--params '{"m":1}'`],
    [object({ n: { type: "integer" } }), {}, ""],
    [undefined, { "a.b": 1 }, `--params '{"a.b":1}'`],
    [undefined, [1], "--params '[1]'"],
  ])("%j %j: %s", (made, params, expected) => {
    expect(callCommand("p", "api.m", params, made)).toBe(`bulkhead call p.api.m ${expected}`.trimEnd());
  });

  test("the command line reads back what was called", () => {
    fc.assert(
      fc.property(fc.option(schema), json, (made, params) => {
        const line = callCommand("p", "api.m", params, made ?? undefined);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(read(line, made ?? undefined)).toEqual(params);
      }),
      { numRuns: 2000 },
    );
  });

  test("and so it does when the params fit the schema", () => {
    const made = object({
      n: { type: "integer" },
      t: { type: "string" },
      p: { enum: ["low", "3", 3, null] },
      v: {},
      x: { type: ["string", "null"] },
    });
    const some = fc.record({
      n: optional(fc.integer()),
      t: optional(fc.string()),
      p: optional(fc.constantFrom("low", "3", 3, null)),
      v: optional(json),
      x: optional(fc.constantFrom("null", null, "a")),
    });
    fc.assert(
      fc.property(some, (given) => {
        const params: unknown = JSON.parse(JSON.stringify(given));
        expect(read(callCommand("p", "api.m", params, made), made)).toEqual(params);
      }),
      { numRuns: 500 },
    );
  });

  test("a word is quoted where the shell would read more into it", () => {
    expect(quoted("a=1")).toBe("a=1");
    expect(quoted("a b")).toBe("'a b'");
    expect(quoted("")).toBe("''");
    expect(quoted("$HOME")).toBe("'$HOME'");
    expect(quoted("~x")).toBe("'~x'");
  });
});
