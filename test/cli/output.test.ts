import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { createOutput } from "../../src/cli/output.ts";
import { table } from "../../src/text/columns.ts";
import { bytes, duration } from "../../src/text/words.ts";
import { progressPrinter } from "../../src/cli/progress.ts";
import { progressWords } from "../../src/text/progress-words.ts";

const plain = (_: unknown, text: string): string => text;

function collector(isTTY: boolean) {
  let text = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 80 }), text: () => text };
}

function outputs(json: boolean, terminal: boolean) {
  const [stdout, stderr] = [collector(terminal), collector(terminal)];
  return { out: createOutput(stdout.stream, stderr.stream, json), stdout: stdout.text, stderr: stderr.text };
}

describe("a table", () => {
  const rows = [
    ["min", "serving", "all is well"],
    ["todo-scan", "failed", "a long story that goes on and on"],
  ];

  test("aligns its columns and cuts the last one to the terminal", () => {
    expect(table(["NAME", "STATE", "WHY"], rows, plain, 42)).toEqual([
      "NAME       STATE    WHY",
      "min        serving  all is well",
      "todo-scan  failed   a long story that goe…",
    ]);
  });

  test("cuts nothing where there is no terminal", () => {
    expect(table(["NAME", "STATE", "WHY"], rows, plain)[2]).toBe(
      "todo-scan  failed   a long story that goes on and on",
    );
  });

  test("shows control characters harmlessly", () => {
    expect(table(["A"], [["\u001b[2J"]], plain)[1]).toBe(String.raw`\u{1b}[2J`);
  });
});

describe("output", () => {
  test("indents JSON on a terminal only", () => {
    const terminal = outputs(false, true);
    terminal.out.value({ a: 1 });
    expect(terminal.stdout()).toBe('{\n  "a": 1\n}\n');
    const pipe = outputs(false, false);
    pipe.out.value({ a: 1 });
    expect(pipe.stdout()).toBe('{"a":1}\n');
  });

  test("is one object a line with --json, and talk is left out", () => {
    const { out, stdout, stderr } = outputs(true, true);
    out.value({ a: 1 });
    out.note("done");
    expect(stdout()).toBe('{"a":1}\n');
    expect(stderr()).toBe("");
  });

  test("has no colour where there is no terminal", () => {
    expect(outputs(false, false).out.style("red", "x")).toBe("x");
  });
});

describe("progress", () => {
  test.each([
    [{ message: "reading src", done: 3, total: 10 }, "3/10 (30 %) reading src"],
    [{ message: "\u001b[2J" }, String.raw`\u{1b}[2J`],
    [{ done: 7 }, "7"],
    [{ files: 7 }, '{"files":7}'],
    ["half way", "half way"],
  ])("%j reads %s", (value, words) => expect(progressWords(value)).toBe(words));

  test("is one changing line on a terminal, gone at the end", () => {
    const { out, stderr } = outputs(false, true);
    let now = 0;
    const progress = progressPrinter(out, () => now);
    progress.report({ done: 1 });
    progress.report({ done: 2 });
    now = 100;
    progress.report({ done: 3 });
    progress.end();
    expect(stderr()).toBe("\r\u001b[2K1\r\u001b[2K3\r\u001b[2K");
  });

  test("is a line a second elsewhere", () => {
    const { out, stderr } = outputs(false, false);
    let now = 0;
    const progress = progressPrinter(out, () => now);
    for (const done of [1, 2, 3, 4]) {
      progress.report({ done });
      now += 500;
    }
    progress.end();
    expect(stderr()).toBe("1\n3\n");
  });
});

describe("words", () => {
  test.each([
    [0, "0ms"],
    [999, "999ms"],
    [12_000, "12s"],
    [184_000, "3m 4s"],
    [3_600_000, "1h"],
    [190_000_000, "2d 4h"],
  ])("%i ms is %s", (ms, words) => expect(duration(ms)).toBe(words));

  test.each([
    [512, "512 B"],
    [1536, "1.5 KiB"],
    [67_108_864, "64 MiB"],
  ])("%i bytes is %s", (count, words) => expect(bytes(count)).toBe(words));
});
