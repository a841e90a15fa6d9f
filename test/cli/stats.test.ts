import { Writable } from "node:stream";
import { expect, test } from "vitest";
import type { PluginStats } from "../../protocol/control-results.ts";
import { screen } from "../../src/cli/commands/stats.ts";
import { createOutput } from "../../src/cli/output.ts";

/** What is written to a terminal, or to a pipe, of so many columns. */
function written(terminal: { readonly isTTY?: boolean; readonly columns?: number }, json = false) {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      chunks.push(String(chunk));
      done();
    },
  });
  const stdout = Object.assign(stream, terminal);
  return { chunks, show: screen(createOutput(stdout, stdout, json)) };
}

const stats: PluginStats[] = ["min", "chaos"].map((plugin) => ({
  plugin,
  perSecond: [],
  recent: { seconds: 10, calls: 25, errors: 0, p50: 0.085, p99: 1.234 },
  process: { count: 1, memoryBytes: 3 * 1024 * 1024, cpuMicros: 1000, cpu: 0.031 },
}));

test("the columns are calls in a second, latency, errors, memory and CPU", () => {
  const { chunks, show } = written({});
  show({ plugins: [], stats });
  expect(chunks.join("")).toBe(
    [
      "NAME   STATE  CALLS/S  P50   P99    ERRORS  MEMORY  CPU",
      "min    -      2.5      85µs  1.2ms  0       3 MiB   3%",
      "chaos  -      2.5      85µs  1.2ms  0       3 MiB   3%",
      "",
    ].join("\n"),
  );
});

test("on a terminal, each table takes the place of the one before", () => {
  const { chunks, show } = written({ isTTY: true, columns: 200 });
  show({ plugins: [], stats });
  show({ plugins: [], stats });
  expect(chunks[0]).not.toContain("\u001b[J");
  expect(chunks[1]?.startsWith("\u001b[3A\u001b[J")).toBe(true);
});

test("lines that a narrow terminal breaks count as what they take", () => {
  const { chunks, show } = written({ isTTY: true, columns: 30 });
  show({ plugins: [], stats });
  show({ plugins: [], stats });
  expect(chunks[1]?.startsWith("\u001b[6A\u001b[J")).toBe(true);
});

test("elsewhere the tables follow each other", () => {
  const { chunks, show } = written({});
  show({ plugins: [], stats });
  show({ plugins: [], stats });
  expect(chunks[1]).toBe(chunks[0]);
});

test("as JSON, each plugin is an object on a line of its own", () => {
  const { chunks, show } = written({}, true);
  show({ plugins: [], stats });
  expect(chunks.map((line): unknown => JSON.parse(line))).toEqual(stats);
});
