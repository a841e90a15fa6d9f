import { describe, expect, test } from "vitest";
import { isSecret, judge, settingsOf } from "../../../src/core/settings/settings.ts";

const schema = {
  type: "object",
  properties: {
    bpm: { type: "integer", minimum: 1, maximum: 60000, default: 120, description: "Beats per minute." },
    token: { type: "string", minLength: 8, writeOnly: true },
    sound: { enum: ["click", "bell"], default: "click" },
    loud: { type: "boolean" },
    roots: { type: "array", items: { type: "string" } },
    level: { type: "number", maximum: 1 },
    extra: { type: "object" },
    limit: { type: ["integer", "null"], minimum: 0, default: null },
  },
  required: ["token"],
};
const sound = { token: "long enough" };

describe("the settings of a schema", () => {
  test("have a type, a choice, a default, and what is allowed in words", () => {
    const told = settingsOf(schema).map(({ key, kind, secret, required, default: byDefault, allowed }) => {
      return [key, kind, secret, required, byDefault, allowed];
    });
    expect(told).toEqual([
      ["bpm", "integer", false, false, 120, "a whole number from 1 to 60000"],
      ["token", "string", true, true, undefined, "a string of at least 8 characters"],
      ["sound", "select", false, false, "click", 'one of "click", "bell"'],
      ["loud", "boolean", false, false, undefined, "true or false"],
      ["roots", "strings", false, false, undefined, "an array of strings"],
      ["level", "other", false, false, undefined, "a number, at most 1"],
      ["extra", "other", false, false, undefined, "a table"],
      ["limit", "integer", false, false, undefined, "a whole number, at least 0"],
    ]);
    expect(settingsOf(schema)[2]?.choices).toEqual(["click", "bell"]);
  });

  test("are found as generators write them: references, a choice with null, a list of constants", () => {
    const generated = {
      $ref: "#/$defs/Config",
      $defs: {
        Config: {
          properties: {
            mode: { $ref: "#/$defs/Mode", description: "How." },
            name: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
            only: { allOf: [{ $ref: "#/$defs/Mode" }] },
            around: { $ref: "#/$defs/Circle" },
            nowhere: { $ref: "#/$defs/None%" },
          },
          required: ["mode"],
        },
        Mode: { oneOf: [{ const: "fast", description: "x" }, { enum: ["slow"] }] },
        Circle: { $ref: "#/$defs/Circle" },
      },
    };
    expect(settingsOf(generated)).toMatchObject([
      { key: "mode", kind: "select", choices: ["fast", "slow"], required: true, description: "How." },
      { key: "name", kind: "string", default: undefined },
      { key: "only", kind: "select" },
      { key: "around", kind: "other" },
      { key: "nowhere", kind: "other" },
    ]);
  });

  test.each([undefined, true, false, {}, { properties: 3 }])("%j has none", (none) => {
    expect(settingsOf(none)).toEqual([]);
  });

  test("are secret when anything in them is, through references too", () => {
    const hiding = {
      properties: {
        plain: { type: "string" },
        list: { type: "array", items: { $ref: "#/$defs/key" } },
        either: { anyOf: [{ type: "string", writeOnly: true }, { type: "null" }] },
      },
      additionalProperties: { type: "string", writeOnly: true },
      $defs: { key: { $ref: "#/$defs/inner" }, inner: { writeOnly: true, type: "string" } },
    };
    const secret = ["plain", "list", "either", "other"].filter((key) => isSecret(hiding, key));
    expect(secret).toEqual(["list", "either", "other"]);
  });
});

describe("a configuration", () => {
  test("that fits gets its defaults", () => {
    expect(judge(schema, sound)).toEqual({
      ok: true,
      config: { token: "long enough", bpm: 120, sound: "click" },
    });
  });

  test("of which nothing is described fits as it is", () => {
    for (const open of [undefined, true, {}, { type: "object" }]) {
      expect(judge(open, { any: 1 })).toEqual({ ok: true, config: { any: 1 } });
    }
  });

  test.each<[config: Record<string, unknown>, path: string, message: string]>([
    [{ ...sound, bpm: "fast" }, "/bpm", 'bpm: found "fast", must be a whole number from 1 to 60000'],
    [{ ...sound, bpm: 0 }, "/bpm", "bpm: found 0, must be a whole number from 1 to 60000"],
    [{ ...sound, sound: "gong" }, "/sound", 'sound: found "gong", must be one of "click", "bell"'],
    [{ ...sound, roots: ["a", 2] }, "/roots/1", "roots[1]: expected string, found number"],
    [{ ...sound, level: 2 }, "/level", "level: found 2, 2 is greater than 1"],
    [{ ...sound, bmp: 9 }, "/bmp", "bmp: unknown key; did you mean bpm? allowed: bpm, token,"],
    [{}, "/token", "token is missing, must be a string of at least 8 characters"],
    [{ toke: 1 }, "/toke", "toke: unknown key; did you mean token?"],
    [{ token: "short" }, "/token", "token: does not fit, must be a string of at least 8 characters"],
  ])("%j is refused with the key, what was found and what is allowed", (config, path, message) => {
    const judged = judge(schema, config);
    expect(judged).toMatchObject({ ok: false, fault: "config", path });
    expect(judged.ok ? "" : judged.message).toContain(message);
  });

  test("may have other keys where the schema says so", () => {
    const properties = { a: { type: "string" } };
    const judgeWith = (more: object) => judge({ properties, ...more }, { x_1: 1 });
    expect(judgeWith({}).ok).toBe(false);
    expect(judgeWith({ additionalProperties: true }).ok).toBe(true);
    expect(judgeWith({ additionalProperties: { type: "integer" } }).ok).toBe(true);
    expect(judgeWith({ additionalProperties: { type: "string" } })).toMatchObject({ path: "/x_1" });
    expect(judgeWith({ patternProperties: { "^x_": {} } }).ok).toBe(true);
    expect(judgeWith({ patternProperties: { "^y_": {} } }).ok).toBe(false);
    expect(judge({ additionalProperties: false }, { x: 1 })).toMatchObject({ path: "/x" });
  });

  test("is not to blame for a default that does not fit", () => {
    const wrong = { properties: { a: { type: "integer", default: "x" } } };
    expect(judge(wrong, {})).toMatchObject({ ok: false, fault: "schema", path: "/a" });
    expect(judge(wrong, { a: "y" })).toMatchObject({ ok: false, fault: "config", path: "/a" });
  });

  test("leaves schema and values as they are", () => {
    const config = { token: "long enough" };
    const before = JSON.stringify([schema, config]);
    judge(schema, config);
    expect(JSON.stringify([schema, config])).toBe(before);
  });

  test("does not fall for __proto__", () => {
    const config: Record<string, unknown> = JSON.parse('{"__proto__": {"token": "long enough"}}');
    expect(judge(schema, config)).toMatchObject({ ok: false, path: "/__proto__" });
  });
});
