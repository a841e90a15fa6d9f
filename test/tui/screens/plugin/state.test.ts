import { describe, expect, test } from "vitest";
import type { Effect } from "../../../../src/tui/effect.ts";
import { learn } from "../../../../src/tui/facts.ts";
import type { News } from "../../../../src/tui/facts.ts";
import { inputOf } from "../../../../src/tui/parts/text-input.ts";
import { initialState, update } from "../../../../src/tui/state.ts";
import type { Scene, Step } from "../../../../src/tui/screen.ts";
import { pluginScreen } from "../../../../src/tui/screens/plugin.tsx";
import type { PluginMessage, PluginScreenState } from "../../../../src/tui/screens/plugin/state.ts";
import { away, crashReport, now, pluginStatus } from "../../samples.ts";
import {
  crashing,
  describedAs,
  detailOf,
  failed,
  knowing,
  logLine,
  pressed,
  sceneAt,
  withPlugins,
} from "../samples.ts";

const idle = pluginStatus("idle", { state: "idle", pid: null, readySince: null, apis: [], version: null });
const scene = sceneAt(withPlugins([pluginStatus("min"), crashing, idle]));
type PluginStep = Step<PluginScreenState, PluginMessage>;

const opened = (arg?: unknown, state = pluginScreen.initial, at = scene): PluginStep =>
  pluginScreen.open?.(state, arg, at) ?? { state, effects: [] };
const press = (state: PluginScreenState, key: string, at = scene): PluginStep =>
  pressed(pluginScreen, state, at, key);
const fed = (state: PluginScreenState, at: Scene): PluginStep =>
  pluginScreen.react?.(state, at, scene.facts) ?? { state, effects: [] };
const done = ({ effects }: PluginStep): string[] =>
  effects.map((effect: Effect<PluginMessage>) => (effect.do === "control" ? effect.method : effect.do));
const after = (news: News): Scene => sceneAt(learn(scene.facts, news));

describe("which plugin it shows", () => {
  test("the one that it is opened for, on the tab that is asked for", () => {
    expect(opened({ plugin: "chaos", tab: "crashes" }).state).toMatchObject({
      plugin: "chaos",
      tab: "crashes",
    });
  });

  test("without being told, the same as before, or else the first", () => {
    expect(opened().state.plugin).toBe("min");
    expect(opened(undefined, opened({ plugin: "chaos" }).state).state.plugin).toBe("chaos");
    const without = sceneAt(withPlugins([pluginStatus("min")]));
    expect(opened(undefined, opened({ plugin: "chaos" }).state, without).state.plugin).toBe("min");
  });

  test("the next and the one before, round and round", () => {
    const { state } = opened({ plugin: "idle" });
    expect(press(state, "]").state.plugin).toBe("min");
    expect(press(state, "[").state.plugin).toBe("chaos");
  });

  test("nothing of the one before is left, but the tab", () => {
    const { state } = opened({ plugin: "chaos", tab: "crashes" });
    const message: PluginMessage = {
      type: "reports",
      plugin: "chaos",
      answer: { ok: true, value: [crashReport("chaos-1-abcd")] },
    };
    const full = pluginScreen.update?.(state, message, scene).state ?? state;
    expect(full.reports).toHaveLength(1);
    expect(press(full, "]").state).toMatchObject({ plugin: "idle", tab: "crashes", reports: [] });
  });
});

describe("what it asks the daemon for", () => {
  test("the overview: what is known of the plugin, once in each of its states", () => {
    const step = opened({ plugin: "min" });
    expect(done(step)).toEqual(["plugin.status", "config.show", "describe", "plugin.settings"]);
    expect(done(fed(step.state, scene))).toEqual([]);
    const stopped = { type: "plugins", plugins: [pluginStatus("min", { state: "stopped" })] } as const;
    expect(done(fed(step.state, after(stopped)))).toEqual(["plugin.status", "describe", "plugin.settings"]);
  });

  test("nothing that would start a plugin which has never said what it is, until a person wants it", () => {
    expect(done(opened({ plugin: "idle" }))).toEqual(["plugin.status", "config.show"]);
    const methods = opened({ plugin: "idle", tab: "methods" });
    expect(done(methods)).toEqual([]);
    expect(done(press(methods.state, "enter"))).toEqual(["describe"]);
  });

  test("a plugin that could not be described is asked again on request", () => {
    const once = press(opened({ plugin: "idle", tab: "methods" }).state, "enter");
    expect(done(press(once.state, "enter"))).toEqual(["describe"]);
  });

  test("nothing while the daemon is away; all of it when it is back", () => {
    const { state } = opened({ plugin: "min", tab: "crashes" });
    const gone = fed(state, after(away));
    expect(done(gone)).toEqual([]);
    const back = after({ type: "connection", connection: { state: "up", since: now + 9000 } });
    expect(done(fed(gone.state, back))).toEqual(["crash.list"]);
  });

  test("an answer about another plugin than is shown is too late", () => {
    const { state } = opened({ plugin: "min" });
    const late: PluginMessage = {
      type: "detail",
      plugin: "chaos",
      answer: { ok: true, value: detailOf(crashing) },
    };
    expect(pluginScreen.update?.(state, late, scene)).toEqual({ state, effects: [] });
  });
});

