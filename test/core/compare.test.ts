import { describe, expect, test } from "vitest";
import type { ContractDocument } from "../../protocol/contract.ts";
import type { Api, JsonSchema, Method } from "../../protocol/description.ts";
import { compare, differencesInWords, isMismatch } from "../../src/core/compare.ts";

const object = (properties: Record<string, JsonSchema>, required = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
});
const text = { type: "string" };
type DocumentMethod = ContractDocument["methods"][string];

const wants = (
  change: Partial<DocumentMethod> = {},
  more: Partial<ContractDocument> = {},
): ContractDocument => ({
  name: "todo",
  version: "1.2.0",
  range: "^1.2.0",
  methods: { add: { params: object({ title: text }), result: object({ id: text }), ...change } },
  ...more,
});
const offers = (change: Partial<Method> = {}, more: Partial<Api> = {}): Api => ({
  name: "todo",
  version: "1.2.0",
  methods: [{ name: "add", params: object({ title: text }), result: object({ id: text }), ...change }],
  ...more,
});
const words = (contract: ContractDocument, api: Api): string =>
  differencesInWords("todo", compare(contract, api));

describe("additive change is fine both ways", () => {
  test.each<[what: string, contract: ContractDocument, api: Api]>([
    ["nothing changed", wants(), offers()],
    [
      "the plugin takes another optional param",
      wants(),
      offers({ params: object({ title: text, due: text }, ["title"]) }),
    ],
    ["the contract sends another param", wants({ params: object({ title: text, due: text }) }), offers()],
    ["the plugin gives another property", wants(), offers({ result: object({ id: text, at: text }) })],
    [
      "the contract reads another optional property",
      wants({ result: object({ id: text, at: text }, ["id"]) }),
      offers(),
    ],
    [
      "the plugin has another method",
      wants(),
      offers({}, { methods: [...offers().methods, { name: "more" }] }),
    ],
    ["the plugin knows another error", wants(), offers({ errors: [{ code: "full" }] })],
    [
      "the plugin wants an event that is called as what every object has",
      wants({}, { events: {} }),
      offers({}, { events: [{ name: "constructor", params: object({ id: text }) }] }),
    ],
    [
      "the plugin wants an event that is never sent",
      wants(),
      offers({}, { events: [{ name: "e", params: { type: "null" } }] }),
    ],
    ["the plugin has another action", wants(), offers({}, { actions: [{ id: "x", method: "add" }] })],
    [
      "the plugin reports the usual progress",
      wants({ progress: object({ done: { type: "number" } }, []) }),
      offers(),
    ],
    ["an optional group is absent", wants({}, groups("a", "b")), offers()],
  ])("%s", (_, contract, api) => {
    expect(compare(contract, api)).toEqual([]);
  });
});

function groups(...names: string[]): Partial<ContractDocument> {
  const one = { params: object({}), result: {} };
  const optional = names.map((name) => [name, { ...one, group: "g" }]);
  return { methods: { ...wants().methods, ...Object.fromEntries(optional) } };
}

describe("what does not fit is said", () => {
  test.each<[contract: ContractDocument, api: Api, words: string]>([
    [
      wants(),
      offers({ params: object({ title: text, due: text }) }),
      '  todo.add params at /due: the contract says not there, the plugin required (for example {"title":""}); change the plugin',
    ],
    [
      wants({ result: object({ id: { type: "integer" } }) }),
      offers(),
      '  todo.add result at /id: the contract says integer, the plugin string (for example {"id":""}); change the plugin',
    ],
    [
      wants({ item: text }),
      offers(),
      "  todo.add item: the contract says a stream of items, the plugin a method that answers once; change the plugin",
    ],
    [
      wants({ item: text }),
      offers({ item: { type: ["string", "null"] } }),
      "  todo.add item: the contract says string, the plugin null (for example null); change the plugin",
    ],
    [
      wants({ progress: object({ done: text }) }),
      offers({ progress: object({ done: text }, []) }),
      "  todo.add progress at /done: the contract says required, the plugin optional (for example {}); change the plugin",
    ],
    [
      wants({ idempotent: true }),
      offers({ idempotent: false }),
      "  todo.add: the contract says idempotent, the plugin not idempotent; change the plugin",
    ],
    [
      wants(),
      offers({ name: "ad" }),
      "  todo.add: the contract says a method, the plugin no such method, but ad; change the plugin",
    ],
    [
      wants({}, groups("render", "style")),
      offers({}, { methods: [...offers().methods, { name: "render" }] }),
      "  the group g: the contract says all of the group g, or none of it, the plugin without style; change the plugin",
    ],
    [
      wants({}, { events: { changed: object({ id: { type: "integer" } }) } }),
      offers({}, { events: [{ name: "changed", params: object({ id: text }) }] }),
      '  todo.changed event at /id: the contract says integer, the plugin string (for example {"id":0}); change the plugin',
    ],
    [
      wants({}, { actions: { go: { method: "add" } } }),
      offers(),
      "  todo.go action: the contract says calls add, the plugin no such action; change the plugin",
    ],
    [
      wants({}, { version: "1.4.0" }),
      offers({ result: object({ id: text }, []) }),
      "  todo.add result at /id: the contract says required, the plugin optional (for example {}); change the contract",
    ],
  ])("%#", (contract, api, expected) => {
    expect(words(contract, api)).toBe(expected);
    expect(compare(contract, api).every(isMismatch)).toBe(true);
  });
});

describe("what can not be told is no mismatch", () => {
  test.each<[api: Api, words: string]>([
    [
      { ...offers(), methods: [{ name: "add", params: object({ title: text }) }] },
      "  todo.add result: the contract says a schema that fits, the plugin no schema of the result; it can not be told whether they fit",
    ],
    [
      offers({ params: { ...object({ title: text }), minProperties: 1 } }),
      "  todo.add params: the contract says object, the plugin object with further conditions; it can not be told whether they fit",
    ],
  ])("%#", (api, expected) => {
    expect(words(wants(), api)).toBe(expected);
    expect(compare(wants(), api).some(isMismatch)).toBe(false);
  });
});

test("a plugin without schemas of its params takes anything", () => {
  expect(compare(wants(), { ...offers(), methods: [{ name: "add", result: object({ id: text }) }] })).toEqual(
    [],
  );
});
