import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { members, toSlice } from "../../src/wire/json.ts";
import { scan } from "../../src/wire/scan.ts";
import { WireViolation } from "../../src/wire/violation.ts";

function violation(body: Buffer | string, depth?: number): string | undefined {
  try {
    scan(Buffer.from(body), depth);
    return undefined;
  } catch (error) {
    if (!(error instanceof WireViolation) || !/^[\x20-\x7e]{1,300}$/.test(error.detail)) throw error;
    return error.reason;
  }
}

const parse = (slice: Buffer | undefined): unknown => slice && JSON.parse(slice.toString());
const withResult = (json: string): string => `{"jsonrpc":"2.0","id":1,"result":${json}}`;

/** Whether JSON.parse takes the text, and no number or text in it is one that languages disagree on. */
function portable(text: string): boolean {
  try {
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("not finite");
      if (typeof value === "string" && !value.isWellFormed()) throw new RangeError("lone surrogate");
      if (
        typeof value === "object" &&
        value !== null &&
        Object.keys(value).some((key) => !key.isWellFormed())
      ) {
        throw new RangeError("lone surrogate");
      }
      return value;
    });
    return true;
  } catch {
    return false;
  }
}

describe("messages", () => {
  test("a request, its parts in any order and with any white space", () => {
    const request = scan(
      Buffer.from(
        ' \n{ "params" : {"a": [1, 2]} ,"ctx":{"ms":5},\t"method":"min.min","id":7,"jsonrpc":"2.0","x":[{}]}\r\n ',
      ),
    );
    expect(request).toMatchObject({ kind: "request", id: 7, method: "min.min" });
    if (request.kind !== "request") throw new Error("not a request");
    expect(request.params?.toString()).toBe('{"a": [1, 2]}');
    expect(request.ctx?.toString()).toBe('{"ms":5}');
  });

  test.each([
    ['{"jsonrpc":"2.0","method":"a"}', { kind: "notification", method: "a", params: undefined }],
    [
      '{"jsonrpc":"2.0","method":"\u00e4\\n\\u00e9","id":"x\\"y"}',
      { kind: "request", id: 'x"y', method: "\u00e4\n\u00e9" },
    ],
    ['{"jsonrpc":"2.0","id":-3,"result":null}', { kind: "result", id: -3 }],
    ['{"jsonrpc":"2.0","id":-0,"result":null}', { kind: "result", id: 0 }],
    ['{"jsonrpc":"2.0","id":9007199254740991,"result":null}', { kind: "result", id: 9007199254740991 }],
    ['{"jsonrpc":"2.0","id":null,"error":{}}', { kind: "error", id: null }],
    ['{"\\u006asonrpc":"2.\\u0030","\\u0069d":1,"r\\u0065sult":1}', { kind: "result", id: 1 }],
    ['{"jsonrpc":"2.0","id":1,"result":1,"__proto__":{"a":1},"__proto__":2}', { kind: "result", id: 1 }],
  ])("%s", (text, expected) => {
    expect(scan(Buffer.from(text))).toMatchObject(expected);
  });

  test.each([
    ["", "bad_json"],
    ["1", "bad_envelope"],
    ["null", "bad_envelope"],
    ['"x"', "bad_envelope"],
    ["{}", "bad_envelope"],
    ["[]", "batch"],
    [' [{"jsonrpc":"2.0","method":"a"}] ', "batch"],
    ["[1", "bad_json"],
    ["[] 1", "bad_json"],
    ['{"jsonrpc":"2.0","method":"a"} x', "bad_json"],
    ['{"jsonrpc":"2.0","method":"a",}', "bad_json"],
    ['{"jsonrpc":"2.0" "method":"a"}', "bad_json"],
    ['{"jsonrpc":"2.0","method":"a"', "bad_json"],
    ['\ufeff{"jsonrpc":"2.0","method":"a"}', "bad_json"],
    ['{"method":"a"}', "bad_envelope"],
    ['{"jsonrpc":"1.0","method":"a"}', "bad_envelope"],
    ['{"jsonrpc":2.0,"method":"a"}', "bad_envelope"],
    ['{"jsonrpc":"2.0","method":5}', "bad_envelope"],
    ['{"jsonrpc":"2.0","method":"a","params":5}', "bad_envelope"],
    ['{"jsonrpc":"2.0","method":"a","params":null}', "bad_envelope"],
    ['{"jsonrpc":"2.0","method":"a","ctx":[]}', "bad_envelope"],
    ['{"jsonrpc":"2.0","method":"a","id":null}', "bad_envelope"],
    ['{"jsonrpc":"2.0","method":"a","id":1,"result":1}', "bad_envelope"],
    ['{"jsonrpc":"2.0","method":"a","error":{}}', "bad_envelope"],
    [`{"jsonrpc":"2.0","method":"${"a".repeat(257)}"}`, "bad_envelope"],
    ['{"jsonrpc":"2.0","id":1}', "bad_envelope"],
    ['{"jsonrpc":"2.0","result":1}', "bad_envelope"],
    ['{"jsonrpc":"2.0","id":1,"result":1,"error":{}}', "bad_envelope"],
    ['{"jsonrpc":"2.0","id":1,"error":1}', "bad_envelope"],
    ['{"jsonrpc":"2.0","id":null,"result":1}', "bad_envelope"],
    ['{"jsonrpc":"2.0","id":1.0,"result":1}', "bad_envelope"],
    ['{"jsonrpc":"2.0","id":1e2,"result":1}', "bad_envelope"],
    ['{"jsonrpc":"2.0","id":9007199254740992,"result":1}', "bad_envelope"],
    ['{"jsonrpc":"2.0","id":[1],"result":1}', "bad_envelope"],
    ['{"jsonrpc":"2.0","id":true,"result":1}', "bad_envelope"],
    [`{"jsonrpc":"2.0","id":"${"a".repeat(257)}","result":1}`, "bad_envelope"],
    ['{"jsonrpc":"2.0","id":1,"id":1,"result":1}', "duplicate_member"],
    ['{"jsonrpc":"2.0","id":1,"\\u0069d":2,"result":1}', "duplicate_member"],
  ])("%s is refused: %s", (text, reason) => {
    expect(violation(text)).toBe(reason);
  });
});

