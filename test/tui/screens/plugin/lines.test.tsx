import * as fc from "fast-check";
import { render } from "ink-testing-library";
import { describe, expect, test } from "vitest";
import { learn } from "../../../../src/tui/facts.ts";
import { pluginScreen } from "../../../../src/tui/screens/plugin.tsx";
import { pluginLines } from "../../../../src/tui/screens/plugin/lines.ts";
import { emptyLog, received } from "../../../../src/tui/screens/plugin/log.ts";
import { initialPlugin, tabs } from "../../../../src/tui/screens/plugin/state.ts";
import type { PluginScreenState } from "../../../../src/tui/screens/plugin/state.ts";
import { inputOf } from "../../../../src/tui/parts/text-input.ts";
import { hostileText, isHarmless, plain, shownWidth } from "../../hostile.ts";
import { away, crashReport, pluginStatus } from "../../samples.ts";
import {
  anySchema,
  anyStatus,
  crashing,
  describedAs,
  detailOf,
  failed,
  knowing,
  logLine,
  pluginStats,
  sceneAt,
  sizes,
  withPlugins,
} from "../samples.ts";

const min = pluginStatus("min");
const facts = knowing(
  withPlugins([min, crashing, failed], [pluginStats("min")]),
  describedAs("min", [
    {
      name: "min",
      description: "The lesser of two numbers.",
      params: { properties: { a: { type: "integer" }, b: { type: "integer" } }, required: ["a", "b"] },
      result: { type: "integer" },
      errors: [{ code: "too_small" }],
    },
    { name: "ticks", item: { type: "integer" } },
  ]),
);
const text = (state: Partial<PluginScreenState>, at = sceneAt(facts)): string =>
  pluginLines({ ...initialPlugin, plugin: "min", ...state }, at)
    .map((line) => plain(line).trimEnd())
    .join("\n");

describe("the overview", () => {
  const detail = detailOf(min, {
    restart: {
      when: "on-failure",
      minDelayMs: 500,
      maxDelayMs: 30_000,
      jitter: 0.2,
      resetAfterMs: 60_000,
      maxFailures: 8,
      windowMs: 600_000,
    },
  });
  const wide = sceneAt(facts, 200, 57);

  test("says what is known: how it is, what it is, how it is run, and what really holds", () => {
    const lines = text({ detail, origin: "bulkhead.toml:12" }, wide);
    expect(lines).toMatch(/state +serving for 1m, pid 4711/);
    expect(lines).toMatch(/language +rust/);
    expect(lines).toMatch(/defined in +bulkhead.toml:12/);
    expect(lines).toMatch(/may use +host.log/);
    expect(lines).toMatch(/restart +on-failure, 500ms to 30s, at most 8 failures in 10m/);
    expect(lines).toMatch(/yes +dies with the daemon/);
    expect(lines).toMatch(/NO +its limits of memory, files and CPU time are enforced/);
  });

  test("shows its settings with where each stands, and no secret", () => {
    const settings = {
      plugin: "min",
      file: null,
      live: true,
      schema: {},
      settings: [
        {
          key: "bpm",
          type: "integer",
          value: 90,
          origin: "bulkhead.toml:9",
          required: false,
          description: "Beats.",
        },
        { key: "token", type: "secret", value: "hunter2", origin: "config/min.toml:1", required: true },
        { key: "name", type: "string", origin: "unset", required: true },
      ],
    } as const;
    const lines = text({ detail, settings }, wide);
    expect(lines).toMatch(/bpm +90 \(bulkhead.toml:9\) {2}Beats\./);
    expect(lines).toMatch(/token +\(secret\)/);
    expect(lines).not.toContain("hunter2");
    expect(lines).toMatch(/name +missing/);
  });

  test("of one that failed begins with why, and what would help", () => {
    const [, , , ...lines] = text({ plugin: "outdated" }).split("\n");
    expect(lines.slice(0, 3).join("\n")).toMatch(
      /failed\nerror +api min.*\nhelp +Install another version of outdated/,
    );
  });
});