describe("the log", () => {
  const { state, effects } = opened({ plugin: "chaos", tab: "logs" });
  const [effect] = effects;

  test("is read and followed as long as it is looked at", () => {
    expect(effect).toMatchObject({ do: "log", query: { plugin: "chaos", follow: true } });
    expect(done(fed(state, scene))).toEqual([]);
    expect(done(press(state, "tab"))).toEqual(["stop_log", "crash.list"]);
    expect(done(pluginScreen.close?.(state, scene) ?? { state, effects: [] })).toEqual(["stop_log"]);
  });

  test("is read again when the screen is opened again, and when the daemon is back", () => {
    const closed = pluginScreen.close?.(state, scene).state ?? state;
    expect(done(opened(undefined, closed))).toEqual(["log"]);
    const gone = fed(state, after(away));
    expect(done(gone)).toEqual(["stop_log"]);
    expect(done(fed(gone.state, scene))).toEqual(["log"]);
  });

  test("ends when another screen comes to the front, and an answer that comes then does not begin it again", () => {
    const shown = update(initialState({ columns: 80, rows: 24 }, scene.facts), {
      type: "key",
      key: { name: "l", text: "l" },
    });
    expect(shown.effects).toMatchObject([{ do: "log" }]);
    const left = update(shown.state, { type: "key", key: { name: "1", text: "1" } });
    expect(left.effects).toMatchObject([{ do: "stop_log" }]);
    const late: PluginMessage = {
      type: "detail",
      plugin: "min",
      answer: { ok: true, value: detailOf(crashing) },
    };
    expect(update(left.state, { type: "screen", to: "plugin", message: late }).effects).toEqual([]);
  });

  test("of another plugin takes its place", () => {
    expect(done(press(state, "]"))).toEqual(["log"]);
  });

  test("is that of all lives, of the current one, or of the one before, which is over", () => {
    const current = press(state, "p");
    expect(current.effects).toMatchObject([{ do: "log", query: { previous: 0, follow: true } }]);
    const previous = press(current.state, "p");
    expect(previous.effects).toMatchObject([{ do: "log", query: { previous: 1, follow: false } }]);
    expect(pluginScreen.command(previous.state, scene)).toBe("logs chaos --previous");
  });

  test("does not mix the lines of two questions", () => {
    if (effect?.do !== "log") throw new Error("it does not read the log");
    const message = effect.reply([logLine("x")], true, 0);
    const own = pluginScreen.update?.(state, message, scene).state ?? state;
    expect(own.log.lines).toHaveLength(1);
    const other = press(own, "p").state;
    expect(other.log.lines).toEqual([]);
    expect(pluginScreen.update?.(other, message, scene).state.log.lines).toEqual([]);
  });

  test("goes to the pager and to the clipboard as plain text", () => {
    if (effect?.do !== "log") throw new Error("it does not read the log");
    const message = effect.reply([logLine("first"), logLine("sec\u001bond")], true, 0);
    const full = pluginScreen.update?.(state, message, scene).state ?? state;
    expect(press(full, "e").effects).toMatchObject([
      { do: "pager", text: expect.stringMatching(/ first\n.* sec\\u\{1b\}ond\n$/) },
    ]);
    expect(press(press(full, "k").state, "y").effects).toMatchObject([{ do: "copy", text: "first" }]);
  });

  test("a search that finds nothing says so", () => {
    const typing = press(state, "/").state;
    expect(pluginScreen.isTyping?.(typing, scene)).toBe(true);
    const typed = pluginScreen.type?.(typing, { name: "x", text: "x" }, scene).state ?? typing;
    expect(press(typed, "enter").effects).toMatchObject([{ do: "notice", tone: "warn" }]);
  });

  test("esc ends the search first, and then leads back to all plugins", () => {
    const searched = { ...state, log: { ...state.log, search: { input: inputOf("x"), isTyping: false } } };
    const first = press(searched, "esc");
    expect(first.state.log.search.input.text).toBe("");
    expect(press(first.state, "esc").effects).toEqual([{ do: "go", screen: "plugins" }]);
  });

  test("its own keys win over those of every tab", () => {
    expect(done(press(state, "c"))).toEqual([]);
    expect(done(press(opened({ plugin: "chaos" }).state, "c"))).toEqual(["go"]);
    const keys = pluginScreen.bindings(state, scene).flatMap((binding) => binding.keys);
    expect(keys.filter((key) => key === "c")).toEqual(["c"]);
  });
});

test("a method leads to the screen that calls it, a crash to its report", () => {
  const known = sceneAt(knowing(scene.facts, describedAs("min", [{ name: "min" }, { name: "max" }])));
  const { state } = opened({ plugin: "min", tab: "methods" }, undefined, known);
  expect(press(press(state, "j", known).state, "enter", known).effects).toEqual([
    { do: "go", screen: "call", arg: { plugin: "min", method: "min.max" } },
  ]);
  const reported = after({
    type: "reports",
    reports: [crashReport("chaos-2-hasl"), crashReport("x", { plugin: "y" })],
  });
  const crashes = opened({ plugin: "chaos", tab: "crashes" }, undefined, reported);
  expect(press(crashes.state, "enter", reported).effects).toEqual([
    { do: "go", screen: "crashes", arg: { report: "chaos-2-hasl" } },
  ]);
  expect(pluginScreen.command(crashes.state, reported)).toBe("crashes chaos-2-hasl");
});

test("an operator's keys are the same as in the list of all plugins", () => {
  const at = sceneAt(withPlugins([failed]));
  expect(press(opened({ plugin: "outdated" }, undefined, at).state, "s", at).effects).toMatchObject([
    { do: "control", method: "plugin.start", params: { plugin: "outdated" } },
  ]);
});