describe("values", () => {
  test.each([
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "9".repeat(400),
    '"\\ud800"',
    '"\\udc00"',
    '"\\udc00\\udc00"',
    '"\\ud800\\ud800"',
    '{"\\udfff":1}',
  ])("%s is refused: no two languages read it alike", (json) =>
    expect(violation(withResult(json))).toBe("bad_json"),
  );

  test.each([
    "1e308",
    "1e-999",
    "-0",
    `0.${"1".repeat(1000)}`,
    '"\\ud83d\\ude00"',
    '"\u{1f600}"',
    '"\\uFFFE"',
    '"\u007f\u2028"',
  ])("%s is taken", (json) => expect(violation(withResult(json))).toBeUndefined());

  test("bytes that are not UTF-8 are refused, also where a surrogate is written as UTF-8", () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
      const body = Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":1,"result":"'),
        Buffer.from(bytes),
        Buffer.from('"}'),
      ]);
      expect(violation(body)).toBe("not_utf8");
    }
  });

  test("nesting counts from the message itself", () => {
    const nested = (depth: number): string => withResult("[".repeat(depth - 1) + "]".repeat(depth - 1));
    expect(violation(nested(100))).toBeUndefined();
    expect(violation(nested(101))).toBe("too_deep");
    expect(violation(nested(100_000))).toBe("too_deep");
    expect(violation("[".repeat(100_000))).toBe("too_deep");
    expect(violation(nested(500_000), Infinity)).toBeUndefined();
    expect(violation(withResult('{"a":'.repeat(98) + "{}" + "}".repeat(98)))).toBeUndefined();
    expect(violation(withResult('{"a":'.repeat(99) + "{}" + "}".repeat(99)))).toBe("too_deep");
  });

  test("a million members that mean nothing cost no more than their bytes", () => {
    const members = Array.from({ length: 1_000_000 }, (_, i) => `"unknown-${i}":0`).join(",");
    const body = Buffer.from(`{"jsonrpc":"2.0","id":1,"result":1,${members}}`);
    expect(scan(body).kind).toBe("result");
  });

  test("every JSON value is taken, and comes back out as it went in", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8, stringUnit: "binary" }), fc.json(), (params, ctx) => {
        fc.pre(portable(params));
        const body = Buffer.from(
          `{"jsonrpc":"2.0","id":1,"params":[${params}],"method":"m","ctx":{"a":${ctx}}}`,
        );
        const message = scan(body);
        if (message.kind !== "request") throw new Error(message.kind);
        const whole: { params: unknown; ctx: unknown } = JSON.parse(body.toString());
        expect(parse(message.params)).toEqual(whole.params);
        expect(parse(message.ctx)).toEqual(whole.ctx);
        expect(message.params?.buffer).toBe(body.buffer);
      }),
      { numRuns: 1000 },
    );
  });

  test("takes and refuses the same texts as JSON.parse, but for what is not portable", () => {
    const edit = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 2 }),
      insert: fc.constantFrom(
        "",
        "",
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "0",
        "-",
        "1e",
        ".",
        "\\u12",
        "\\ud83d",
        "\n",
        "\0",
        "t",
        "null",
        " ",
        "+",
        "\u00e9",
      ),
    });
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.array(edit, { maxLength: 3 }), (json, edits) => {
        let text = json;
        for (const { at, remove, insert } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + insert + text.slice(place + remove);
        }
        fc.pre(text.isWellFormed());
        // As an element, so that an edit cannot close the envelope and begin another member.
        const expected = portable(`[${text}]`);
        expect(violation(withResult(`[${text}]`)) === undefined).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("members", () => {
  test("finds the values that are asked for, whatever is around them", () => {
    const value = Buffer.from(' { "x":{"id":1},"id" : 7 ,"s":"}\\"id", "v\\u0061lue": [1,{"id":3}] } ');
    expect(members(value, "id", "value", "none").map(parse)).toEqual([7, [1, { id: 3 }], undefined]);
  });

  test("finds nothing in what is no object", () => {
    for (const text of ["[1]", "1", '"id"', "{}", " { } "])
      expect(members(Buffer.from(text), "id")).toEqual([undefined]);
    expect(members(undefined, "id")).toEqual([undefined]);
  });

  test("agrees with JSON.parse for every object, doubled members included", () => {
    const key = fc.oneof(fc.constantFrom("id", "value", "a"), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.json({ maxDepth: 2 }))), (entries) => {
        const text = `{${entries.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`;
        const whole: Record<string, unknown> = JSON.parse(text);
        const found = members(Buffer.from(text), "id", "value").map(parse);
        expect(found).toEqual([whole["id"], whole["value"]]);
      }),
    );
  });
});

describe("toSlice", () => {
  test("writes what scan takes", () => {
    expect(toSlice({ a: "\u{1f600}\\ud800" }).toString()).toBe('{"a":"\u{1f600}\\\\ud800"}');
  });

  test("throws for what has no portable form", () => {
    expect(() => toSlice({ a: "\ud800" })).toThrow(TypeError);
    expect(() => toSlice(() => 1)).toThrow(TypeError);
    expect(() => toSlice(1n)).toThrow(TypeError);
  });
});
