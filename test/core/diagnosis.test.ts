import { describe, expect, test } from "vitest";
import type { ProcessExit } from "../../protocol/state.ts";
import { diagnose } from "../../src/core/diagnosis.ts";

const aborted: ProcessExit = { code: null, signal: "SIGABRT", core: false };
const read = (text: string, exit: ProcessExit | null = aborted) =>
  diagnose(text.split("\n"), exit)?.diagnosis ?? null;

/** Words of systems and compilers that generate.sh does not have; their forms are those of the projects' sources. */
describe("other runtimes' words are read too", () => {
  test.each([
    ["musl", "Assertion failed: n > 0 (src/count.c: count: 12)", "n > 0", "src/count.c"],
    ["macOS", "Assertion failed: (n > 0), function count, file count.c, line 12.", "n > 0", "count.c"],
    ["glibc, C++", "die: a.cc:12: int a::count(int): Assertion `n > 0' failed.", "n > 0", "a.cc"],
    ["glibc, no program name", "a.c:12: count: Assertion `n > 0' failed.", "n > 0", "a.c"],
  ])("an assertion of %s", (_, text, message, file) => {
    expect(read(text)).toEqual({ kind: "assertion failed", message, file, line: 12 });
  });

  test("an exception of libc++", () => {
    const text = "libc++abi: terminating due to uncaught exception of type std::out_of_range: vector";
    expect(read(text)).toEqual({ kind: "uncaught C++ exception", message: "std::out_of_range: vector" });
  });

  test("std::terminate without an exception", () => {
    const text = "terminate called without an active exception";
    expect(read(text)).toEqual({ kind: "std::terminate", message: text });
  });

  test("MemorySanitizer", () => {
    const text = [
      "==7==WARNING: MemorySanitizer: use-of-uninitialized-value",
      "    #0 0x4a1 in count(int, char const*) /src/count.cc:12:7",
      "    #1 0x7f2 in __libc_start_main ../csu/libc-start.c:308:16",
      "",
      "SUMMARY: MemorySanitizer: use-of-uninitialized-value /src/count.cc:12:7 in count(int, char const*)",
    ].join("\n");
    expect(read(text, null)).toEqual({
      kind: "MemorySanitizer: use-of-uninitialized-value",
      message: "in count(int, char const*)",
      file: "/src/count.cc",
      line: 12,
    });
  });

  test("a sanitizer without symbols", () => {
    const text = [
      "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x602 at pc 0x55 bp 0x7f sp 0x7f",
      "READ of size 1 at 0x602 thread T0",
      "    #0 0x55 in main (/opt/p/bin+0x21b0)",
      "",
      "SUMMARY: AddressSanitizer: heap-use-after-free (/opt/p/bin+0x21b0) in main",
    ].join("\n");
    expect(read(text)).toEqual({ kind: "AddressSanitizer: heap-use-after-free", message: "READ of size 1" });
  });

  test.each([
    ["==7==ERROR: AddressSanitizer: out of memory: allocator is trying to allocate 0x1000 bytes"],
    ["fatal error: runtime: out of memory\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/a.go:3 +0x1"],
  ])("a want of memory: %s", (text) => {
    expect(read(text)?.kind).toBe("out of memory");
  });

  test("a C library that is too old", () => {
    const text = "./p: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by ./p)";
    expect(read(text, { code: 1, signal: null, core: false })).toMatchObject({ kind: "missing library" });
  });

  test("Rust's runtime", () => {
    expect(read("fatal runtime error: Rust cannot catch foreign exceptions, aborting")).toEqual({
      kind: "fatal runtime error",
      message: "Rust cannot catch foreign exceptions, aborting",
    });
  });
});

describe("last words explain an end only where they can", () => {
  const traceback = 'Traceback (most recent call last):\n  File "/src/a.py", line 3, in run\nValueError: no';
  const sanitizer = "==7==ERROR: AddressSanitizer: SEGV on unknown address 0x0 (pc 0x55)";

  test("none of them explains an exit with status 0", () => {
    const clean = { code: 0, signal: null, core: false };
    expect(read(traceback, clean)).toBeNull();
    expect(read(sanitizer, clean)).toBeNull();
  });

  test("a traceback does not explain a fault: it had been caught", () => {
    expect(read(traceback, { code: null, signal: "SIGSEGV", core: true })).toBeNull();
  });

  test("a sanitizer's report explains a fault", () => {
    expect(read(sanitizer, { code: null, signal: "SIGSEGV", core: true })?.kind).toBe(
      "AddressSanitizer: SEGV",
    );
  });

  test("when nothing is known of the exit, they are believed", () => {
    expect(read(traceback, null)?.message).toBe("ValueError: no");
  });

  test("of several the last counts", () => {
    expect(read(`${traceback}\nserving on\nfree(): invalid pointer`)?.kind).toBe("heap corruption");
    expect(read(`free(): invalid pointer\nserving on\n${traceback}`)?.kind).toBe("uncaught Python exception");
  });
});

test.each([
  ["panic: at the disco", "no goroutine"],
  ["fatal error: a.h: No such file or directory", "a compiler's"],
  ["Traceback (most recent call last):", "cut off"],
  ["/srv/list.txt:12\n^\nand no Node", "no word of Node at the end"],
  ["Assertion `x' failed.", "no place"],
  ["ERROR: AddressSanitizer", "no text"],
])("%j is no diagnosis (%s)", (text) => {
  expect(read(text)).toBeNull();
});
