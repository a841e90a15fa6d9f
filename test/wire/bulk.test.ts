import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadReference, pack, packPlain, plain, unpack } from "../../src/wire/bulk.ts";

const bytesOf = (...values: number[]): Uint8Array => new Uint8Array(values);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Values with bytes anywhere in them; their keys may be as odd as keys can be. */
const key = fc.oneof(
  fc.string(),
  fc.constantFrom("__proto__", "$byte", "$bytess", "toJSON", "length", '"$bytes":'),
);
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: "grapheme" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.constantFrom(null, true, '{"$bytes":[0,1]}', "$bytes"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

/** What JSON.stringify would make of it if bytes were base64 text. */
function inText(value: unknown): unknown {
  if (value instanceof Uint8Array) return base64(value);
  if (Array.isArray(value)) return value.map(inText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inText(each)]));
}

describe("a value with bytes", () => {
  test("comes out as it went in", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const { text, data } = pack(value);
        const back = data === undefined ? JSON.parse(text) : unpack(Buffer.from(text), data);
        expect(back).toEqual(value);
      }),
    );
  });

  test("as plain JSON is what it would be with base64 text", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const expected = JSON.stringify(inText(value));
        const { text, data } = pack(value);
        expect(data === undefined ? text : plain(text, data)?.toString()).toBe(expected);
        expect(packPlain(value)).toBe(expected);
      }),
    );
  });

  test("that is the only one is not copied on its way out", () => {
    const whole = new Uint8Array(100);
    const { data } = pack({ image: whole.subarray(10, 20) });
    expect([data?.buffer, data?.byteOffset, data?.length]).toEqual([whole.buffer, 10, 10]);
  });

  test("is not copied on its way in where it is large", () => {
    const data = Buffer.from(new ArrayBuffer(100_000), 10);
    const back = unpack(Buffer.from('{"a":{"$bytes":[2,3]}}'), data) as { a: Uint8Array };
    expect([back.a.buffer, back.a.byteOffset, back.a.length]).toEqual([data.buffer, 12, 3]);
  });

  test("shares no memory with other messages of the same chunk, so that it can be given away", () => {
    const chunk = Buffer.from(new ArrayBuffer(1000));
    const json = Buffer.from('{"a":{"$bytes":[0,3]}}');
    const { a } = unpack(json, chunk.subarray(10, 20)) as { a: Uint8Array<ArrayBuffer> };
    expect(structuredClone(a, { transfer: [a.buffer] })).toEqual(bytesOf(0, 0, 0));
    expect(chunk).toHaveLength(1000);
  });

  test("is not changed", () => {
    const value = { list: [bytesOf(1), { deep: bytesOf(2) }], same: { a: 1 } };
    pack(value);
    expect(value).toEqual({ list: [bytesOf(1), { deep: bytesOf(2) }], same: { a: 1 } });
  });

  test("may be empty, and is data all the same", () => {
    expect(pack([bytesOf()])).toEqual({ text: '[{"$bytes":[0,0]}]', data: Buffer.alloc(0) });
  });

  test("may be a Buffer, or come out of toJSON", () => {
    const value = {
      buffer: Buffer.from("ab"),
      date: new Date(0),
      made: { toJSON: () => ({ of: bytesOf(7) }) },
    };
    expect(pack(value)).toEqual({
      text: '{"buffer":{"$bytes":[0,2]},"date":"1970-01-01T00:00:00.000Z","made":{"of":{"$bytes":[2,1]}}}',
      data: Buffer.from("ab\u0007"),
    });
  });

  test("of which none is bytes is the JSON that it always was, whatever its members are called", () => {
    expect(pack({ $bytes: [0, 1] })).toEqual({ text: '{"$bytes":[0,1]}', data: undefined });
    expect(pack(new Float32Array(1))).toEqual({ text: '{"0":0}', data: undefined });
  });

  test("and a member $bytes of its own has its bytes as text", () => {
    const value = { own: { $bytes: 1 }, image: bytesOf(1) };
    expect(pack(value)).toEqual({ text: '{"own":{"$bytes":1},"image":"AQ=="}', data: undefined });
  });

  test.each([
    { toJSON: () => ({ toJSON: () => ({ $bytes: [0, 1] }) }) },
    Object.assign(() => undefined, { toJSON: () => ({ $bytes: [0, 1] }) }),
  ])("as well where only JSON.stringify comes to see that member", (own) => {
    expect(pack({ own, image: bytesOf(1) })).toEqual({
      text: '{"own":{"$bytes":[0,1]},"image":"AQ=="}',
      data: undefined,
    });
  });

  test("as deep as a message may be is text: what would stand for it is two levels deeper", () => {
    const nested = (levels: number): unknown => (levels === 0 ? bytesOf(1) : [nested(levels - 1)]);
    // Around it is the message.
    expect(pack(nested(97)).text).toContain("$bytes");
    expect(pack(nested(98)).text).toContain("AQ==");
    expect(pack(nested(98)).data).toBeUndefined();
  });

  test("and half a surrogate pair has no JSON form", () => {
    expect(() => pack(["\ud800", bytesOf(1)])).toThrow(TypeError);
  });
});

