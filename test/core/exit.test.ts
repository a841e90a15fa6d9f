import { expect, test } from "vitest";
import { describeExit, isOwnEnd } from "../../src/core/exit.ts";

test.each([
  [{ code: 3, signal: null, core: false }, "exited with status 3"],
  [{ code: 0, signal: null, core: false }, "left by itself with status 0"],
  [{ code: null, signal: "SIGSEGV", core: true }, "killed by SIGSEGV (segmentation fault), core dumped"],
  [
    { code: null, signal: "SIGKILL", core: false },
    "killed by SIGKILL (from outside, often for want of memory)",
  ],
  [
    { code: null, signal: "SIGKILL", core: false, guardLost: true as const },
    "its guard was killed, and it with it",
  ],
  [{ code: null, signal: "SIGRTMIN+3", core: false }, "killed by SIGRTMIN+3"],
  [
    { code: 139, signal: null, core: false },
    "exited with status 139 (128 + 11: SIGSEGV, segmentation fault)",
  ],
  [{ code: 255, signal: null, core: false }, "exited with status 255"],
  [{ code: null, signal: null, core: false }, "gone; nothing is known of its exit"],
])("%j -> %s", (exit, words) => {
  expect(describeExit(exit)).toBe(words);
});

test("an exit and an abort are the process's own doing, a fault and a kill are not", () => {
  const signals = [null, "SIGABRT", "SIGTRAP", "SIGSEGV", "SIGKILL", "SIGTERM"];
  const own = signals.map((signal) => isOwnEnd({ code: signal === null ? 1 : null, signal, core: false }));
  expect(own).toEqual([true, true, true, false, false, false]);
});
