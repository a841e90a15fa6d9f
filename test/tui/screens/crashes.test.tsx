import { render } from "ink-testing-library";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BulkheadError } from "../../../protocol/error.ts";
import type { CrashReport } from "../../../protocol/state.ts";
import type { Facts } from "../../../src/tui/facts.ts";
import { inputOf } from "../../../src/tui/parts/text-input.ts";
import type { Scene } from "../../../src/tui/screen.ts";
import { crashesScreen } from "../../../src/tui/screens/crashes.tsx";
import { listLines } from "../../../src/tui/screens/crashes/list-lines.ts";
import { openPageLines } from "../../../src/tui/screens/crashes/open-page.ts";
import { selectedEntry } from "../../../src/tui/screens/crashes/state.ts";
import type { CrashesState } from "../../../src/tui/screens/crashes/state.ts";
import { hostileText, isHarmless, plain, shownWidth } from "../hostile.ts";
import { crashReport, factsOf, happened, now, pluginStatus, serving, up } from "../samples.ts";
import { pressed, sceneAt, sizes } from "./samples.ts";

const day = 86_400_000;
const { initial } = crashesScreen;

function factsWith(...reports: readonly CrashReport[]): Facts {
  const stop = happened(1, { type: "operator.action", plugin: "min", action: "stop" }, now - 1500);
  return factsOf(
    up,
    serving("chaos", "min"),
    { type: "reports", reports },
    { type: "events", events: [stop] },
  );
}

const newest = crashReport("chaos-3-a", { at: now - 1000, generation: 3 });
const middle = crashReport("min-1-b", {
  plugin: "min",
  at: now - 2000,
  summary: "killed by SIGSEGV",
  lostCallCount: 2,
});
const oldest = crashReport("chaos-2-c", { at: now - 3 * day, generation: 2 });
const scene = sceneAt(factsWith(newest, middle, oldest));

const keys = (state: CrashesState, ...names: readonly string[]): CrashesState =>
  names.reduce((before, name) => pressed(crashesScreen, before, scene, name).state, state);
const list = (state: CrashesState, at: Scene = scene): string => listLines(state, at).map(plain).join("\n");
const page = (state: CrashesState, at: Scene = scene): string =>
  openPageLines(state, at).map(plain).join("\n");
const selectedKey = (state: CrashesState, at: Scene = scene) => selectedEntry(state, at)?.key;

describe("the list", () => {
  test("has crashes and what operators did, the newest first, with days between them", () => {
    const shown = list(initial).split("\n");
    expect(shown[0]).toMatch(/^3 crashes .*last 8h .*█$/);
    expect(shown[1]).toBe("chaos 2   min 1");
    expect(
      shown.slice(3, 8).map((line) =>
        line
          .replaceAll(/\d\d:\d\d:\d\d|─+/g, "")
          .trim()
          .slice(0, 28)
          .trim(),
      ),
    ).toEqual([
      "!  chaos      3  panicked at",
      "·  min           stopped by",
      "!  min        1  killed by S",
      expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      "!  chaos      2  panicked at",
    ]);
  });

  test("says all of the selected one below", () => {
    const shown = list(keys(initial, "G"));
    expect(shown).toContain("! chaos-2-c  life 2  transient  lived 1m  no call lost");
    expect(shown).toContain("restart 1 after 500ms: first failure · now serving");
  });

  test("leaves restarts out on a key", () => {
    expect(list(keys(initial, "a"))).not.toContain("stopped by");
    expect(list(keys(initial, "a", "a"))).toContain("stopped by");
  });

  test("is narrowed by plugin, class and words", () => {
    const typed = { ...initial, filter: { input: inputOf("sigsegv transient"), isTyping: true } };
    expect(list(typed)).toContain("killed by SIGSEGV");
    expect(list(typed)).not.toContain("panicked");
    expect(list({ ...typed, filter: { input: inputOf("nowhere"), isTyping: false } })).toContain("esc");
    expect(keys(typed, "esc").filter.input.text).toBe("");
  });

  test("of one plugin is opened by another screen, and esc shows all again", () => {
    const opened = crashesScreen.open?.(initial, { plugin: "min" }, scene).state ?? initial;
    expect(list(opened)).toContain("1 crash, only min");
    expect(list(opened)).not.toContain("panicked");
    expect(crashesScreen.command(opened, scene)).toBe("crashes --plugin min");
    expect(list(keys(opened, "esc"))).toContain("3 crashes");
  });

  test("keeps what is selected when another crash comes, and follows the newest until something is", () => {
    const later = sceneAt(factsWith(crashReport("chaos-4-d", { at: now }), newest, middle, oldest));
    expect(selectedKey(initial, later)).toBe("chaos-4-d");
    expect(selectedKey(keys(initial, "j"), later)).toBe(selectedKey(keys(initial, "j")));
    expect(selectedKey(keys(initial, "j", "g"), later)).toBe("chaos-4-d");
  });

  test("says how to see a crash where there is none", () => {
    const none = sceneAt(factsOf(up, serving("chaos")));
    expect(list(initial, none)).toContain("No crash so far.\nTo see one: bulkhead call chaos.panic");
    expect(list(initial, sceneAt(factsOf(up, serving("min"))))).not.toContain("To see one");
  });

  test("asks for older reports at its end, once", () => {
    const many = Array.from({ length: 100 }, (_, at) => crashReport(`chaos-${at}-x`, { at: now - at }));
    const full = sceneAt(factsWith(...many));
    const { state, effects } = pressed(crashesScreen, initial, full, "G");
    expect(effects).toMatchObject([{ do: "control", method: "crash.list", params: { limit: 200 } }]);
    expect(pressed(crashesScreen, state, full, "G").effects).toEqual([]);
    const value = [...many, crashReport("chaos-0-old", { at: 5 })];
    const answer = { ok: true as const, value };
    const after = crashesScreen.update?.(state, { type: "older", limit: 200, answer }, full).state ?? state;
    expect(selectedKey(pressed(crashesScreen, after, full, "G").state, full)).toBe("chaos-0-old");
    expect(pressed(crashesScreen, after, full, "G").effects).toEqual([]);
    expect(pressed(crashesScreen, initial, scene, "G").effects).toEqual([]);
  });
});

