import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Panic } from "../../protocol/state.ts";
import { lastPanic } from "../../src/core/panic.ts";

const read = (text: string): Panic | null => lastPanic(text.split("\n"))?.panic ?? null;

describe("a panic is read from", () => {
  test("the form before Rust 1.73, on one line", () => {
    expect(read("thread 'main' panicked at 'index out of bounds', src/main.rs:2:5")).toEqual({
      thread: "main",
      message: "index out of bounds",
      file: "src/main.rs",
      line: 2,
      column: 5,
    });
  });

  test("the same with a message of several lines and quotes", () => {
    const text =
      "thread 'w' panicked at 'it's bad,\n  left: 'a',\n right: 2', src/a.rs:10:20\nnote: run with …";
    expect(read(text)).toEqual({
      thread: "w",
      message: "it's bad,\n  left: 'a',\n right: 2",
      file: "src/a.rs",
      line: 10,
      column: 20,
    });
  });

  test("a Windows path", () => {
    const text = "thread 'main' panicked at C:\\My Plugins\\scan\\src\\main.rs:7:9:\r\nno such folder\r\n";
    expect(lastPanic(text.split("\r\n"))?.panic).toMatchObject({
      file: "C:\\My Plugins\\scan\\src\\main.rs",
      line: 7,
      column: 9,
      message: "no such folder",
    });
  });

  test("a tail that ends before the message came", () => {
    expect(read("thread 'main' panicked at src/main.rs:2:5:")).toMatchObject({ message: "", line: 2 });
  });
});

const note = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";

const printed = (where: string, message: string, ...after: string[]) =>
  ["", `thread 'main' panicked at ${where}:`, message, ...after, ""].join("\n");

describe("of several panics", () => {
  test("the first of the last burst counts", () => {
    const burst = printed("a.rs:1:1", "cause") + printed("b.rs:2:2", "consequence");
    expect(read(`${printed("old.rs:3:3", "survived", note)}serving on\n${burst}`)?.message).toBe("cause");
  });

  test("backtraces between them do not part a burst", () => {
    const trace = [
      "stack backtrace:",
      "   0: f",
      "             at ./src/a.rs:1:1",
      "note: Some details are omitted",
    ];
    const burst = printed("a.rs:1:1", "cause", ...trace) + printed("b.rs:2:2", "consequence", note);
    expect(read(burst)).toMatchObject({ file: "a.rs", message: "cause" });
  });

  test("a JSON log line parts them, even where no note ends the message", () => {
    const text = `${printed("a.rs:1:1", "survived")}{"level":"info"}\n${printed("b.rs:2:2", "fatal")}`;
    expect(read(text)?.message).toBe("fatal");
  });
});

test("text that only talks of panics is none", () => {
  expect(
    read("the thread 'main' panicked at src/main.rs:2:5:\nthread 'x' panicked\nthread panicked at"),
  ).toBeNull();
});

describe("what std's hook prints is read back", () => {
  const word = fc.string({ unit: fc.constantFrom(..."abc é漢'\"()[]{}:.,-_ ".split("")), maxLength: 30 });
  const part = fc.string({ unit: fc.constantFrom(..."abcxyz_- é".split("")), minLength: 1, maxLength: 12 });
  const file = fc
    .record({
      root: fc.constantFrom("", "/", "C:\\", "./"),
      parts: fc.array(part, { minLength: 1, maxLength: 4 }),
    })
    .map(({ root, parts }) => `${root}${parts.join(root === "C:\\" ? "\\" : "/")}.rs`);
  const position = fc.integer({ min: 1, max: 2 ** 32 - 1 });
  const message = fc.array(word, { minLength: 1, maxLength: 8 }).map((lines) => lines.join("\n").trimEnd());
  const panic: fc.Arbitrary<Panic> = fc.record({
    thread: word,
    message,
    file,
    line: position,
    column: position,
  });
  const before = fc.constantFrom("", "scanning\n", '{"level":"info"}\n');

  test("in the present form, with and without the thread's number", () => {
    fc.assert(
      fc.property(panic, before, fc.option(fc.nat()), (panic, before, tid) => {
        const number = tid === null ? "" : ` (${tid})`;
        const header = `\nthread '${panic.thread}'${number} panicked at ${panic.file}:${panic.line}:${panic.column}:`;
        expect(read(`${before}${header}\n${panic.message}\n${note}\n`)).toEqual(panic);
      }),
    );
  });

  test("in the old form", () => {
    fc.assert(
      fc.property(panic, before, (panic, before) => {
        fc.pre(!/', [^']+:\d+:\d+(?:\n|$)/.test(panic.message));
        const place = `${panic.file}:${panic.line}:${panic.column}`;
        expect(
          read(`${before}thread '${panic.thread}' panicked at '${panic.message}', ${place}\n${note}\n`),
        ).toEqual(panic);
      }),
    );
  });
});
