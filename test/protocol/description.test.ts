import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { description, methodsOf, pluginId } from "../../protocol/description.ts";
import { activateParams, initializeParams } from "../../protocol/plugin.ts";

const smallest = { protocol: 1, plugin: { name: "min", version: "1.0.0" }, apis: [] };

describe("a description", () => {
  test("needs no more than protocol, name, version and apis", () => {
    expect(description.parse(smallest)).toEqual(smallest);
  });

  test("may have members that this version does not know", () => {
    expect(description.safeParse({ ...smallest, colour: "red" }).success).toBe(true);
  });

  const withApi = (api: object) => ({
    ...smallest,
    apis: [{ name: "min", version: "1.0.0", methods: [], ...api }],
  });
  test.each<[string, object]>([
    ["a version that is not semantic", { ...smallest, plugin: { name: "min", version: "1.0" } }],
    ["a name with capitals", { ...smallest, plugin: { name: "Min", version: "1.0.0" } }],
    ["no apis", { protocol: 1, plugin: smallest.plugin }],
    ["a method with a dot in its name", withApi({ methods: [{ name: "min.min" }] })],
    ["an api with a dot in its name", withApi({ name: "min.max" })],
    [
      "more methods than anybody has",
      withApi({ methods: Array.from({ length: 1025 }, (_, n) => ({ name: `m${n}` })) }),
    ],
    ["params that are no schema", withApi({ methods: [{ name: "min", params: 5 }] })],
    ["a need without a range", { ...smallest, needs: [{ service: "host.log", range: "latest" }] }],
    ["a fractional protocol", { ...smallest, protocol: 1.5 }],
  ])("is refused with %s", (_, value) => {
    expect(description.safeParse(value).success).toBe(false);
  });

  test("gives each method its name on the wire", () => {
    const apis = description.parse(
      withApi({ methods: [{ name: "min", idempotent: true }, { name: "max" }] }),
    ).apis;
    expect([...methodsOf(apis)]).toEqual([
      ["min.min", { name: "min", idempotent: true }],
      ["min.max", { name: "max" }],
    ]);
  });
});

test.each(["min", "todo-scan", "a", "a1-", "constructor"])("%s is a plugin id", (id) => {
  expect(pluginId.safeParse(id).success).toBe(true);
});

test.each(["", "Min", "1min", "-min", "a_b", "a.b", "a/b", "..", "ä", "a b", "a\n", `a${"b".repeat(64)}`])(
  "%j is no plugin id",
  (id) => {
    expect(pluginId.safeParse(id).success).toBe(false);
  },
);

test("the examples of protocol/README.md are what the schemas say", () => {
  const readme = readFileSync(new URL("../../protocol/README.md", import.meta.url), "utf8");
  const examples = [...readme.matchAll(/```json\n([^]*?)```/g)].flatMap(([, text = ""]) => {
    // A block is one message over several lines, or one message a line.
    try {
      return [JSON.parse(text)];
    } catch {
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    }
  });
  const byMethod = (method: string) => examples.find((each) => each.method === method)?.params;
  expect(initializeParams.parse(byMethod("initialize"))).toEqual(byMethod("initialize"));
  expect(activateParams.parse(byMethod("activate"))).toEqual(byMethod("activate"));
  const result = examples.find((each) => each.id === 1 && each.result !== undefined)?.result;
  expect(description.parse(result)).toEqual(result);
});

test("a name that is too long is told so in a sentence's words", () => {
  expect(pluginId.safeParse("a".repeat(65)).error?.issues[0]?.message).toBe("must be at most 64 characters");
});