const panicked = crashReport("chaos-9-p", {
  panic: { thread: "main", message: "on request", file: "src/main.rs", line: 12, column: 5 },
  messages: [{ beforeMs: 2, direction: "to_plugin", bytes: 500, head: `{"long":"${"x".repeat(400)}"}` }],
  stderrTail: ["a line", "\u001b[2Jmore"],
});
const panicScene = sceneAt(factsWith(panicked, middle));

const crosses = (text: string): number => text.split("x").length - 1;

describe("a report", () => {
  const opened = pressed(crashesScreen, initial, panicScene, "enter").state;
  const press = (state: CrashesState, key: string) => pressed(crashesScreen, state, panicScene, key);
  const effects = (key: string) => press(opened, key).effects;

  test("opens on enter, with all that is known", () => {
    const tall = sceneAt(panicScene.facts, 80, 60);
    for (const text of [
      "chaos-9-p",
      "report 1 of 2",
      "thread main at src/main.rs:12:5",
      "What was lost",
      "a line",
    ])
      expect(page(opened, tall)).toContain(text);
    expect(crashesScreen.command(opened, panicScene)).toBe("crashes chaos-9-p");
  });

  test("has long messages cut, or whole", () => {
    const tall = sceneAt(panicScene.facts, 80, 60);
    expect(crosses(page(opened, tall))).toBeLessThan(100);
    expect(crosses(page(press(opened, "w").state, tall))).toBeGreaterThanOrEqual(400);
  });

  test("is read section by section", () => {
    const low = sceneAt(panicScene.facts, 80, 10);
    const next = pressed(crashesScreen, opened, low, "tab").state;
    expect(page(next, low).split("\n")[1]).toBe("What died");
    const after = pressed(crashesScreen, next, low, "]").state;
    expect(page(after, low).split("\n")[1]).toBe("Why");
    expect(page(pressed(crashesScreen, after, low, "[").state, low).split("\n")[1]).toBe("What died");
    const [, end] = page(pressed(crashesScreen, after, low, "G").state, low).split("a line");
    expect(end?.trim()).toBe(String.raw`\u{1b}[2Jmore`);
  });

  test("leads to the next one and back", () => {
    const next = press(opened, "n").state;
    expect(next.page?.id).toBe("min-1-b");
    expect(press(next, "n").state.page?.id).toBe("min-1-b");
    expect(press(next, "p").state.page?.id).toBe("chaos-9-p");
    const back = press(next, "esc").state;
    expect([back.page, selectedKey(back, panicScene)]).toEqual([null, "min-1-b"]);
  });

  test("is copied, paged, and acted on", () => {
    expect(effects("y")).toEqual([{ do: "copy", text: "chaos-9-p", what: "the report's id" }]);
    expect(effects("Y")).toMatchObject([{ do: "copy", text: expect.stringContaining("What was lost") }]);
    const [json] = effects("J");
    expect(json?.do === "copy" && JSON.parse(json.text)).toEqual(panicked);
    expect(effects("e")).toMatchObject([{ do: "pager", text: expect.stringContaining("x".repeat(400)) }]);
    expect(effects("e")).not.toMatchObject([{ text: expect.stringContaining("\u001b") }]);
    expect(effects("l")).toEqual([{ do: "go", screen: "plugin", arg: { plugin: "chaos", tab: "logs" } }]);
    expect(effects("r")).toMatchObject([
      { do: "control", method: "plugin.restart", params: { plugin: "chaos" } },
    ]);
  });

  test("that nobody has read yet is asked for, by its beginning too", () => {
    const { state, effects } = crashesScreen.open?.(initial, { report: "old-1" }, scene) ?? {
      state: initial,
      effects: [],
    };
    expect(effects).toMatchObject([{ do: "control", method: "crash.get", params: { id: "old-1" } }]);
    expect(page(state)).toContain("Asking the daemon");
    const error = BulkheadError.of("crash_not_found", "no crash report begins with old-1");
    const told = { type: "report", id: "old-1" } as const;
    const refused =
      crashesScreen.update?.(state, { ...told, answer: { ok: false, error } }, scene).state ?? state;
    expect(page(refused)).toContain("no crash report begins with old-1 [crash_not_found]");
    expect(pressed(crashesScreen, refused, scene, "ctrl+r").effects).toMatchObject([{ method: "crash.get" }]);
    const value = crashReport("old-1-abcd");
    const read =
      crashesScreen.update?.(state, { ...told, answer: { ok: true, value } }, scene).state ?? state;
    expect(read.page?.id).toBe("old-1-abcd");
    expect(page(read)).toContain("What died");
  });
});

