/**
 * Why a process died, in the words of its own runtime: sanitizers, C and C++ libraries, the dynamic loader, and the
 * runtimes of Rust (other than panics), Go, Python and Node. Every pattern is anchored and its parts exclude each other,
 * so that no line can make a match expensive.
 */
import type { Diagnosis, ProcessExit } from "../../protocol/state.ts";
import { isOwnEnd } from "./exit.ts";

/** What the line at `at` says, together with those after it (and rarely before); null when it is none of these. */
type Recogniser = (lines: readonly string[], at: number) => Diagnosis | null;

/** Words that go with an end of any kind: a fault's, too. */
const always: readonly Recogniser[] = [sanitizer, undefinedBehaviour, fatalPython];
/** Words before an exit or an abort. A process that another signal killed had survived them. */
const ownEnd: readonly Recogniser[] = [
  assertion,
  corruption,
  uncaughtCpp,
  loader,
  rustRuntime,
  goPanic,
  uncaughtPython,
  pythonSyntax,
  uncaughtNode,
  fatalNode,
];

/** The last of them in the tail, and the line it starts at. */
export function diagnose(
  lines: readonly string[],
  exit: ProcessExit | null,
): { readonly diagnosis: Diagnosis; readonly at: number } | null {
  if (exit !== null && exit.signal === null && exit.code === 0) return null;
  const recognisers = exit === null || isOwnEnd(exit) ? [...always, ...ownEnd] : always;
  for (let at = lines.length - 1; at >= 0; at--) {
    for (const recognise of recognisers) {
      const found = recognise(lines, at);
      if (found !== null) return { diagnosis: found, at };
    }
  }
  return null;
}

function diagnosis(kind: string, message: string, place?: Place | null): Diagnosis {
  return place ? { kind, message, ...place } : { kind, message };
}

interface Place {
  readonly file: string;
  readonly line: number;
}

/** The lines after `at`, up to the first that `isLast` accepts; at most `most`. */
function following(
  lines: readonly string[],
  at: number,
  most: number,
  isLast: (line: string) => boolean,
): string[] {
  const found: string[] = [];
  for (const line of lines.slice(at + 1, at + 1 + most)) {
    if (isLast(line)) break;
    found.push(line);
  }
  return found;
}

/* Sanitizers */