describe("a reference", () => {
  const data = Buffer.from("GIF89a");

  test.each([
    ['{"$bytes":[0,6]}', '"R0lGODlh"'],
    [' [ { "$bytes" : [ 3 , 0 ] } , { "\\u0024bytes" : [1e0,2.0] } ] ', ' [ "" , "SUY=" ] '],
    ['{"a":"{\\"$bytes\\":[9,9]}","$bytess":[9,9]}', '{"a":"{\\"$bytes\\":[9,9]}","$bytess":[9,9]}'],
    ['["$bytes",{"a":"$bytes"}]', '["$bytes",{"a":"$bytes"}]'],
    ['{"é":{"x":{"$bytes":[0,1]}},"$bytesé":1}', '{"é":{"x":"Rw=="},"$bytesé":1}'],
  ])("in %s is replaced, and nothing else is touched", (json, expected) => {
    expect(plain(json, data)?.toString()).toBe(expected);
    expect(inText(unpack(Buffer.from(json), data))).toEqual(JSON.parse(expected));
  });

  test.each([
    '{"$bytes":[0,7]}',
    '{"$bytes":[6,1]}',
    '{"$bytes":[-1,1]}',
    '{"$bytes":[0.5,1]}',
    '{"$bytes":[0,9007199254740993]}',
    '{"$bytes":["0",1]}',
    '{"$bytes":[0]}',
    '{"$bytes":[0,1,2]}',
    '{"$bytes":{"0":0,"1":1}}',
    '{"$bytes":null}',
    '{"$bytes":[0,1],"a":1}',
    '{"a":1,"$bytes":[0,1]}',
    '[1,{"a":1,"\\u0024bytes":[0,1]}]',
  ])("that is none of the data is a mistake: %s", (json) => {
    expect(() => unpack(Buffer.from(json), data)).toThrow(BadReference);
    expect(() => plain(json, data)).toThrow(BadReference);
  });

  test("to the same bytes over and over is not written out beyond the bound", () => {
    const json = `[${'{"$bytes":[0,6]},'.repeat(999)}{"$bytes":[0,6]}]`;
    const bytes = plain(json, data)?.length ?? 0;
    expect(plain(json, data, bytes)?.length).toBe(bytes);
    expect(plain(json, data, bytes - 1)).toBeUndefined();
  });

  test("to the same bytes over and over is a mistake, once they come to more than a frame may have", () => {
    const image = Buffer.alloc(1024 ** 2);
    const times = (n: number): Buffer =>
      Buffer.from(`[${Array.from({ length: n }, () => `{"$bytes":[0,${image.length}]}`).join()}]`);
    expect(unpack(times(64), image)).toHaveLength(64);
    expect(() => unpack(times(65), image)).toThrow(BadReference);
  });

  test("deep down is found, however deep that is", () => {
    const json = `${'{"a":['.repeat(5000)}{"$bytes":[0,1]}${"]}".repeat(5000)}`;
    expect(plain(json, data)?.includes('"Rw=="')).toBe(true);
    let value: unknown = unpack(Buffer.from(json), data);
    while (!(value instanceof Uint8Array)) value = (value as { a: unknown[] }).a[0];
    expect(value).toEqual(bytesOf(0x47));
  });
});
