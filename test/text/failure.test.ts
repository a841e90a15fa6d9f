import { describe, expect, test } from "vitest";
import { BulkheadError, errors, isErrorCode } from "../../protocol/error.ts";
import { asBulkheadError, errorLines, errorObject, nextStep } from "../../src/text/failure.ts";

describe("an error on stderr", () => {
  test("says what, whose fault, what became of the call, and what to type next", () => {
    const error = BulkheadError.of("plugin_crashed", "chaos crashed: panicked at src/main.rs:1:2", {
      settlement: "maybe_executed",
      report: "chaos-7-k3f9",
    });
    expect(errorLines(error, { plugin: "chaos", command: "call" })).toEqual([
      "error: chaos crashed: panicked at src/main.rs:1:2 [plugin_crashed]",
      "  fault: plugin · may have been executed · report chaos-7-k3f9",
      "  try: Read the report: bulkhead crashes chaos-7-k3f9",
    ]);
  });

  test.each(Object.keys(errors).filter(isErrorCode))("of code %s ends with a command", (code) => {
    expect(nextStep(BulkheadError.of(code, "x"), { plugin: "min" })).toMatch(/bulkhead [a-z]+/);
    expect(nextStep(BulkheadError.of(code, "x"), {})).toMatch(/bulkhead [a-z]+/);
  });

  test("fills in the plugin", () => {
    const error = BulkheadError.of("plugin_unavailable", "x");
    expect(nextStep(error, { plugin: "min" })).toBe("See why it does not serve: bulkhead status min");
  });

  test("names the choices as commands", () => {
    const error = BulkheadError.of("ambiguous_method", "x", { detail: { choices: ["a.b.c", "a.d.c"] } });
    expect(nextStep(error, { plugin: "a" })).toBe("bulkhead call a.b.c  or  bulkhead call a.d.c");
  });

  test("shows a plugin's words harmlessly", () => {
    const error = BulkheadError.from({ code: 1, message: "\u001b]0;owned\u0007", data: { code: "\u202e" } });
    expect(errorLines(error, { plugin: "min" })[0]).toBe(String.raw`error: \u{1b}]0;owned\u{7} [\u{202e}]`);
  });

  test("is an object with --json", () => {
    const error = BulkheadError.of("timeout", "too slow", { settlement: "maybe_executed" });
    expect(errorObject(error, { plugin: "min" })).toEqual({
      code: "timeout",
      number: -31903,
      message: "too slow",
      fault: "plugin",
      settlement: "maybe_executed",
      report: undefined,
      try: "Give the call more time (--timeout), or see what it does: bulkhead logs min",
      data: { code: "timeout", settlement: "maybe_executed" },
    });
  });

  test("that nobody foresaw is an internal one", () => {
    expect(asBulkheadError(new TypeError("oops"))).toMatchObject({ code: "internal_error", message: "oops" });
  });
});