test("no line is too wide, harmful, or one too many, whatever the reports say", () => {
  const report = fc
    .record({
      id: hostileText,
      plugin: hostileText,
      summary: hostileText,
      at: fc.integer({ min: 0, max: now }),
    })
    .chain(({ id, plugin, summary, at }) =>
      fc.array(hostileText, { maxLength: 4 }).map((texts) =>
        crashReport(id, {
          plugin,
          summary,
          at,
          stderrTail: texts,
          messages: texts.map((head) => ({ beforeMs: 1, direction: "from_plugin", bytes: 9999, head })),
          panic: { thread: plugin, message: summary, file: id, line: 1, column: 1 },
          decision: { action: "none", why: summary },
        }),
      ),
    );
  fc.assert(
    fc.property(
      fc.array(report, { maxLength: 12 }),
      sizes,
      hostileText,
      fc.boolean(),
      (reports, size, text, isWrapped) => {
        const facts = factsOf(up, serving("chaos"), { type: "reports", reports });
        const at = { facts, size };
        const id = reports[0]?.id ?? text;
        const states: CrashesState[] = [
          initial,
          { ...initial, plugin: text },
          { ...initial, filter: { input: inputOf(text), isTyping: true } },
          { ...initial, page: { id, asked: null, top: 3, isWrapped } },
        ];
        for (const state of states) {
          const lines = state.page === null ? listLines(state, at) : openPageLines(state, at);
          expect(lines.length).toBeLessThanOrEqual(size.rows);
          for (const line of lines) {
            if (shownWidth(line) > size.columns || !isHarmless(line))
              expect.unreachable(`${size.columns} columns: ${JSON.stringify(line)}`);
          }
        }
      },
    ),
  );
});

test("it is drawn", () => {
  const { View } = crashesScreen;
  const status = pluginStatus("chaos", { state: "backoff", retryAt: now + 4000, generation: 3 });
  const facts = factsOf(up, { type: "plugins", plugins: [status] }, { type: "reports", reports: [newest] });
  const { lastFrame, unmount } = render(<View state={initial} scene={sceneAt(facts, 100, 21)} />);
  expect(plain(lastFrame() ?? "")).toContain("restart in 4s");
  unmount();
});
