/** The samples in test/fixtures/stderr: how each process ended, and what must be read from its last words. */
import type { Diagnosis, Panic } from "../../protocol/state.ts";

export interface Sample {
  readonly name: string;
  /** Exit status, or the name of a signal. */
  readonly end: number | string;
  readonly summary: string;
  readonly panic?: Panic;
  readonly diagnosis?: Diagnosis;
}

export const samples: readonly Sample[] = [
  {
    name: "rust-main",
    end: 101,
    summary: "panicked at src/main.rs:26:32: index out of bounds: the len is 3 but the index is 7",
    panic: {
      thread: "main",
      message: "index out of bounds: the len is 3 but the index is 7",
      file: "src/main.rs",
      line: 26,
      column: 32,
    },
  },
  {
    name: "rust-named",
    end: 101,
    summary: "panicked at src/main.rs:29:56: lost the lock",
    panic: {
      thread: "tokio-worker 'a'",
      message: "lost the lock",
      file: "src/main.rs",
      line: 29,
      column: 56,
    },
  },
  {
    name: "rust-unnamed",
    end: 0,
    summary: "panicked at src/main.rs:33:50: no answer from the index",
    panic: {
      thread: "<unnamed>",
      message: "no answer from the index",
      file: "src/main.rs",
      line: 33,
      column: 50,
    },
  },
  {
    name: "rust-multiline",
    end: 101,
    summary:
      'panicked at src/main.rs:37:13: assertion `left == right` failed: the two lists differ here left: "a\\nb" right: "a\\nc"',
    panic: {
      thread: "main",
      message:
        'assertion `left == right` failed: the two lists\n\ndiffer here\n  left: "a\\nb"\n right: "a\\nc"',
      file: "src/main.rs",
      line: 37,
      column: 13,
    },
  },
  {
    name: "rust-empty",
    end: 101,
    summary: "panicked at src/main.rs:39:20",
    panic: { thread: "main", message: "", file: "src/main.rs", line: 39, column: 20 },
  },
  {
    name: "rust-lookalike",
    end: 101,
    summary: "panicked at src/main.rs:40:24: thread 'main' panicked at src/fake.rs:1:1: not the real one",
    panic: {
      thread: "main",
      message: "thread 'main' panicked at src/fake.rs:1:1:\nnot the real one",
      file: "src/main.rs",
      line: 40,
      column: 24,
    },
  },
  {
    name: "rust-payload",
    end: 101,
    summary: "panicked at src/main.rs:41:22: Box<dyn Any>",
    panic: { thread: "main", message: "Box<dyn Any>", file: "src/main.rs", line: 41, column: 22 },
  },
  {
    name: "rust-double",
    end: "SIGABRT",
    summary: "panicked at src/main.rs:44:13: first mistake",
    panic: { thread: "main", message: "first mistake", file: "src/main.rs", line: 44, column: 13 },
  },
  {
    name: "rust-nounwind",
    end: "SIGABRT",
    summary: "panicked at src/main.rs:18:5: inside a callback from C",
    panic: { thread: "main", message: "inside a callback from C", file: "src/main.rs", line: 18, column: 5 },
  },
  {
    name: "rust-join",
    end: 101,
    summary: "panicked at src/main.rs:47:45: bad pattern: [",
    panic: { thread: "scanner", message: "bad pattern: [", file: "src/main.rs", line: 47, column: 45 },
  },
  {
    name: "rust-caught",
    end: 101,
    summary: "panicked at src/main.rs:52:13: the last mistake",
    panic: { thread: "main", message: "the last mistake", file: "src/main.rs", line: 52, column: 13 },
  },
  {
    name: "rust-caught-segv",
    end: "SIGSEGV",
    summary:
      "killed by SIGSEGV (segmentation fault) after: panicked at src/main.rs:55:49: an answered mistake",
    panic: { thread: "main", message: "an answered mistake", file: "src/main.rs", line: 55, column: 49 },
  },
  {
    name: "rust-overflow",
    end: "SIGABRT",
    summary: "stack overflow: thread 'main' has overflowed its stack",
    diagnosis: { kind: "stack overflow", message: "thread 'main' has overflowed its stack" },
  },
  {
    name: "rust-overflow-thread",
    end: "SIGABRT",
    summary: "stack overflow: thread 'walker' has overflowed its stack",
    diagnosis: { kind: "stack overflow", message: "thread 'walker' has overflowed its stack" },
  },
  {
    name: "rust-oom",
    end: "SIGABRT",
    summary: "out of memory: memory allocation of 9007199254740991 bytes failed",
    diagnosis: { kind: "out of memory", message: "memory allocation of 9007199254740991 bytes failed" },
  },
  {
    name: "rust-panic-abort",
    end: "SIGABRT",
    summary: "panicked at src/main.rs:29:56: lost the lock",
    panic: {
      thread: "tokio-worker 'a'",
      message: "lost the lock",
      file: "src/main.rs",
      line: 29,
      column: 56,
    },
  },
  {
    name: "rust-backtrace",
    end: 101,
    summary:
      'panicked at src/main.rs:37:13: assertion `left == right` failed: the two lists differ here left: "a\\nb" right: "a\\nc"',
    panic: {
      thread: "main",
      message:
        'assertion `left == right` failed: the two lists\n\ndiffer here\n  left: "a\\nb"\n right: "a\\nc"',
      file: "src/main.rs",
      line: 37,
      column: 13,
    },
  },
  {
    name: "c-assert",
    end: "SIGABRT",
    summary: 'assertion failed: one == 2 && "one and two" (/plugin/src/die.c:26)',
    diagnosis: {
      kind: "assertion failed",
      message: 'one == 2 && "one and two"',
      file: "/plugin/src/die.c",
      line: 26,
    },
  },
  {
    name: "c-invalid-free",
    end: "SIGABRT",
    summary: "heap corruption: free(): invalid pointer",
    diagnosis: { kind: "heap corruption", message: "free(): invalid pointer" },
  },
  {
    name: "c-double-free",
    end: "SIGABRT",
    summary: "heap corruption: double free or corruption (!prev)",
    diagnosis: { kind: "heap corruption", message: "double free or corruption (!prev)" },
  },
  {
    name: "c-malloc",
    end: "SIGABRT",
    summary: "heap corruption: malloc(): corrupted top size",
    diagnosis: { kind: "heap corruption", message: "malloc(): corrupted top size" },
  },
  {
    name: "c-smash",
    end: "SIGABRT",
    summary: "stack smashing detected",
    diagnosis: { kind: "stack smashing detected", message: "" },
  },
  { name: "c-segv", end: "SIGSEGV", summary: "killed by SIGSEGV (segmentation fault)" },
  {
    name: "c-fortify",
    end: "SIGABRT",
    summary: "buffer overflow detected",
    diagnosis: { kind: "buffer overflow detected", message: "" },
  },
  {
    name: "asan-use-after-free",
    end: 1,
    summary: "AddressSanitizer: heap-use-after-free: READ of size 4 in main (/plugin/src/die.c:54)",
    diagnosis: {
      kind: "AddressSanitizer: heap-use-after-free",
      message: "READ of size 4 in main",
      file: "/plugin/src/die.c",
      line: 54,
    },
  },
  {
    name: "asan-bad-free",
    end: 1,
    summary:
      "AddressSanitizer: bad-free: attempting free on address which was not malloc()-ed in main (/plugin/src/die.c:56)",
    diagnosis: {
      kind: "AddressSanitizer: bad-free",
      message: "attempting free on address which was not malloc()-ed in main",
      file: "/plugin/src/die.c",
      line: 56,
    },
  },
  {
    name: "asan-heap-overflow",
    end: 1,
    summary: "AddressSanitizer: heap-buffer-overflow: WRITE of size 9 in main (/plugin/src/die.c:59)",
    diagnosis: {
      kind: "AddressSanitizer: heap-buffer-overflow",
      message: "WRITE of size 9 in main",
      file: "/plugin/src/die.c",
      line: 59,
    },
  },
  {
    name: "asan-overflow",
    end: 1,
    summary: "AddressSanitizer: stack-overflow: in deep (/plugin/src/die.c:14)",
    diagnosis: {
      kind: "AddressSanitizer: stack-overflow",
      message: "in deep",
      file: "/plugin/src/die.c",
      line: 14,
    },
  },
  {
    name: "asan-leak",
    end: 1,
    summary: "LeakSanitizer: detected memory leaks: Direct leak of 10 byte(s) in main (/plugin/src/die.c:64)",
    diagnosis: {
      kind: "LeakSanitizer: detected memory leaks",
      message: "Direct leak of 10 byte(s) in main",
      file: "/plugin/src/die.c",
      line: 64,
    },
  },
  {
    name: "asan-too-big",
    end: 1,
    summary:
      "AddressSanitizer: allocation-size-too-big: requested allocation size 0x800000000000 (0x800000001000 after adjustments for alignment, red zones etc.) exceeds maximum supported size of 0x10000000000 in…",
    diagnosis: {
      kind: "AddressSanitizer: allocation-size-too-big",
      message:
        "requested allocation size 0x800000000000 (0x800000001000 after adjustments for alignment, red zones etc.) exceeds maximum supported size of 0x10000000000 in main",
      file: "/plugin/src/die.c",
      line: 69,
    },
  },
  {
    name: "asan-segv",
    end: 1,
    summary: "AddressSanitizer: SEGV: on unknown address 0x000000000000 in main (/plugin/src/die.c:50)",
    diagnosis: {
      kind: "AddressSanitizer: SEGV",
      message: "on unknown address 0x000000000000 in main",
      file: "/plugin/src/die.c",
      line: 50,
    },
  },
  {
    name: "ubsan-shift",
    end: 1,
    summary:
      "UndefinedBehaviorSanitizer: shift exponent 40 is too large for 32-bit type 'int' (/plugin/src/die.c:72)",
    diagnosis: {
      kind: "UndefinedBehaviorSanitizer",
      message: "shift exponent 40 is too large for 32-bit type 'int'",
      file: "/plugin/src/die.c",
      line: 72,
    },
  },
  {
    name: "ubsan-integer",
    end: 1,
    summary:
      "UndefinedBehaviorSanitizer: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int' (/plugin/src/die.c:75)",
    diagnosis: {
      kind: "UndefinedBehaviorSanitizer",
      message: "signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'",
      file: "/plugin/src/die.c",
      line: 75,
    },
  },
  {
    name: "tsan-race",
    end: 66,
    summary: "ThreadSanitizer: data race: Read of size 4 in writer (/plugin/src/die.c:10)",
    diagnosis: {
      kind: "ThreadSanitizer: data race",
      message: "Read of size 4 in writer",
      file: "/plugin/src/die.c",
      line: 10,
    },
  },
  {
    name: "loader-symbol",
    end: 127,
    summary: "missing symbol: ./user: undefined symbol: count",
    diagnosis: { kind: "missing symbol", message: "./user: undefined symbol: count" },
  },
  {
    name: "loader-library",
    end: 127,
    summary: "missing library: libcount.so: cannot open shared object file: No such file or directory",
    diagnosis: {
      kind: "missing library",
      message: "libcount.so: cannot open shared object file: No such file or directory",
    },
  },
  {
    name: "cpp-throw",
    end: "SIGABRT",
    summary: "uncaught C++ exception: std::runtime_error: no such todo list: 'garden'",
    diagnosis: { kind: "uncaught C++ exception", message: "std::runtime_error: no such todo list: 'garden'" },
  },
  {
    name: "cpp-int",
    end: "SIGABRT",
    summary: "uncaught C++ exception: int",
    diagnosis: { kind: "uncaught C++ exception", message: "int" },
  },
  {
    name: "cpp-noexcept",
    end: "SIGABRT",
    summary:
      "uncaught C++ exception: std::out_of_range: vector::_M_range_check: __n (which is 7) >= this->size() (which is 3)",
    diagnosis: {
      kind: "uncaught C++ exception",
      message: "std::out_of_range: vector::_M_range_check: __n (which is 7) >= this->size() (which is 3)",
    },
  },
  {
    name: "cpp-alloc",
    end: "SIGABRT",
    summary: "out of memory: std::bad_alloc: std::bad_alloc",
    diagnosis: { kind: "out of memory", message: "std::bad_alloc: std::bad_alloc" },
  },
  {
    name: "go-panic",
    end: 2,
    summary: "Go panic: no such list and no other (/plugin/src/die.go:19)",
    diagnosis: {
      kind: "Go panic",
      message: "no such list\nand no other",
      file: "/plugin/src/die.go",
      line: 19,
    },
  },
  {
    name: "go-error",
    end: 2,
    summary: "Go panic: reading tasks: disk full (/plugin/src/die.go:21)",
    diagnosis: {
      kind: "Go panic",
      message: "reading tasks: disk full",
      file: "/plugin/src/die.go",
      line: 21,
    },
  },
  {
    name: "go-index",
    end: 2,
    summary: "Go panic: runtime error: index out of range [0] with length 0 (/plugin/src/die.go:12)",
    diagnosis: {
      kind: "Go panic",
      message: "runtime error: index out of range [0] with length 0",
      file: "/plugin/src/die.go",
      line: 12,
    },
  },
  {
    name: "go-nil",
    end: 2,
    summary:
      "Go panic: runtime error: invalid memory address or nil pointer dereference (/plugin/src/die.go:12)",
    diagnosis: {
      kind: "Go panic",
      message: "runtime error: invalid memory address or nil pointer dereference",
      file: "/plugin/src/die.go",
      line: 12,
    },
  },
  {
    name: "go-goroutine",
    end: 2,
    summary: "Go panic: job 3 (/plugin/src/die.go:28)",
    diagnosis: { kind: "Go panic", message: "job 3", file: "/plugin/src/die.go", line: 28 },
  },
  {
    name: "go-repanic",
    end: 2,
    summary: "Go panic: first mistake [recovered] panic: again: first mistake (/plugin/src/die.go:31)",
    diagnosis: {
      kind: "Go panic",
      message: "first mistake [recovered]\npanic: again: first mistake",
      file: "/plugin/src/die.go",
      line: 31,
    },
  },
  {
    name: "go-deadlock",
    end: 2,
    summary: "Go fatal error: all goroutines are asleep - deadlock! (/plugin/src/die.go:34)",
    diagnosis: {
      kind: "Go fatal error",
      message: "all goroutines are asleep - deadlock!",
      file: "/plugin/src/die.go",
      line: 34,
    },
  },
  {
    name: "go-map",
    end: 2,
    summary: "Go fatal error: concurrent map writes (/plugin/src/die.go:40)",
    diagnosis: {
      kind: "Go fatal error",
      message: "concurrent map writes",
      file: "/plugin/src/die.go",
      line: 40,
    },
  },
  {
    name: "go-overflow",
    end: 2,
    summary: "stack overflow: goroutine stack exceeds 1000000000-byte limit (/plugin/src/die.go:14)",
    diagnosis: {
      kind: "stack overflow",
      message: "goroutine stack exceeds 1000000000-byte limit",
      file: "/plugin/src/die.go",
      line: 14,
    },
  },
  {
    name: "python-raise",
    end: 1,
    summary: "uncaught Python exception: ValueError: priority must be 1 to 5 not 9 (/plugin/src/die.py:8)",
    diagnosis: {
      kind: "uncaught Python exception",
      message: "ValueError: priority must be 1 to 5\nnot 9",
      file: "/plugin/src/die.py",
      line: 8,
    },
  },
  {
    name: "python-library",
    end: 1,
    summary:
      "uncaught Python exception: json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) (/plugin/src/die.py:4)",
    diagnosis: {
      kind: "uncaught Python exception",
      message:
        "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
      file: "/plugin/src/die.py",
      line: 4,
    },
  },
  {
    name: "python-chained",
    end: 1,
    summary: "uncaught Python exception: RuntimeError: no such list (/plugin/src/die.py:15)",
    diagnosis: {
      kind: "uncaught Python exception",
      message: "RuntimeError: no such list",
      file: "/plugin/src/die.py",
      line: 15,
    },
  },
  {
    name: "python-memory",
    end: 1,
    summary: "out of memory: MemoryError (/plugin/src/die.py:19)",
    diagnosis: { kind: "out of memory", message: "MemoryError", file: "/plugin/src/die.py", line: 19 },
  },
  { name: "python-exit", end: 1, summary: "exited with status 1" },
  {
    name: "python-thread",
    end: 3,
    summary:
      "uncaught Python exception: json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0) (/plugin/src/die.py:4)",
    diagnosis: {
      kind: "uncaught Python exception",
      message: "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
      file: "/plugin/src/die.py",
      line: 4,
    },
  },
  {
    name: "python-segv",
    end: "SIGSEGV",
    summary:
      "killed by SIGSEGV (segmentation fault) after: fatal Python error: Segmentation fault (/plugin/src/die.py:29)",
    diagnosis: {
      kind: "fatal Python error",
      message: "Segmentation fault",
      file: "/plugin/src/die.py",
      line: 29,
    },
  },
  {
    name: "python-syntax",
    end: 1,
    summary: "uncaught Python exception: SyntaxError: invalid syntax (/plugin/src/syntax.py:1)",
    diagnosis: {
      kind: "uncaught Python exception",
      message: "SyntaxError: invalid syntax",
      file: "/plugin/src/syntax.py",
      line: 1,
    },
  },
  {
    name: "node-throw",
    end: 1,
    summary:
      "uncaught JavaScript exception: TypeError: items is not a list nor a map (/plugin/src/die.cjs:1)",
    diagnosis: {
      kind: "uncaught JavaScript exception",
      message: "TypeError: items is not a list\nnor a map",
      file: "/plugin/src/die.cjs",
      line: 1,
    },
  },
  {
    name: "node-reject",
    end: 1,
    summary: "uncaught JavaScript exception: Error: disk full (/plugin/src/die.cjs:2)",
    diagnosis: {
      kind: "uncaught JavaScript exception",
      message: "Error: disk full",
      file: "/plugin/src/die.cjs",
      line: 2,
    },
  },
  {
    name: "node-plain",
    end: 1,
    summary:
      "uncaught JavaScript exception: UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled w…",
    diagnosis: {
      kind: "uncaught JavaScript exception",
      message:
        'UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason "#<Object>".',
    },
  },
  {
    name: "node-text",
    end: 1,
    summary: "uncaught JavaScript exception: just a text (/plugin/src/die.cjs:4)",
    diagnosis: {
      kind: "uncaught JavaScript exception",
      message: "just a text",
      file: "/plugin/src/die.cjs",
      line: 4,
    },
  },
  {
    name: "node-cause",
    end: 1,
    summary: "uncaught JavaScript exception: Error: outer (/plugin/src/die.cjs:5)",
    diagnosis: {
      kind: "uncaught JavaScript exception",
      message: "Error: outer",
      file: "/plugin/src/die.cjs",
      line: 5,
    },
  },
  {
    name: "node-deep",
    end: 1,
    summary:
      "uncaught JavaScript exception: RangeError: Maximum call stack size exceeded (/plugin/src/die.cjs:6)",
    diagnosis: {
      kind: "uncaught JavaScript exception",
      message: "RangeError: Maximum call stack size exceeded",
      file: "/plugin/src/die.cjs",
      line: 6,
    },
  },
  {
    name: "node-missing",
    end: 1,
    summary:
      "uncaught JavaScript exception: Error: Cannot find module './no-such-module' Require stack: - /plugin/src/die.cjs (/plugin/src/die.cjs:8)",
    diagnosis: {
      kind: "uncaught JavaScript exception",
      message: "Error: Cannot find module './no-such-module'\nRequire stack:\n- /plugin/src/die.cjs",
      file: "/plugin/src/die.cjs",
      line: 8,
    },
  },
  {
    name: "node-memory",
    end: "SIGABRT",
    summary:
      "out of memory: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory",
    diagnosis: {
      kind: "out of memory",
      message: "Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory",
    },
  },
  {
    name: "node-module",
    end: 1,
    summary:
      "uncaught JavaScript exception: TypeError: items is not a list nor a map (/plugin/src/die.mjs:1)",
    diagnosis: {
      kind: "uncaught JavaScript exception",
      message: "TypeError: items is not a list\nnor a map",
      file: "/plugin/src/die.mjs",
      line: 1,
    },
  },
];
