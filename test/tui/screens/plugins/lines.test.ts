import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { learn } from "../../../../src/tui/facts.ts";
import type { DaemonStatus } from "../../../../protocol/control.ts";
import { layoutOf, pluginsLines } from "../../../../src/tui/screens/plugins/lines.ts";
import { initialPlugins, orders } from "../../../../src/tui/screens/plugins/list.ts";
import { inputOf } from "../../../../src/tui/parts/text-input.ts";
import { hostileText, isHarmless, plain, shownWidth } from "../../hostile.ts";
import { away, factsOf, now, pluginStatus, up } from "../../samples.ts";
import { anyStatus, crashing, failed, pluginStats, sceneAt, sizes, withPlugins } from "../samples.ts";

const eleven = [failed, crashing, ...Array.from({ length: 9 }, (_, at) => pluginStatus(`plugin-${at}`))];
const facts = withPlugins(eleven, [pluginStats("plugin-0")]);
const text = (lines: readonly string[]): string => lines.map((line) => plain(line).trimEnd()).join("\n");

const ruleAt = (lines: readonly string[]): number => lines.findIndex((line) => plain(line).startsWith("── "));

const daemon: DaemonStatus = {
  pid: 1,
  version: "0.1.0",
  protocol: 1,
  startedAt: now,
  socket: "/run/bulkhead.sock",
  stateDir: "/state",
  configFile: null,
  configErrors: [],
  clients: 1,
  memoryBytes: 1,
  journal: { ok: true, message: null },
  isolation: {},
};

describe("in 80 columns and 24 lines", () => {
  const scene = sceneAt(facts);

  test("eleven plugins and what there is to say of one of them fit", () => {
    const lines = text(pluginsLines(initialPlugins, scene));
    for (const { id } of eleven) expect(lines).toContain(id);
    expect(lines).toContain("api min: ^2.0.0 is required [incompatible_api]");
    expect(lines.split("\n").length).toBeLessThanOrEqual(21);
  });

  test("state, uptime, calls, latency, memory and trouble can be read", () => {
    const [, header = "", first, second, third] = text(pluginsLines(initialPlugins, scene)).split("\n");
    expect(header.split(/ {2,}/)).toEqual([
      "NAME",
      "STATE",
      "UPTIME",
      "CALLS/S",
      "P99",
      "MEMORY",
      "LAST CRASH",
    ]);
    expect(first).toContain("incompatible_ap");
    expect(second).toContain("backoff 4s");
    expect(third?.split(/ {2,}/)).toEqual(["plugin-0", "serving", "1m", "0.5", "12ms", "3 MiB", "-"]);
  });

  test("a problem of the configuration takes a line, and says how many there are", () => {
    const wrong = learn(facts, {
      type: "daemon",
      status: { ...daemon, configErrors: ["bulkhead.toml:3: no such key", "another"] },
    });
    expect(text(pluginsLines(initialPlugins, sceneAt(wrong)))).toContain(
      "! configuration, 2 problems: bulkhead.toml:3: no such key",
    );
  });
});

test("in 200 columns there is all of it, with the last minute in bars", () => {
  const [, header, ...rows] = text(pluginsLines(initialPlugins, sceneAt(facts, 200, 57))).split("\n");
  for (const title of ["PID", "RESTARTS", "LAST MINUTE", "P50", "ERRORS", "CPU"])
    expect(header).toContain(title);
  expect(rows.find((row) => row.startsWith("plugin-0"))).toContain("█");
});

test("a column that the list is ordered by is marked, and in words too", () => {
  const [top, header] = text(pluginsLines({ ...initialPlugins, order: "memory" }, sceneAt(facts))).split(
    "\n",
  );
  expect(header).toContain("MEMORY↓");
  expect(top).toContain("largest first");
});

test("nothing moves with a filter: the layout is made of the size and the number of plugins alone", () => {
  const filter = { input: inputOf("outdated"), isTyping: false };
  const all = pluginsLines(initialPlugins, sceneAt(facts));
  const few = pluginsLines({ ...initialPlugins, filter }, sceneAt(facts));
  expect(ruleAt(few)).toBe(ruleAt(all));
  expect(plain(few[0] ?? "")).toContain("1 of 11");
  expect(layoutOf(sceneAt(facts))).toEqual({ top: 1, list: 11, panel: 8 });
});

describe("where there is nothing to show", () => {
  test("a daemon that is away from the start: its socket, how to start it, and that it will be found", () => {
    const lines = text(pluginsLines(initialPlugins, sceneAt(factsOf(away))));
    expect(lines).toContain("/run/bulkhead.sock");
    expect(lines).toContain("bulkhead up -d");
    expect(lines).toContain("the next look is in 2s");
  });

  test("no plugin: what a configuration looks like, and how to make a plugin", () => {
    const none = { type: "plugins", plugins: [] } as const;
    const without = text(
      pluginsLines(initialPlugins, sceneAt(factsOf(up, none, { type: "daemon", status: daemon }))),
    );
    expect(without).toContain("bulkhead new hello");
    expect(without).toContain("[plugins.hello]");
    expect(without).toContain("bulkhead up -d --config bulkhead.toml");
    const status = { ...daemon, configFile: "/home/a/bulkhead.toml" };
    const empty = text(pluginsLines(initialPlugins, sceneAt(factsOf(up, none, { type: "daemon", status }))));
    expect(empty).toContain("/home/a/bulkhead.toml");
    expect(empty).toContain("bulkhead config reload");
  });

  test("a daemon that goes away leaves the list as it was, and marked as old", () => {
    const lines = text(pluginsLines(initialPlugins, sceneAt(learn(facts, away))));
    expect(lines).toContain("As it was 12s ago");
    expect(lines).toContain("plugin-0");
    // What was up for a minute when it was last seen is not said to be up for longer.
    expect(lines).toMatch(/plugin-0 +serving +48s/);
  });
});

test("no line is wider and no view higher than its place, whatever plugins say", () => {
  fc.assert(
    fc.property(
      fc.array(anyStatus, { maxLength: 20 }),
      sizes,
      hostileText,
      fc.constantFrom(...orders),
      fc.boolean(),
      (plugins, size, words, order, isAway) => {
        const known = learn(withPlugins(plugins), isAway ? away : up);
        const status = { ...daemon, configErrors: [words] };
        const scene = { facts: learn(known, { type: "daemon", status }), size };
        const filter = { input: inputOf(words), isTyping: isAway };
        for (const state of [initialPlugins, { ...initialPlugins, order, filter }]) {
          const lines = pluginsLines(state, scene);
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
