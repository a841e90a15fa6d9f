import { render } from "ink-testing-library";
import { describe, expect, test } from "vitest";
import { BulkheadError } from "../../../protocol/error.ts";
import { mapped } from "../../../src/tui/effect.ts";
import type { Effect } from "../../../src/tui/effect.ts";
import { pluginsScreen } from "../../../src/tui/screens/plugins.tsx";
import type { Operated } from "../../../src/tui/screens/plugins/operator-keys.ts";
import { plain } from "../hostile.ts";
import { pluginStatus } from "../samples.ts";
import { crashing, failed, pressed, sceneAt, withPlugins } from "./samples.ts";

const busy = pluginStatus("busy", { calls: { inFlight: 2, waiting: 0, answered: 0, failed: 0 } });
const off = pluginStatus("off", { state: "disabled", pid: null, readySince: null });
const scene = sceneAt(withPlugins([pluginStatus("min"), busy, off, crashing, failed]));
const { initial } = pluginsScreen;
const on = (selected: string) => ({ ...initial, selected });
const effectsOf = (selected: string, key: string): readonly Effect<Operated>[] =>
  pressed(pluginsScreen, on(selected), scene, key).effects;

describe("a key of the selected plugin", () => {
  test.each([
    ["enter", "plugin", { plugin: "chaos" }],
    ["l", "plugin", { plugin: "chaos", tab: "logs" }],
    ["c", "call", { plugin: "chaos" }],
    ["x", "crashes", { plugin: "chaos" }],
  ])("%s leads to the screen %s", (key, screen, arg) => {
    expect(effectsOf("chaos", key)).toEqual([{ do: "go", screen, arg }]);
  });

  test.each([
    ["s", "chaos", "plugin.start", {}],
    ["S", "min", "plugin.stop", {}],
    ["r", "min", "plugin.restart", {}],
    ["R", "min", "plugin.restart", { rolling: true }],
    ["d", "min", "plugin.disable", {}],
    ["d", "off", "plugin.enable", {}],
    ["E", "off", "plugin.enable", {}],
  ])("%s on %s is %s", (key, plugin, method, more) => {
    expect(effectsOf(plugin, key)).toMatchObject([{ do: "control", method, params: { plugin, ...more } }]);
  });

  test.each(["S", "r", "R", "d"])("%s asks first while calls are under way", (key) => {
    expect(effectsOf("busy", key)).toMatchObject([{ do: "confirm", yes: { do: "control" } }]);
  });
});

test("what an operation came to is said", () => {
  const [effect] = effectsOf("min", "r").map((each) => mapped(each, (message) => message));
  if (effect?.do !== "control" || effect.reply === undefined) throw new Error("it asks for no answer");
  const message: Operated = {
    type: "operated",
    plugin: "min",
    answer: { ok: true, value: pluginStatus("min") },
  };
  expect(pluginsScreen.update?.(initial, message, scene).effects).toEqual([
    { do: "notice", tone: "good", text: "min: serving (pid 4711)" },
  ]);
  const error = BulkheadError.of("plugin_unavailable", "min is disabled");
  const refused: Operated = { type: "operated", plugin: "min", answer: { ok: false, error } };
  expect(pluginsScreen.update?.(initial, refused, scene).effects).toMatchObject([
    { do: "notice", tone: "bad", text: expect.stringContaining("bulkhead status min") },
  ]);
});

test("the footer is the command that shows what is selected", () => {
  expect(pluginsScreen.command(on("chaos"), scene)).toBe("status chaos");
  expect(pluginsScreen.command(initial, sceneAt(withPlugins([])))).toBe("ps");
});

test("typing a filter narrows the list and moves the cursor to what is found; esc shows all again", () => {
  const filtering = pressed(pluginsScreen, initial, scene, "/").state;
  expect(pluginsScreen.isTyping?.(filtering, scene)).toBe(true);
  const typed = Array.from("outd").reduce(
    (state, text) => pluginsScreen.type?.(state, { name: text, text }, scene).state ?? state,
    filtering,
  );
  expect(pluginsScreen.command(typed, scene)).toBe("status outdated");
  const kept = pressed(pluginsScreen, typed, scene, "enter").state;
  expect(pluginsScreen.isTyping?.(kept, scene)).toBe(false);
  const all = pressed(pluginsScreen, kept, scene, "esc").state;
  expect(all.filter.input.text).toBe("");
  expect(pluginsScreen.command(all, scene)).toBe("status outdated");
});

test("it is drawn", () => {
  const { View } = pluginsScreen;
  const { lastFrame, unmount } = render(<View state={initial} scene={sceneAt(scene.facts, 100, 21)} />);
  expect(plain(lastFrame() ?? "")).toContain("── min 1.0.0 ──");
  unmount();
});
