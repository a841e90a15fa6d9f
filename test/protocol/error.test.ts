import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BulkheadError,
  codeOf,
  errors,
  handshakeCodes,
  reserved,
  type ErrorCode,
  type ErrorEntry,
} from "../../protocol/error.ts";
import { commands } from "../../src/cli/commands.ts";
import { configInvalidData, incompatibleProtocolData } from "../../protocol/plugin.ts";

const table = Object.entries<ErrorEntry>(errors);
const standard = new Set([-32700, -32600, -32601, -32602, -32603, -32800]);

describe("the error table", () => {
  test("no number stands for two codes", () => {
    expect(new Set(table.map(([, each]) => each.number)).size).toBe(table.length);
  });

  test.each(table)(
    "%s is JSON-RPC's own or within the supervisor's range, and has a next step",
    (code, each) => {
      const isReserved = each.number >= reserved.min && each.number <= reserved.max;
      expect(isReserved || standard.has(each.number)).toBe(true);
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(each.cause).toMatch(/^[A-Z`].+\.$/);
      expect(each.hint).toMatch(/^[A-Z`].+/);
      expect(codeOf(each.number)).toBe(code);
    },
  );

  test("the supervisor's range does not touch what JSON-RPC and LSP reserve, nor the handshake's numbers", () => {
    for (const number of [...standard, ...Object.values(handshakeCodes)]) {
      expect(number < reserved.min || number > reserved.max).toBe(true);
    }
  });

  test("a hint names only commands that there are", () => {
    const names = [...commands.map(({ name }) => name), "help"];
    const named = table.flatMap(([, { hint }]) =>
      [...hint.matchAll(/[:;] bulkhead ([a-z]+)/g)].map((match) => match[1]),
    );
    expect(names).toEqual(expect.arrayContaining([...new Set(named)]));
  });
});

describe("protocol/README.md agrees with the code", () => {
  const readme = readFileSync(new URL("../../protocol/README.md", import.meta.url), "utf8").replaceAll(
    "−",
    "-",
  );
  const rows = [
    ...readme.slice(readme.indexOf("## Errors")).matchAll(/^\| (-\d+(?:[,… -]+\d+)*) \| ([^|]+) \|/gm),
  ].map(([, numbers = "", names = ""]) => ({
    numbers: [...numbers.matchAll(/-\d+/g)].map(Number),
    names: names.split(",").map((each) => each.trim()),
  }));
  const documented = new Map(
    rows.flatMap(({ numbers, names }) => numbers.map((number, index) => [number, names[index]] as const)),
  );

  test("on the numbers that a plugin answers with", () => {
    for (const number of standard) expect(documented.get(number)).toBe(codeOf(number));
    expect(documented.get(handshakeCodes.incompatibleProtocol)).toBe(
      incompatibleProtocolData.shape.code.value,
    );
    expect(documented.get(handshakeCodes.configInvalid)).toBe(configInvalidData.shape.code.value);
  });

  test("on the supervisor's own range", () => {
    expect(rows.map(({ numbers }) => numbers)).toContainEqual([reserved.min, reserved.max]);
  });
});

describe("BulkheadError", () => {
  const anyCode = fc.constantFrom<ErrorCode>(
    "plugin_crashed",
    "timeout",
    "invalid_params",
    "config_invalid",
    "usage",
  );
  const data = fc.record(
    { report: fc.string(), retryAfterMs: fc.nat(), detail: fc.jsonValue() },
    { requiredKeys: [] },
  );

  test("is the same after a trip over the wire", () => {
    fc.assert(
      fc.property(anyCode, fc.string(), data, (code, message, more) => {
        const sent = BulkheadError.of(code, message, { settlement: "maybe_executed", ...more });
        const got = BulkheadError.from(JSON.parse(JSON.stringify(sent.toRpc())));
        for (const member of ["code", "number", "message", "settlement", "report", "hint"] as const) {
          expect(got[member]).toBe(sent[member]);
        }
        expect(got.data).toEqual(JSON.parse(JSON.stringify(sent.data)));
      }),
    );
  });

  test("of the table was not sent, unless it says otherwise", () => {
    expect(BulkheadError.of("plugin_busy", "full").settlement).toBe("not_sent");
    expect(BulkheadError.of("timeout", "late", { settlement: "maybe_executed" }).settlement).toBe(
      "maybe_executed",
    );
  });

  test("takes a plugin's own code, else the table's name of the number, else the number", () => {
    expect(BulkheadError.from({ code: 17, message: "", data: { code: "too_long" } }).code).toBe("too_long");
    expect(BulkheadError.from({ code: -32601, message: "" }).code).toBe("method_not_found");
    expect(BulkheadError.from({ code: 17, message: "" }).code).toBe("rpc_17");
  });

  test("does not take a plugin's word for a code that is the supervisor's", () => {
    const borrowed = { code: "plugin_crashed" };
    expect(BulkheadError.from({ code: 17, message: "", data: borrowed }).code).toBe("rpc_17");
    expect(BulkheadError.from({ code: -32602, message: "", data: borrowed }).code).toBe("invalid_params");
    const handshake = { code: handshakeCodes.configInvalid, message: "", data: { code: "config_invalid" } };
    expect(BulkheadError.from(handshake).code).toBe("config_invalid");
  });

  test("has a hint only for codes of the table, whatever a plugin calls its own", () => {
    for (const code of ["toString", "constructor", "__proto__", "mine"]) {
      expect(BulkheadError.from({ code: 17, message: "", data: { code } }).hint).toBeUndefined();
    }
    expect(BulkheadError.of("daemon_unreachable", "").hint).toBe(errors.daemon_unreachable.hint);
  });

  test("survives any data that a plugin may send", () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), fc.jsonValue(), (code, message, any) => {
        const error = BulkheadError.from({ code, message, data: any });
        expect(typeof error.code).toBe("string");
        expect(error.hint === undefined || typeof error.hint === "string").toBe(true);
        expect([undefined, "answered", "not_sent", "maybe_executed"]).toContain(error.settlement);
        expect(error.report === undefined || typeof error.report === "string").toBe(true);
      }),
    );
    expect(BulkheadError.from({ code: 1, message: "", data: { settlement: 5, report: {} } })).toMatchObject({
      settlement: "answered",
      report: undefined,
    });
  });
});
