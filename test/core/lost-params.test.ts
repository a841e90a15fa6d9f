import { expect, test } from "vitest";
import { longestKept, lostParams } from "../../src/core/lost-params.ts";

const about = { kept: true, bytes: 100, dataBytes: 0, schema: undefined };
const room = 1024 * 1024;

test("what is short is kept whole, as bytes or as text", () => {
  const whole = { kept: "whole", text: '{"a":1}', secrets: [], dataBytes: 0 };
  expect(lostParams({ ...about, params: '{"a":1}' }, room)).toEqual(whole);
  expect(lostParams({ ...about, params: Buffer.from('{"a":1}') }, room)).toEqual(whole);
  expect(lostParams({ ...about, params: undefined }, room)).toEqual({ ...whole, text: undefined });
});

test("what is long, or finds no room, is kept as its beginning and its size", () => {
  const long = `{"a":"${"x".repeat(longestKept)}"}`;
  expect(lostParams({ ...about, params: long }, room)).toEqual({
    kept: "head",
    head: long.slice(0, 512),
    bytes: long.length,
    dataBytes: 0,
  });
  expect(lostParams({ ...about, params: '{"a":1}' }, 3)).toMatchObject({ kept: "head", bytes: 7 });
  expect(lostParams({ ...about, kept: false, params: undefined }, room)).toEqual({
    kept: "head",
    head: "",
    bytes: 100,
    dataBytes: 0,
  });
});

test("a report is made of what is nested deeper than can be read, and keeps nothing of it", () => {
  const schema = { additionalProperties: { $ref: "#" }, properties: { key: { writeOnly: true } } };
  const deep = 10_000;
  const params = `${'{"a":'.repeat(deep)}1${"}".repeat(deep)}`;
  expect(lostParams({ ...about, schema, params }, room)).toMatchObject({ kept: "head", head: "" });
});

test("data beside the params are not kept, and their size is told", () => {
  expect(lostParams({ ...about, params: "{}", dataBytes: 9 }, room)).toMatchObject({ dataBytes: 9 });
});

test("secrets are taken out, and no head is kept where one may be", () => {
  const schema = { properties: { key: { writeOnly: true } } };
  expect(lostParams({ ...about, schema, params: '{"key":"s","n":1}' }, room)).toMatchObject({
    text: '{"key":"(secret)","n":1}',
    secrets: ["/key"],
  });
  const long = `{"key":"${"x".repeat(longestKept)}"}`;
  expect(lostParams({ ...about, schema, params: long }, room)).toMatchObject({ kept: "head", head: "" });
});

test("text without a secret stays as it was written", () => {
  const schema = { properties: { key: { writeOnly: true } } };
  const text = '{"n": 12345678901234567890}';
  expect(lostParams({ ...about, schema, params: text }, room)).toMatchObject({ text, secrets: [] });
});

test("a member that stands there twice hides no secret", () => {
  const schema = { properties: { a: { properties: { key: { writeOnly: true } } } } };
  const twice = '{"a":{"key":"hunter2"},"a":1}';
  expect(lostParams({ ...about, schema, params: twice }, room)).toMatchObject({ kept: "head", head: "" });
  const once = '{"a": 1, "b": "a:b, \\"c\\": d"}';
  expect(lostParams({ ...about, schema, params: once }, room)).toMatchObject({ text: once });
});
