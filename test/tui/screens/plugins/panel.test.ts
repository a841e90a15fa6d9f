import { expect, test } from "vitest";
import { panelLines } from "../../../../src/tui/screens/plugins/panel.ts";
import type { PluginRow } from "../../../../src/tui/screens/plugins/columns.ts";
import { plain } from "../../hostile.ts";
import { now, pluginStatus } from "../../samples.ts";
import { crashing, failed, pluginStats } from "../samples.ts";

const shown = (row: PluginRow, width = 80, rows = 8): string[] =>
  panelLines(row, now, width, rows, false).map((line) => plain(line).trimEnd());

test("of a failed plugin it says why, and what would help", () => {
  expect(shown({ status: failed, stats: undefined }).slice(1, 4)).toEqual([
    "state   failed",
    "error   api min: ^2.0.0 is required [incompatible_api]",
    "help    Install another version of outdated, or change `apis`. Then: bulkhead",
  ]);
});

test("of one that waits for its restart, when that is and what led to it", () => {
  const lines = shown({ status: crashing, stats: undefined }, 120);
  expect(lines[1]).toBe(
    "state   backoff, next try in 4s, life 3, 2 restarts after crashes: 2nd failure in 10 minutes; waiting 4 s",
  );
  expect(lines[2]).toBe("crash   1m ago: panicked at src/main.rs:12:5: on request");
});

test("of one that is idle, how it comes to serve", () => {
  const status = pluginStatus("min", { state: "idle", why: "not started yet", pid: null, readySince: null });
  expect(shown({ status, stats: undefined })[1]).toBe("state   idle: not started yet; a call starts it");
});

test("calls are bars and figures; a crash that its error tells already is not told twice", () => {
  const status = pluginStatus("min", { calls: { inFlight: 1, waiting: 0, answered: 30, failed: 0 } });
  expect(shown({ status, stats: pluginStats("min") }, 100)).toContain(
    "calls   ···················█ 0.5/s, p50 400µs, p99 12ms; 1 under way, 30 answered",
  );
  expect(shown({ status: failed, stats: undefined }, 100, 20).join("\n")).not.toContain("crash ");
});

test("a long error is cut rather than the rest pushed away", () => {
  const error = { code: "contract_mismatch", message: "x ".repeat(5000), hint: "Tell its author." } as const;
  const lines = shown({ status: { ...failed, error }, stats: undefined });
  expect(lines).toHaveLength(8);
  expect(lines[4]).toMatch(/…$/);
  expect(lines[5]).toMatch(/^help/);
});

test("a word that names the state already is not said twice", () => {
  const off = { state: "disabled", why: "disabled by the operator", pid: null, readySince: null } as const;
  const lines = shown({ status: pluginStatus("min", off), stats: undefined });
  expect(lines[1]).toBe("state   disabled: by the operator");
});
