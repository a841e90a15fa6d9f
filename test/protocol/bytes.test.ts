import * as fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { bytes, inText } from "../../protocol/bytes.ts";
import { carriesBytes, contract, jsonSchema, method, stream } from "../../protocol/contract.ts";
import { toJsonSchema } from "../../protocol/zod-schema.ts";

const schema = { type: "string", contentEncoding: "base64" };

/** What the language itself reads, where it can. */
function read(text: string): Uint8Array | undefined {
  const { fromBase64 } = Uint8Array as unknown as {
    fromBase64: (text: string, options: { lastChunkHandling: "strict" }) => Uint8Array;
  };
  try {
    return fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

describe("bytes", () => {
  test("are taken as they are, without a copy", () => {
    const given = new Uint8Array([1, 2]);
    expect(bytes().parse(given)).toBe(given);
    const buffer = Buffer.from("ab");
    expect(bytes().parse(buffer)).toBe(buffer);
    expectTypeOf<z.input<ReturnType<typeof bytes>>>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<z.output<ReturnType<typeof bytes>>>().toEqualTypeOf<Uint8Array>();
  });

  test("are read from base64 text", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (given) => {
        expect(bytes().parse(inText(given))).toStrictEqual(given);
      }),
    );
  });

  test("from text have memory of their own", () => {
    const read = bytes().parse(inText(new Uint8Array([1, 2, 3])));
    expect([read.buffer.byteLength, read.byteOffset]).toEqual([3, 0]);
  });

  test("are read from no other text", () => {
    const text = fc.string({
      unit: fc.constantFrom("A", "B", "Q", "/", "+", "=", "-", "_", "é"),
      maxLength: 9,
    });
    fc.assert(
      fc.property(text, (given) => {
        expect(bytes().safeParse(given).data).toStrictEqual(read(given));
      }),
      { numRuns: 2000 },
    );
    for (const spaced of ["AQ== ", "A Q==", "AQ\n=="]) expect(bytes().safeParse(spaced).success).toBe(false);
  });

  test.each([undefined, null, 5, [1], {}, new Uint16Array(1), new DataView(new ArrayBuffer(1))])(
    "are not %j",
    (given) => {
      const { error } = z.object({ image: bytes() }).safeParse({ image: given });
      expect(error?.issues).toMatchObject([{ path: ["image"], message: "expected bytes" }]);
    },
  );

  test("are base64 text in JSON Schema, both ways", () => {
    for (const io of ["input", "output"] as const) {
      expect(toJsonSchema(bytes(), io)).toEqual(schema);
      expect(
        toJsonSchema(
          z.object({
            a: bytes().describe("An image."),
            b: z.array(bytes().refine((each) => each.length > 3)).optional(),
          }),
          io,
        ),
      ).toMatchObject({
        properties: { a: { ...schema, description: "An image." }, b: { items: schema } },
        required: ["a"],
      });
    }
  });

  test("in a value are turned into text, and nothing else is", () => {
    const value = JSON.parse('{"a":[1,null,{"__proto__":"x"}]}') as object;
    expect(inText({ ...value, b: new Uint8Array([1]) })).toStrictEqual({ ...value, b: "AQ==" });
  });
});

describe("an operation carries bytes", () => {
  const wrapped = z.object({ list: z.array(z.union([z.null(), bytes().describe("x").optional()])) });
  test.each([
    ["in its params", method({ params: wrapped })],
    ["in its result", method({ result: z.record(z.string(), bytes().nullable()) })],
    ["in the result of a stream", stream({ item: z.null(), result: bytes() })],
    [
      "deep in what repeats itself",
      method({
        result: z.object({
          get next() {
            return z.union([z.null(), wrapped]);
          },
        }),
      }),
    ],
  ])("%s", (_where, operation) => {
    expect(carriesBytes(operation)).toBe(true);
  });

  test.each([
    ["in its items alone", stream({ item: bytes() })],
    ["in its progress and errors alone", method({ progress: bytes(), errors: { bad: { data: bytes() } } })],
    [
      "where its schema says text",
      method({ params: z.object({ a: z.base64() }), result: jsonSchema(schema) }),
    ],
    ["nowhere", method({})],
  ])("but not %s", (_where, operation) => {
    expect(carriesBytes(operation)).toBe(false);
  });

  test("and its contract can be written down", () => {
    const { methods } = contract({
      name: "image",
      version: "1.0.0",
      methods: { turn: method({ params: z.object({ image: bytes() }), result: bytes() }) },
    }).document();
    expect(methods["turn"]).toMatchObject({ params: { properties: { image: schema } }, result: schema });
  });
});
