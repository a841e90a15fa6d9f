/** The guard's status lines, which may be those of another build. */
import * as fc from "fast-check";
import { decodeWaitStatus, parseGuardLine } from "../../../src/io/process/guard.ts";
import { must, pure } from "../target.ts";
import type { Target } from "../target.ts";

function run(input: Buffer): void {
  for (const text of input.toString("latin1").split("\n")) {
    const line = parseGuardLine(text);
    if (line === undefined) continue;
    must(text.startsWith(line.kind), "a line is of the kind that it says", text);
    for (const [name, value] of Object.entries(line)) {
      if (typeof value === "number")
        must(Number.isSafeInteger(value) && value >= 0, "a number is one that a system counts", {
          name,
          value,
        });
    }
    if (line.kind !== "exited") continue;
    const { code, signal } = decodeWaitStatus(line.status);
    must((code === null) !== (signal === null), "a process exits or is killed", line);
    must(code === null || (code >= 0 && code <= 255), "an exit code is a byte", code);
    must(signal === null || /^SIG[A-Z0-9]+$/.test(signal), "a signal has a name", signal);
  }
}

const number = fc
  .oneof(fc.nat({ max: 70_000 }), fc.constantFrom(0, 9, 11, 139, 256, 2 ** 31, 2 ** 53))
  .map(String);
const line = fc.oneof(
  number.map((pid) => `started ${pid}`),
  fc
    .tuple(fc.constantFrom("exec", "cwd", "changed", "fork"), number)
    .map((words) => `failed ${words.join(" ")}`),
  fc
    .tuple(number, fc.constantFrom("0", "1"), number, number, number)
    .map((words) => `exited ${words.join(" ")}`),
  fc.tuple(number, number).map((words) => `clean ${words.join(" ")}`),
);

export const guard: Target = {
  name: "guard",
  inputs: fc.array(line, { maxLength: 4 }).map((lines) => Buffer.from(lines.join("\n"))),
  words: [
    "started ",
    "failed ",
    "exited ",
    "clean ",
    " ",
    "\n",
    "-1",
    "0x10",
    "1e9",
    "Infinity",
    "constructor",
    "__proto__",
  ],
  covers: ["src/io/process/guard.ts"],
  tried: 2000,
  start: pure(run),
};