describe("the methods", () => {
  test("are a list, and the chosen one in full", () => {
    const lines = text({ tab: "methods" });
    expect(lines).toContain("min.min(a: integer, b: integer) -> integer");
    expect(lines).toContain("stream min.ticks");
    expect(lines).toContain("The lesser of two numbers.");
    expect(lines).toMatch(/Parameters\n {2}a {2}integer\n {2}b {2}integer\n\nResult\n {2}integer/);
  });

  test("stand side by side where there is room", () => {
    expect(text({ tab: "methods" }, sceneAt(facts, 120, 21))).toMatch(/min\.min +│ min\.min\n/);
  });

  test("of a plugin that has not said what it offers: how to ask it", () => {
    const idle = pluginStatus("idle", { state: "idle", apis: [], pid: null, readySince: null });
    expect(text({ plugin: "idle", tab: "methods" }, sceneAt(withPlugins([idle])))).toContain(
      "Enter starts it and asks",
    );
  });
});

test("crashes are told with what they were and what came of them", () => {
  const reports = [crashReport("chaos-1-abcd", { lostCallCount: 3 })];
  const at = sceneAt(learn(facts, { type: "reports", reports }), 110);
  expect(text({ plugin: "chaos", tab: "crashes" }, at)).toMatch(
    /panicked at src\/main\.rs:12:5: on request +transient +3 +restart in 500ms/,
  );
  expect(text({ tab: "crashes" }, at)).toContain("It has not crashed");
});

test("while the daemon is away, what is shown is marked as old", () => {
  expect(text({}, sceneAt(learn(facts, away), 120))).toContain("as it was before the daemon went away");
});

test("a plugin that is not configured any more is said to be gone", () => {
  expect(text({ plugin: "gone" })).toContain("no plugin gone");
});

test("no line is wider and no view higher than its place, whatever a plugin says", () => {
  const words = fc.array(hostileText, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      anyStatus,
      sizes,
      words,
      fc.array(anySchema, { maxLength: 5 }),
      fc.boolean(),
      (status, size, texts, schemas, flag) => {
        const [first = ""] = texts;
        const plugin = { ...status, id: "min" };
        const methods = schemas.map((schema, at) => ({
          name: `m${at}`,
          description: first,
          params: schema,
          result: schema,
          errors: [{ code: first, description: first }],
        }));
        const settings = texts.map((value) => ({
          key: value,
          type: "string" as const,
          value,
          origin: value,
          description: value,
          required: flag,
        }));
        const reports = texts.map((summary, at) => crashReport(`${at}`, { summary, plugin: "min" }));
        const batch = texts.map((line, at) =>
          logLine(line, { kind: at === 0 && flag ? "border" : "line", ...(flag ? { level: line } : {}) }),
        );
        const known = learn(withPlugins([plugin], [pluginStats("min")]), { type: "reports", reports });
        const scene = { facts: knowing(known, describedAs("min", methods)), size };
        const search = { input: inputOf(texts.at(-1) ?? ""), isTyping: false };
        const state: PluginScreenState = {
          ...initialPlugin,
          plugin: "min",
          detail: detailOf(plugin, { args: texts, cwd: first, isolation: { [first]: flag } }),
          origin: first,
          settings: { plugin: "min", file: null, live: true, schema: null, settings },
          log: { ...received(emptyLog, batch, true, 5), isWrapped: flag, cursor: flag ? 0 : null, search },
        };
        for (const tab of tabs) {
          const lines = pluginLines({ ...state, tab }, scene);
          expect(lines.length).toBeLessThanOrEqual(size.rows);
          for (const line of lines) {
            expect(shownWidth(line)).toBeLessThanOrEqual(size.columns);
            expect(isHarmless(line)).toBe(true);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("it is drawn", () => {
  const { View } = pluginScreen;
  const state = { ...initialPlugin, plugin: "min" };
  const { lastFrame, unmount } = render(<View state={state} scene={sceneAt(facts, 100, 21)} />);
  expect(plain(lastFrame() ?? "")).toContain("min serving  for 1m");
  unmount();
});
