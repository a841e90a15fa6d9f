import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { judge, settingsOf } from "../../../src/core/settings/settings.ts";
import { templateOf } from "../../../src/core/settings/template.ts";

const schema = {
  properties: {
    bpm: { type: "integer", minimum: 1, default: 120, description: "Beats per minute.\nMore is faster." },
    sound: { enum: ["click", "bell"] },
    roots: { type: "array", items: { type: "string" }, default: ["a b"] },
    token: { type: "string", writeOnly: true, default: "changeme" },
    name: { type: "string" },
    "odd key": { type: "boolean" },
  },
  required: ["name"],
};
const settings = settingsOf(schema);
const written = (here: Record<string, unknown>, elsewhere: Record<string, string> = {}) =>
  templateOf("metronome", settings, {
    here,
    elsewhere: new Map(Object.entries(elsewhere)),
    secrets: new Set(["token"]),
  });

describe("a template", () => {
  test("describes every setting, and sets none", () => {
    const text = written({});
    expect(text).toBe(`# Settings of metronome. Take away a # to set one, then: bulkhead config reload
# Or without an editor: bulkhead config metronome set key=value

# Beats per minute.
# More is faster.
# A whole number, at least 1.
# bpm = 120

# One of "click", "bell".
# sound = "click"

# An array of strings.
# roots = ["a b"]

# A string, secret.
# token = ""

# A string, required.
# name = ""

# True or false.
# "odd key" = false
`);
    expect(parse(text)).toEqual({});
  });

  test("holds values that fit, once the # is taken away", () => {
    const config = parse(written({}).replaceAll(/^# (?=[a-z"]+(?: key")? = )/gm, ""));
    expect(Object.keys(config)).toEqual(["bpm", "sound", "roots", "token", "name", "odd key"]);
    expect(judge(schema, JSON.parse(JSON.stringify(config)))).toMatchObject({ ok: true });
  });

  test("keeps what is set, but for secrets, and says what is set elsewhere", () => {
    const text = written({ bpm: 90, token: "hunter2", more: ["x"] }, { name: "bulkhead.toml:4" });
    expect(parse(text)).toEqual({ bpm: 90, more: ["x"] });
    expect(text).not.toContain("hunter2");
    expect(text).toContain('# token = "(secret)"');
    expect(text).toContain("# Set in bulkhead.toml:4: take it away there before it is set here.\n# name = ");
  });

  test("stays a template, whatever the plugin says", () => {
    const hostile = settingsOf({
      properties: {
        a: {
          type: "string",
          description: 'x\ncommand = "rm"\r\nb = 1\u2028c = 2\u0000\u001b[2J',
          pattern: "x\nd = 1",
        },
        "e\nf = 1 #": { enum: ["\n[g]\n"] },
      },
    });
    const text = templateOf("p", hostile, { here: {}, elsewhere: new Map(), secrets: new Set() });
    expect(parse(text)).toEqual({});
    // oxlint-disable-next-line no-control-regex -- that there are none is the point
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
