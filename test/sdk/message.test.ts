import { expect, test } from "vitest";
import { carriesLoneSurrogate, parse } from "../../protocol/sdk/typescript/message.ts";

const read = (body: string | Buffer): ReturnType<typeof parse> => parse(Buffer.from(body), 5);

test.each([
  ["", -32700],
  ["{", -32700],
  ['{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":NaN}}', -32700],
  ["{} {}", -32700],
  ['[{"jsonrpc":"2.0","id":1,"method":"a"}]', -32600],
  ["5", -32600],
  ["null", -32600],
  ['{"jsonrpc":"2.0","id":null,"method":"a"}', -32600],
  ['{"jsonrpc":"2.0","id":1.5,"method":"a"}', -32600],
  ['{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}', -32600],
  ['{"jsonrpc":"2.0","id":1,"m\\u0065thod":"a","method":"b"}', -32600],
  ['{"jsonrpc":"2.0","id":1,"method":"a","params":[[[[[]]]]]}', -32600],
  ['{"jsonrpc":"2.0","id":1,"method":"a","params":["\\ud83d"]}', -32600],
])("%s is refused without an id", (body, code) => {
  expect(read(body)).toMatchObject({ kind: "refused", id: null, error: { code } });
});

test("what is not UTF-8 is no JSON", () => {
  expect(read(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ kind: "refused", error: { code: -32700 } });
});

test.each([
  '{"id":7,"method":"a"}',
  '{"jsonrpc":"1.0","id":7,"method":"a"}',
  '{"jsonrpc":"2.0","id":7,"method":1}',
])("%s is refused with its id", (body) => {
  expect(read(body)).toMatchObject({ kind: "refused", id: 7, error: { code: -32600 } });
});

test.each([
  '{"jsonrpc":"2.0","id":1,"method":"a","params":{"id":1,"x":{"id":2}},"more":[[[]]]}',
  '{"jsonrpc":"2.0","id":"x","method":"a","params":{"text":"{[\\"\\\\"}}',
  '{"jsonrpc":"2.0","method":"exit"}',
  '{"jsonrpc":"2.0","id":1,"result":null}',
  '{"jsonrpc":"2.0","method":"a","params":["\\ud83d\\udea2","\\\\ud83d"]}',
])("%s is a message", (body) => {
  expect(read(body)).toEqual({ kind: "message", message: JSON.parse(body) });
});

test.each([
  '{"jsonrpc":"2.0","method":"$/cancelRequest"}',
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":null}}',
  '{"jsonrpc":"2.0","id":1}',
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}',
])("%s is passed over, for vscode-jsonrpc would trip over it", (body) => {
  expect(read(body)).toEqual({ kind: "ignored" });
});

test("half a surrogate pair is found in what JSON.stringify makes, and nothing else is", () => {
  for (const half of ["\ud83d", "\udea2x", "\\\ud83d"])
    expect(carriesLoneSurrogate(JSON.stringify(half))).toBe(true);
  for (const text of ["🚢", String.raw`\ud83d`, String.raw`\\ud83d`, "\\uD83D"])
    expect(carriesLoneSurrogate(JSON.stringify(text))).toBe(false);
});
