import { describe, expect, test } from "vitest";
import type { PluginSetting } from "../../../../protocol/control-results.ts";
import {
  choicesIn,
  configuring,
  nextChoice,
  shownValue,
  typedSetting,
  typedText,
} from "../../../../src/tui/screens/todos/settings.ts";

const setting = (type: PluginSetting["type"], more: Partial<PluginSetting> = {}): PluginSetting => ({
  key: "k",
  type,
  origin: "default",
  required: false,
  ...more,
});

describe("what is typed becomes", () => {
  test.each([
    ["string", "7", "7"],
    ["secret", " s ", " s "],
    ["integer", " 7 ", 7],
    ["strings", '["a", "b c"]', ["a", "b c"]],
    ["other", '{"a": 1}', { a: 1 }],
  ] as const)("%s: %j is %j", (type, text, value) => {
    expect(typedSetting(setting(type), text)).toEqual({ ok: true, value });
  });

  test.each([
    ["integer", "7.5"],
    ["integer", "9007199254740993"],
    ["strings", "a, b"],
    ["strings", "[1]"],
    ["other", "{"],
  ] as const)("%s: %j is none", (type, text) => {
    expect(typedSetting(setting(type), text)).toMatchObject({
      ok: false,
      why: expect.stringMatching(/^k must be/),
    });
  });
});

test("what is typed anew begins with the value; a secret begins empty", () => {
  expect(typedText(setting("string"), "a b")).toBe("a b");
  expect(typedText(setting("strings"), ["a"])).toBe('["a"]');
  expect(typedText(setting("secret"), "(secret)")).toBe("");
});

test("choices go round", () => {
  const choices = choicesIn(setting("select", { choices: ["a", "b"] })) ?? [];
  expect([nextChoice(choices, "a"), nextChoice(choices, "b"), nextChoice(choices, undefined)]).toEqual([
    "b",
    "a",
    "a",
  ]);
  expect(choicesIn(setting("boolean"))).toEqual([false, true]);
  expect(choicesIn(setting("string"))).toBeNull();
});

test("an edit is shown before it is kept; unset shows the default", () => {
  const usual = setting("integer", { value: 3, default: 1 });
  expect(shownValue(usual, undefined)).toBe(3);
  expect(shownValue(usual, { do: "set", value: 7 })).toBe(7);
  expect(shownValue(usual, { do: "unset" })).toBe(1);
  const edits = new Map([
    ["a", { do: "set", value: 1 } as const],
    ["b", { do: "unset" } as const],
  ]);
  expect(configuring(edits)).toEqual({ set: { a: 1 }, unset: ["b"] });
});
