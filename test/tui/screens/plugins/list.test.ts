import { expect, test } from "vitest";
import { learn } from "../../../../src/tui/facts.ts";
import {
  initialPlugins,
  moved,
  reordered,
  selectedPlugin,
  settled,
  shownPlugins,
} from "../../../../src/tui/screens/plugins/list.ts";
import type { PluginsState } from "../../../../src/tui/screens/plugins/list.ts";
import { inputOf } from "../../../../src/tui/parts/text-input.ts";
import { pluginStatus } from "../../samples.ts";
import { crashing, failed, pluginStats, sceneAt, withPlugins } from "../samples.ts";

const plugins = [pluginStatus("min"), crashing, pluginStatus("echo"), failed];
const scene = sceneAt(withPlugins(plugins, [pluginStats("echo")]));
const filteredBy = (text: string): PluginsState => ({
  ...initialPlugins,
  filter: { input: inputOf(text), isTyping: true },
});
const ids = (state: PluginsState, of = scene): string[] => shownPlugins(state, of).map(({ id }) => id);

test("plugins stand in the order of the configuration until another is asked for", () => {
  expect(ids(initialPlugins)).toEqual(["min", "chaos", "echo", "outdated"]);
  expect(ids({ ...initialPlugins, order: "state" })).toEqual(["outdated", "chaos", "min", "echo"]);
  expect(ids({ ...initialPlugins, order: "calls" })[0]).toBe("echo");
  expect(ids({ ...initialPlugins, order: "crash" }).slice(0, 2)).toEqual(["outdated", "chaos"]);
});

test("the orders come round, in both directions", () => {
  const once = reordered(initialPlugins, 1);
  expect(once.order).toBe("state");
  expect(reordered(once, -1).order).toBe("configuration");
  expect(reordered(initialPlugins, -1).order).toBe("crash");
});

test("a filter finds names, states, apis and words of what went wrong", () => {
  expect(ids(filteredBy("fail"))).toContain("outdated");
  expect(ids(filteredBy("panicked main.rs"))).toEqual(["chaos"]);
  expect(ids(filteredBy("BACKOFF"))).toEqual(["chaos"]);
  expect(ids(filteredBy("nothing like it"))).toEqual([]);
});

test("the cursor stays on its plugin when the list is put in another order", () => {
  const on = moved(moved(initialPlugins, "down", scene, 10), "down", scene, 10);
  expect(selectedPlugin(on, scene)?.id).toBe("echo");
  expect(selectedPlugin({ ...on, order: "state" }, scene)?.id).toBe("echo");
});

test("the cursor stays on its plugin when others come and go", () => {
  const on = settled(moved(initialPlugins, "last", scene, 10), scene, 10);
  const others = learn(scene.facts, { type: "plugins", plugins: [pluginStatus("new"), failed] });
  expect(selectedPlugin(on, sceneAt(others))?.id).toBe("outdated");
});

test("what is under the cursor from the start is not exchanged for what comes first later", () => {
  const on = settled({ ...initialPlugins, order: "calls" }, scene, 10);
  expect(on.selected).toBe("echo");
  const busier = learn(scene.facts, {
    type: "stats",
    stats: [pluginStats("min", { recent: { seconds: 1, calls: 1000, errors: 0, p50: 1, p99: 1 } })],
  });
  expect(ids(on, sceneAt(busier))[0]).toBe("min");
  expect(selectedPlugin(on, sceneAt(busier))?.id).toBe("echo");
});

test("when its plugin is gone, the cursor is on the one that took its place", () => {
  const on = settled(moved(initialPlugins, "down", scene, 10), scene, 10);
  expect(on.selected).toBe("chaos");
  const without = sceneAt(withPlugins(plugins.filter(({ id }) => id !== "chaos")));
  expect(settled(on, without, 10).selected).toBe("echo");
});