const sanitizerHeader = /^(?:==\d+==)?(?:ERROR|WARNING): ([A-Z][A-Za-z]*Sanitizer): (.+)$/;
const sanitizerSummary = /^SUMMARY: [A-Za-z]+: ([A-Za-z][A-Za-z -]*?) (?:[/.(<]|[^ :]+:\d)/;
const sanitizerFrame = /^\s+#\d+ (?:0x[0-9a-f]+ in )?(\S(?:.*\S)?) ([^ ]+?):(\d+)(?::\d+)?(?: \([^()]*\))?$/;
const access = /^\s*((?:READ|WRITE|Read|Write|Atomic read|Atomic write) of size \d+|Direct leak of [^)]*\))/;
/** Numbers that differ from run to run: without them two reports of one mistake read the same. */
const chance =
  /(?: on address|:) 0x[0-9a-f]+.*$| at pc .*$| \(p(?:c |id=).*$| in thread T\d+.*$| \(thread T\d+\)$/;
/** Frames of the sanitizer and the C library stand above the user's own code. */
const foreignFrame = /libsanitizer|compiler-rt|sysdeps|^\.\.\//;

function sanitizer(lines: readonly string[], at: number): Diagnosis | null {
  const header = sanitizerHeader.exec(lines[at] ?? "");
  if (header === null) return null;
  const [, name = "", text = ""] = header;
  if (/out of memory|out-of-memory|rss limit exhausted/.test(text)) {
    return diagnosis("out of memory", `${name}: ${text}`);
  }
  let body = following(lines, at, 400, (line) => line.startsWith("SUMMARY: "));
  const kind =
    sanitizerSummary.exec(lines[at + 1 + body.length] ?? "")?.[1] ??
    text.split(/ on (?:unknown )?address| on 0x| \(|: | 0x/, 1)[0] ??
    text;
  let place: Place | null = null;
  let inFunction = "";
  for (const line of body) {
    const [, name = "", file = "", number] = sanitizerFrame.exec(line) ?? [];
    if (number === undefined || foreignFrame.test(file)) continue;
    place = { file, line: Number(number) };
    inFunction = `in ${name}`;
    break;
  }
  body = body.slice(0, 4);
  const what = body.map((line) => access.exec(line)?.[1]).find((match) => match !== undefined);
  const message = (what ?? text.replace(chance, "")).replace(kind, "").trim();
  return diagnosis(`${name}: ${kind}`, `${message} ${inFunction}`.trim(), place);
}

const undefinedLine = /^([^:]+):(\d+):\d+: runtime error: (.+)$/;

function undefinedBehaviour(lines: readonly string[], at: number): Diagnosis | null {
  const [, file = "", line, message = ""] = undefinedLine.exec(lines[at] ?? "") ?? [];
  return line === undefined
    ? null
    : diagnosis("UndefinedBehaviorSanitizer", message, { file, line: Number(line) });
}

/* C and C++ */

const glibcAssertion = /^(?:[^:]*: )?([^:]+):(\d+): /;
const muslAssertion = /^Assertion failed: (.*) \(([^():]+): [^()]*: (\d+)\)$/;
const appleAssertion = /^Assertion failed: \((.*)\), function .*, file ([^,]+), line (\d+)\.$/;

function assertion(lines: readonly string[], at: number): Diagnosis | null {
  const line = lines[at] ?? "";
  const start = line.indexOf(": Assertion `");
  if (start > 0 && line.endsWith("' failed.")) {
    const [, file = "", number] = glibcAssertion.exec(line) ?? [];
    const expression = line.slice(start + ": Assertion `".length, -"' failed.".length);
    const place = number === undefined ? null : { file, line: Number(number) };
    return diagnosis("assertion failed", expression, place);
  }
  const [, expression = "", file = "", number] = muslAssertion.exec(line) ?? appleAssertion.exec(line) ?? [];
  return number === undefined
    ? null
    : diagnosis("assertion failed", expression, { file, line: Number(number) });
}

/** What glibc's allocator says before it aborts (malloc/malloc.c), and its guards (debug/). */
const heapCorruption =
  /^(?:free|malloc|calloc|realloc|munmap_chunk|mremap_chunk|malloc_consolidate|_int_[a-z]+)\(\): |^double free or corruption|^corrupted (?:size vs\. prev_size|double-linked list)|^break adjusted to free malloc space$/;
const guard = /^\*\*\* (stack smashing detected|buffer overflow detected|longjmp causes[^*]*) \*\*\*/;

function corruption(lines: readonly string[], at: number): Diagnosis | null {
  const line = lines[at] ?? "";
  if (heapCorruption.test(line)) return diagnosis("heap corruption", line);
  const guarded = guard.exec(line)?.[1];
  return guarded === undefined ? null : diagnosis(guarded, "");
}

const gnuTerminate = /^terminate called after throwing an instance of '(.+)'$/;
const gnuWhat = /^ {2}what\(\): {2}(.*)$/;
const llvmTerminate = /^libc\+\+abi: terminating (?:due to|with) uncaught exception of type (.+)$/;
const plainTerminate =
  /^(?:terminate called (?:without an active exception|recursively)|libc\+\+abi: terminating)$/;

function uncaughtCpp(lines: readonly string[], at: number): Diagnosis | null {
  const line = lines[at] ?? "";
  if (plainTerminate.test(line)) return diagnosis("std::terminate", line);
  const type = gnuTerminate.exec(line)?.[1];
  const what = type === undefined ? undefined : gnuWhat.exec(lines[at + 1] ?? "")?.[1];
  const message =
    type === undefined ? llvmTerminate.exec(line)?.[1] : what === undefined ? type : `${type}: ${what}`;
  if (message === undefined) return null;
  return diagnosis(
    message.startsWith("std::bad_alloc") ? "out of memory" : "uncaught C++ exception",
    message,
  );
}

const missingLibrary = /^[^:]*: error while loading shared libraries: (.+)$/;
const missingVersion = /^[^:]*: ([^:]*: version `[^']*' not found \(required by .*\))$/;
const missingSymbol = /^[^:]*: symbol lookup error: (.+)$/;

function loader(lines: readonly string[], at: number): Diagnosis | null {
  const line = lines[at] ?? "";
  const library = missingLibrary.exec(line)?.[1] ?? missingVersion.exec(line)?.[1];
  if (library !== undefined) return diagnosis("missing library", library);
  const symbol = missingSymbol.exec(line)?.[1];
  return symbol === undefined ? null : diagnosis("missing symbol", symbol);
}

/* Rust, other than panics */

function rustRuntime(lines: readonly string[], at: number): Diagnosis | null {
  const line = lines[at] ?? "";
  if (line.startsWith("thread '") && line.endsWith(" has overflowed its stack")) {
    return diagnosis("stack overflow", line.replace(/' \(\d+\) has/, "' has"));
  }
  if (/^memory allocation of \d+ bytes failed/.test(line)) return diagnosis("out of memory", line);
  const fatal = /^fatal runtime error: (.+)$/.exec(line)?.[1];
  // The line above it names the thread.
  if (fatal === undefined || fatal.startsWith("stack overflow")) return null;
  return diagnosis("fatal runtime error", fatal);
}

/* Go */

const goHeader = /^(panic|fatal error): (.+)$/;
const goroutine = /^(?:goroutine \d+ .*\[.*\]:|runtime stack:)$/;
const goFile = /^\t(.+\.(?:go|s)):(\d+)(?: \+0x.*)?$/;
const goRuntime = /^(?:panic\(|runtime[./]|internal\/)/;

function goPanic(lines: readonly string[], at: number): Diagnosis | null {
  const [, word, first = ""] = goHeader.exec(lines[at] ?? "") ?? [];
  if (word === undefined) return null;
  const rest = following(lines, at, 60, (line) => goroutine.test(line));
  const trace = at + 1 + rest.length;
  if (!goroutine.test(lines[trace] ?? "")) return null;
  const more = rest.filter((line) => line.startsWith("\t")).map((line) => line.slice(1));
  const message = [first, ...more].join("\n");
  const place = goPlace(lines, trace);
  if (word === "panic") return diagnosis("Go panic", message, place);
  if (message === "stack overflow") {
    const limit = lines.slice(Math.max(0, at - 3), at).find((line) => line.includes("stack exceeds"));
    return diagnosis("stack overflow", limit?.replace(/^runtime: /, "") ?? "", place);
  }
  const memory = /out of memory|cannot allocate memory/.test(message);
  return diagnosis(memory ? "out of memory" : "Go fatal error", message, place);
}

/** The first frame outside the runtime. */
function goPlace(lines: readonly string[], trace: number): Place | null {
  for (let at = trace + 1; at < Math.min(lines.length, trace + 100); at++) {
    const [, file, line] = goFile.exec(lines[at] ?? "") ?? [];
    if (file !== undefined && !goRuntime.test(lines[at - 1] ?? "")) return { file, line: Number(line) };
  }
  return null;
}

/* Python */

const pythonFrame = /^ *(?:\| *)?File "([^"]+)", line (\d+)/;
/** Code that is not the plugin's own. */
const foreignFile = /\/lib\/python\d|\/(?:site|dist)-packages\/|^<|\/node_modules\/|^node:/;

/** The innermost frame in the plugin's own code, or else the innermost. */
function pythonPlace(body: readonly string[], order: "innermost first" | "innermost last"): Place | null {
  const places = body.flatMap((line) => {
    const [, file, number] = pythonFrame.exec(line) ?? [];
    return file === undefined ? [] : [{ file, line: Number(number) }];
  });
  if (order === "innermost last") places.reverse();
  return places.find(({ file }) => !foreignFile.test(file)) ?? places[0] ?? null;
}

function uncaughtPython(lines: readonly string[], at: number): Diagnosis | null {
  if (lines[at] !== "Traceback (most recent call last):") return null;
  const body = following(lines, at, 1000, (line) => !line.startsWith("  "));
  const error = lines[at + 1 + body.length];
  if (error === undefined || error === "") return null;
  const more = following(lines, at + 1 + body.length, 20, (line) => line === "" || line.startsWith('{"'));
  const place = pythonPlace(body, "innermost last");
  if (/^MemoryError\b/.test(error)) return diagnosis("out of memory", error, place);
  return diagnosis("uncaught Python exception", [error, ...more].join("\n"), place);
}

/** A file that does not parse is told without the word Traceback. */
function pythonSyntax(lines: readonly string[], at: number): Diagnosis | null {
  const line = lines[at] ?? "";
  if (!/^(?:Syntax|Indentation|Tab)Error: /.test(line)) return null;
  const place = pythonPlace(lines.slice(Math.max(0, at - 4), at), "innermost last");
  return place === null ? null : diagnosis("uncaught Python exception", line, place);
}

function fatalPython(lines: readonly string[], at: number): Diagnosis | null {
  const message = /^Fatal Python error: (.+)$/.exec(lines[at] ?? "")?.[1];
  if (message === undefined) return null;
  const thread = lines.findIndex((line, i) => i > at && line.startsWith("Current thread "));
  const body = thread === -1 ? [] : following(lines, thread, 100, (line) => !line.startsWith("  "));
  return diagnosis("fatal Python error", message, pythonPlace(body, "innermost first"));
}

/* Node */

const nodePlace = /^(?:file:\/\/)?((?:\/|node:|[A-Z]:\\).*):(\d+)$/;
const nodeFrame = /^ +at (?:[^()]* \()?(?:file:\/\/)?([^()]+):(\d+):\d+\)?(?: \{)?$/;

function uncaughtNode(lines: readonly string[], at: number): Diagnosis | null {
  const [, file = "", number] = nodePlace.exec(lines[at] ?? "") ?? [];
  if (number === undefined) return null;
  const body = following(lines, at, 200, (line) => line.startsWith("Node.js v"));
  if (!lines[at + 1 + body.length]?.startsWith("Node.js v")) return null;
  const caret = body.findIndex((line) => /^\s*\^+\s*$/.test(line));
  if (caret === -1) return null;
  const told = body.slice(caret + 1);
  while (told[0] === "") told.shift();
  const frames = told.findIndex((line) => line.startsWith("    at "));
  const end = frames === -1 ? told.findIndex((line) => line === "" || line.startsWith("(Use `node")) : frames;
  const message = told.slice(0, end === -1 ? told.length : end).join("\n");
  const place = foreignFile.test(file) ? nodeOwnFrame(told) : { file, line: Number(number) };
  return diagnosis("uncaught JavaScript exception", message, place);
}

function nodeOwnFrame(told: readonly string[]): Place | null {
  for (const line of told) {
    const [, file, number] = nodeFrame.exec(line) ?? [];
    if (file !== undefined && !foreignFile.test(file)) return { file, line: Number(number) };
  }
  return null;
}

function fatalNode(lines: readonly string[], at: number): Diagnosis | null {
  const message = /^FATAL ERROR: (.+)$/.exec(lines[at] ?? "")?.[1];
  if (message === undefined) return null;
  return diagnosis(message.endsWith("out of memory") ? "out of memory" : "fatal V8 error", message);
}
