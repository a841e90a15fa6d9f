/** The sample plugins as a host sees them: real work, and every way to die. */
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { CrashReport } from "../../protocol/state.ts";
import { withoutGuard } from "../helpers/guard.ts";
import { failure, supervise } from "../helpers/supervisor.ts";

const root = path.join(import.meta.dirname, "../..");
const release = path.join(root, "sample-plugins/target/release");
const rust = (name: string) => ({ command: path.join(release, name) });
const wordcount = path.join(root, "sample-plugins/wordcount/build/wordcount");
/** In CI nothing is skipped. */
const without = (file: string): boolean => !existsSync(file) && process.env["CI"] === undefined;

/** Of chaos, called to die like that. */
async function death(method: string, params: object = {}): Promise<CrashReport> {
  const own = await supervise({
    chaos: { ...rust("chaos"), limits: { core: 0 }, restart: { when: "never" } },
  });
  const error = await failure(own.call(`chaos/chaos.${method}`, params));
  expect(error.report).toBeDefined();
  const [report] = await own.journal.findCrash(error.report ?? "");
  if (report === undefined) throw new Error("the report is not there");
  return report;
}

describe.skipIf(without(path.join(release, "min")))("the Rust plugins", () => {
  test("min: the lesser of two integers, and state that a restart puts back", async () => {
    const supervisor = await supervise({ min: rust("min") });
    expect(await supervisor.call("min/min.min", { a: 1, b: 2 })).toBe(1);
    expect(await supervisor.call("min/min.min", { a: -10, b: 10 })).toBe(-10);
    expect(await supervisor.call("min/min.min", { a: 2000, b: 2000 })).toBe(2000);
    for (const n of [1, 2, 3]) expect(await supervisor.call("min/min.counter")).toBe(n);
    await supervisor.restart("min");
    expect(await supervisor.call("min/min.peek")).toBe(0);
  });

  test("min: a wrong type is refused with its path", async () => {
    const supervisor = await supervise({ min: rust("min") });
    const error = await failure(supervisor.call("min/min.min", { a: "5", b: 2 }));
    expect(error).toMatchObject({ code: "invalid_params" });
    expect(error.data).toMatchObject({ path: "/a" });
  });

  test("todo-scan: finds what is to be done, reports progress, and can be cancelled", async () => {
    const supervisor = await supervise({ todo: { ...rust("todo-scan"), apis: { todo: "^1.0.0" } } });
    const seen: unknown[] = [];
    const options = { onProgress: (value: unknown) => void seen.push(value) };
    const scan = await supervisor.call(
      "todo/todo.scan",
      { root: path.join(root, "sample-plugins/todo-scan/example") },
      options,
    );
    expect(scan).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ kind: "checkbox", done: false })]),
    });
    expect(seen.at(-1)).toMatchObject({ done: expect.any(Number), total: expect.any(Number) });
    const controller = new AbortController();
    const cancelled = failure(supervisor.call("todo/todo.scan", { root }, { signal: controller.signal }));
    controller.abort();
    expect(await cancelled).toMatchObject({ code: "cancelled" });
    expect(await failure(supervisor.call("todo/todo.scan", { root: "/nowhere" }))).toMatchObject({
      code: "root_not_found",
    });
  });

  describe("chaos", () => {
    test("a panic is reported with thread, file, line, column and message", async () => {
      const report = await death("panic", { message: "first line\nsecond line" });
      expect(report).toMatchObject({
        exit: { code: 101 },
        panic: {
          thread: expect.stringMatching(/^call-/),
          file: expect.stringMatching(/\.rs$/),
          line: expect.any(Number),
          column: expect.any(Number),
          message: "first line\nsecond line",
        },
      });
      expect(report.summary).toMatch(/^panicked at .*\.rs:\d+:\d+: first line/);
    });

    test.each([
      ["abort", {}, { signal: "SIGABRT" }],
      ["segfault", {}, { signal: "SIGSEGV" }],
      ["stackOverflow", {}, { signal: "SIGABRT" }],
      ["exit", { code: 3 }, { code: 3 }],
    ])("%s", async (method, params, exit) => {
      expect(await death(method, params)).toMatchObject({ exit, lostCallCount: 1 });
    });

    test("a stack overflow is named", async () => {
      expect((await death("stackOverflow")).summary).toContain("overflow");
    });

    test("a panic in a thread of its own is survived", async () => {
      const own = await supervise({ chaos: rust("chaos") });
      await own.call("chaos/chaos.panicThread");
      expect(await own.call("chaos/chaos.echo", { value: 1 })).toBe(1);
    });

    test.skipIf(withoutGuard)("more memory than it may have ends it, and the report says so", async () => {
      const own = await supervise({
        chaos: { ...rust("chaos"), limits: { memory: "512MiB", core: 0 }, restart: { when: "never" } },
      });
      const error = await failure(own.call("chaos/chaos.alloc", { bytes: 1024 ** 3 }));
      const [report] = await own.journal.findCrash(error.report ?? "");
      expect(report).toMatchObject({ class: "resource", diagnosis: { kind: "out of memory" } });
    });

    test("a print to stdout is a log line, and the protocol goes on", async () => {
      const own = await supervise({ chaos: rust("chaos") });
      await own.call("chaos/chaos.strayStdout", { text: "a stray print" });
      expect(await own.call("chaos/chaos.echo", { value: "after" })).toBe("after");
      const lines = await own.logs("chaos", {});
      expect(lines.map(({ text }) => text).join("\n")).toContain("a stray print");
    });
  });
});

describe.skipIf(without(wordcount))("wordcount, in C without an SDK", () => {
  test("counts, with every kind of escape", async () => {
    const supervisor = await supervise({ words: { command: wordcount } });
    const text = 'Grüße,\t"Welt" \\ \u{1f30d}\nzwei\u0000 drei\n';
    expect(await supervisor.call("words/text.count", { text })).toEqual({
      lines: 2,
      words: 6,
      bytes: Buffer.byteLength(text),
    });
  });

  test("serves a call while another one sleeps, and finishes the sleeper when it is stopped", async () => {
    const supervisor = await supervise({ words: { command: wordcount } });
    const sleeper = supervisor.call("words/text.sleep", { ms: 300 });
    expect(await supervisor.call("words/text.count", { text: "one two" })).toMatchObject({ words: 2 });
    await supervisor.stop("words");
    await sleeper;
  });
});
