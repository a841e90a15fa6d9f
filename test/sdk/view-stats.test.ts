/** The sample View plugin. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { view, type View } from "../../protocol/view.ts";
import { draw } from "../../sample-plugins/view-stats/draw.ts";
import { play } from "../helpers/transcript.ts";
import { Host, initialize, root } from "./host.ts";

const program = path.join(root, "sample-plugins/view-stats/view-stats.ts");
const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-view-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

mkdirSync(path.join(folder, "deep/.hidden"), { recursive: true });
writeFileSync(path.join(folder, "a.ts"), "1\n2\n3\n");
writeFileSync(path.join(folder, "deep/b.TS"), "1\n");
writeFileSync(path.join(folder, "deep/.hidden/c.ts"), "1\n");
writeFileSync(path.join(folder, "LICENSE"), "a long line without an end");

function rowsOf({ blocks }: View): unknown[][] | undefined {
  return blocks.find((block) => block.kind === "table")?.rows;
}

const item = (seq: number) => ({
  expect: {
    method: "$/item",
    params: { id: 3, seq, value: { title: { $type: "string" }, blocks: { $type: "array" } } },
  },
});

describe("view-stats", () => {
  test("draws the files, lines and bytes of a directory by extension", async () => {
    const host = await Host.ready(program, { root: folder, by: "bytes" });
    const drawn = view.parse(await host.call("view.render", { width: 20 }));
    expect(drawn.title).toBe(`${path.basename(folder)}: files by bytes`);
    expect(rowsOf(drawn)).toEqual([
      ["(none)", 1, 0, 26],
      [".ts", 2, 4, 8],
      ["all", 3, 4, 34],
    ]);
    expect(drawn.blocks.at(-1)).toMatchObject({ kind: "chart", series: [{ points: [2, 6, 26] }], unit: "B" });
  });

  test("draws a directory below the root, and none outside", async () => {
    const host = await Host.ready(program, { root: folder, by: "lines" });
    expect(rowsOf(await host.call("view.render", { subject: "deep" }))).toEqual([
      [".ts", 1, 1, 2],
      ["all", 1, 1, 2],
    ]);
    expect(await host.failure("view.render", { subject: "../x" })).toMatchObject({
      code: -32602,
      data: { path: "/subject" },
    });
    expect(await host.failure("view.render", { subject: "nowhere" })).toMatchObject({
      data: { code: "no_such_directory" },
    });
  });

  test("counts again when it is refreshed, which is an action", async () => {
    const own = mkdtempSync(path.join(folder, "own-"));
    const host = Host.start(process.execPath, [program]);
    expect(await host.activate({ root: own, extensions: ["TS"] })).toMatchObject({
      apis: [{ actions: [{ id: "refresh", method: "refresh", description: "Count again", key: "r" }] }],
    });
    const nothing = [{ kind: "text", text: "There are no files here." }];
    expect(await host.call("view.render")).toMatchObject({ blocks: nothing });
    writeFileSync(path.join(own, "new.ts"), "1\n");
    writeFileSync(path.join(own, "new.js"), "1\n");
    expect(await host.call("view.render")).toMatchObject({ blocks: nothing });
    expect(rowsOf(await host.call("view.refresh"))).toEqual([
      [".ts", 1, 1, 2],
      ["all", 1, 1, 2],
    ]);
    expect(await host.call("view.render")).not.toMatchObject({ blocks: nothing });
  });

  test("streams fresh drawings until it is cancelled", async () => {
    const played = play(
      {
        name: "watch",
        title: "",
        steps: [
          { send: { jsonrpc: "2.0", id: 1, method: "initialize", params: initialize } },
          { expect: { id: 1, error: { $absent: true } } },
          {
            send: {
              jsonrpc: "2.0",
              id: 2,
              method: "activate",
              params: { apis: [], config: { root: folder } },
            },
          },
          { expect: { id: 2, result: {} } },
          {
            send: {
              jsonrpc: "2.0",
              id: 3,
              method: "view.watch",
              params: { everyMs: 20 },
              ctx: { credit: 2 },
            },
          },
          item(0),
          item(1),
          { send: { jsonrpc: "2.0", method: "$/credit", params: { id: 3, n: 9 } } },
          item(2),
          { ignore: { method: "$/item" } },
          { send: { jsonrpc: "2.0", method: "$/cancelRequest", params: { id: 3 } } },
          { expect: { id: 3, error: { code: -32800 } } },
        ],
      },
      program,
    );
    await expect(played).resolves.toBeUndefined();
  });

  test("refuses a root that is no directory, and keeps the old one", async () => {
    const host = await Host.ready(program, { root: folder });
    expect(await host.failure("configure", { config: { root: program } })).toMatchObject({
      code: -32002,
      data: { code: "config_invalid", path: "/root" },
    });
    expect(rowsOf(await host.call("view.render"))).not.toEqual([]);
  });
});

describe("a drawing", () => {
  const files = Array.from({ length: 100 }, (_, i) => ({ extension: `e${i % 30}`, lines: i, bytes: 2 * i }));

  test("keeps to the place that there is", () => {
    const drawn = draw("x", { files, cut: true }, "lines", { width: 10, rows: 13 });
    expect(view.parse(drawn)).toEqual(drawn);
    const warning = { text: "Only the first 100 files are counted.", tone: "warn" };
    expect(drawn.blocks[0]).toEqual({ kind: "rows", rows: [[warning]] });
    const rows = rowsOf(drawn) ?? [];
    expect(rows).toHaveLength(6);
    expect(rows.at(-2)).toEqual(["26 others", 84, 4110, 8220]);
    expect(rows.at(-1)).toEqual(["all", 100, 4950, 9900]);
    const chart = drawn.blocks.at(-1);
    expect(chart?.kind === "chart" && chart.series[0]?.points).toHaveLength(10);
    expect(chart).toMatchObject({ series: [{ points: expect.arrayContaining([0, 99]) }] });
  });
});
