import { describe, expect, test } from "vitest";
import { failure, fixture, supervise } from "../helpers/supervisor.ts";

const text = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };

/** The fixture plugin with schemas that its answers do not care for. */
const described = fixture(
  {
    describe: JSON.stringify({
      protocol: 1,
      plugin: { name: "fixture", version: "1.0.0" },
      apis: [
        {
          name: "fixture",
          version: "1.0.0",
          methods: [
            { name: "echo", params: text, result: { ...text, properties: { text: { maxLength: 3 } } } },
            { name: "count", params: { type: "object" }, result: {}, item: { type: "string" } },
            { name: "tag", params: { type: "object" }, result: { $ref: "#/nowhere" } },
          ],
        },
      ],
    }),
  },
  { validate: "relay" },
);

describe("a plugin that is checked on the way", () => {
  test("never sees params that do not fit", async () => {
    const supervisor = await supervise({ one: described });
    const error = await failure(supervisor.call("one/fixture.echo", { text: 5 }));
    expect(error).toMatchObject({ code: "invalid_params", settlement: "not_sent" });
    expect(error.message).toContain("/text: expected string, found number");
    expect(error.data).toMatchObject({ path: "/text" });
  });

  test("has its result refused when that does not fit, and only that", async () => {
    const supervisor = await supervise({ one: described });
    const [wrong, right] = await Promise.all([
      failure(supervisor.call("one/fixture.echo", { text: "long" })),
      supervisor.call("one/fixture.echo", { text: "ok" }),
    ]);
    expect(wrong).toMatchObject({ code: "invalid_result", settlement: "answered" });
    expect(wrong.message).toContain("/text");
    expect(right).toEqual({ text: "ok" });
    expect(supervisor.status("one").state).toBe("serving");
  });

  test("has its stream ended at the first item that does not fit", async () => {
    const supervisor = await supervise({ one: described });
    const stream = supervisor.stream("one/fixture.count", { to: 3 });
    const read = (async () => {
      for await (const item of stream) throw new Error(`got ${JSON.stringify(item)}`);
    })();
    const error = await failure(read);
    expect(error).toMatchObject({ code: "invalid_result" });
    expect(error.message).toContain("item 0 of fixture.count");
  });

  test("is refused, not believed, when its schema is unusable", async () => {
    const supervisor = await supervise({ one: described });
    const error = await failure(supervisor.call("one/fixture.tag", {}));
    expect(error).toMatchObject({ code: "invalid_result" });
    expect(error.message).toContain("the schema is unusable");
  });
});

test("without the setting the supervisor passes values on as they are", async () => {
  const supervisor = await supervise({ one: { ...described, validate: "edges" } });
  expect(await supervisor.call("one/fixture.echo", { text: 5 })).toEqual({ text: 5 });
});

const doubled = (name: string): unknown => ({ allOf: [{ $ref: name }, { $ref: name }] });

describe("a check that takes for ever is given up, and everybody else goes on", () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`n${n}`, doubled(`#/$defs/n${n + 1}`)]),
  );

  test.each<[what: string, schema: Record<string, unknown>, text: unknown]>([
    ["a pattern", { type: "string", pattern: "^(a+)+$" }, `${"a".repeat(40)}!`],
    ["references that double", { $ref: "#/$defs/n0" }, "x"],
    ["all that has to differ", { uniqueItems: true }, Array.from({ length: 200_000 }, (_, n) => n)],
    [
      "a long list against a long list",
      { items: { enum: Array.from({ length: 20_000 }, (_, n) => n) } },
      Array(20_000).fill("x"),
    ],
  ])("%s", async (_, schema, text) => {
    const params = { type: "object", properties: { text: schema }, $defs: { ...$defs, n40: true } };
    const description = {
      protocol: 1,
      plugin: { name: "fixture", version: "1.0.0" },
      apis: [{ name: "fixture", version: "1.0.0", methods: [{ name: "echo", params, result: {} }] }],
    };
    const supervisor = await supervise({
      one: fixture({ describe: JSON.stringify(description) }, { validate: "relay" }),
      two: fixture(),
    });
    const [error, echoed] = await Promise.all([
      failure(supervisor.call("one/fixture.echo", { text })),
      supervisor.call("two/fixture.echo", { n: 1 }),
    ]);
    expect(error).toMatchObject({ code: "invalid_params", settlement: "not_sent" });
    expect(echoed).toEqual({ n: 1 });
  });
});
