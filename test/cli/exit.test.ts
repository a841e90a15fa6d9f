import { describe, expect, test } from "vitest";
import { BulkheadError } from "../../protocol/error.ts";
import type { ErrorCode } from "../../protocol/error.ts";
import { exitCodeOf } from "../../src/cli/exit.ts";

describe("the exit status", () => {
  test.each<[number, ErrorCode]>([
    [2, "usage"],
    [2, "invalid_config"],
    [3, "daemon_unreachable"],
    [4, "plugin_not_found"],
    [4, "method_not_found"],
    [4, "ambiguous_method"],
    [6, "plugin_crashed"],
    [6, "plugin_unavailable"],
    [6, "plugin_hung"],
    [6, "executable_not_found"],
    [7, "incompatible_protocol"],
    [7, "incompatible_api"],
    [7, "incompatible_client"],
    [4, "stream_required"],
    [4, "pipe_not_found"],
    [5, "invalid_result"],
    [5, "storage_full"],
    [5, "too_many_hops"],
    [6, "service_not_granted"],
    [6, "service_unavailable"],
    [6, "service_taken"],
    [7, "contract_mismatch"],
    [7, "contract_changed"],
    [124, "timeout"],
    [130, "cancelled"],
  ])("is %i for %s", (status, code) => expect(exitCodeOf(BulkheadError.of(code, ""))).toBe(status));

  test("is 5 for what a plugin answers, its own codes and JSON-RPC's", () => {
    expect(
      exitCodeOf(BulkheadError.from({ code: 7, message: "", data: { code: "no_city" } }), "plugin"),
    ).toBe(5);
    expect(exitCodeOf(BulkheadError.from({ code: -32602, message: "" }), "plugin")).toBe(5);
    expect(exitCodeOf(BulkheadError.from({ code: -32603, message: "" }), "plugin")).toBe(5);
    expect(exitCodeOf(BulkheadError.from({ code: -32000, message: "" }), "plugin")).toBe(5);
  });

  test("is 2 for params that were found wrong before they were sent", () => {
    expect(exitCodeOf(BulkheadError.of("invalid_params", ""), "plugin")).toBe(2);
    expect(exitCodeOf(BulkheadError.of("too_large", ""), "plugin")).toBe(2);
  });

  test("is 5 for what was too large later on", () => {
    const error = BulkheadError.of("too_large", "", { settlement: "answered" });
    expect(exitCodeOf(error, "plugin")).toBe(5);
  });

  test("is 1 for a mistake of the daemon or of this program", () => {
    expect(exitCodeOf(BulkheadError.from({ code: -32603, message: "" }), "daemon")).toBe(1);
    expect(exitCodeOf(new TypeError("undefined is not a function"))).toBe(1);
  });
});
