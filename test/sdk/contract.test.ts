import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { description } from "../../protocol/description.ts";
import { todo1 } from "../../protocol/todo.ts";
import { Api, Plugin, plugin } from "../../protocol/sdk/typescript/index.ts";

const clock = {
  name: "clock",
  version: "1.0.0",
  methods: {
    now: {
      description: "The time.",
      params: z.object({ zone: z.string().default("UTC") }),
      result: z.object({ time: z.string() }),
      errors: { no_zone: { description: "There is no such zone." } },
      idempotent: true,
    },
    ticks: { params: z.object({ ms: z.int() }), item: z.int(), result: z.null() },
  },
  groups: {
    alarms: {
      methods: {
        alarm: { params: z.object({}), result: z.null(), progress: z.object({ left: z.int() }) },
        silence: { params: z.object({}), result: z.null() },
      },
    },
  },
  events: {
    adjusted: z.object({ by: z.int() }),
    stopped: { params: z.object({}), description: "It stands still." },
  },
  actions: { show: { method: "now", key: "t" }, ring: { method: "alarm" } },
} as const;

const handlers = {
  now: ({ zone }: { zone: string }) => ({ time: zone }),
  async *ticks({ ms }: { ms: number }) {
    yield ms;
  },
  adjusted: () => {},
  stopped: () => {},
  alarm: undefined,
  silence: undefined,
};

describe("a contract", () => {
  test("is described with all that it says; a group may be left out", () => {
    const api = Api.implementing(clock, handlers);
    expect(api.describe()).toEqual({
      name: "clock",
      version: "1.0.0",
      methods: [
        {
          name: "now",
          description: "The time.",
          params: { type: "object", properties: { zone: { default: "UTC", type: "string" } } },
          result: {
            type: "object",
            properties: { time: { type: "string" } },
            required: ["time"],
            additionalProperties: false,
          },
          errors: [{ code: "no_zone", description: "There is no such zone." }],
          idempotent: true,
        },
        {
          name: "ticks",
          params: expect.objectContaining({ type: "object", required: ["ms"] }),
          result: { type: "null" },
          item: expect.objectContaining({ type: "integer" }),
        },
      ],
      events: [
        { name: "adjusted", params: expect.objectContaining({ required: ["by"] }) },
        { name: "stopped", description: "It stands still.", params: { type: "object", properties: {} } },
      ],
      actions: [{ id: "show", method: "now", key: "t" }],
    });
  });

  test("gives its handlers their types", () => {
    const { stopped: _, ...withoutStopped } = handlers;
    const take = (): void => {
      plugin({ name: "clock", version: "1.0.0" }).implement(clock, {
        now: ({ zone }, call) => {
          expectTypeOf(zone).toEqualTypeOf<string>();
          call.progress({ message: "looking" });
          return { time: zone };
        },
        async *ticks({ ms }) {
          expectTypeOf(ms).toEqualTypeOf<number>();
          yield ms;
          yield { value: ms, cursor: "1" };
        },
        alarm: (_, call) => call.progress({ left: 1 }),
        silence: () => null,
        adjusted: ({ by }) => void expectTypeOf(by).toEqualTypeOf<number>(),
        stopped: async () => {},
      });
      // @ts-expect-error: an event is missing
      Api.implementing(clock, withoutStopped);
      // @ts-expect-error: the result is another
      Api.implementing(clock, { ...handlers, now: () => ({ time: 5 }) });
      Api.implementing(clock, {
        ...handlers,
        // @ts-expect-error: the items are others
        async *ticks() {
          yield "one";
        },
      });
    };
    expectTypeOf(take).returns.toBeVoid();
  });

  test("must be implemented whole", () => {
    const { now: _, ...rest } = handlers;
    // @ts-expect-error: that is the point
    expect(() => Api.implementing(clock, rest)).toThrow("clock.now is not implemented");
    const half = { ...handlers, alarm: () => null };
    expect(() => Api.implementing(clock, half)).toThrow("clock.silence is not implemented");
  });
});

const api = (): Api => new Api("x", "1.0.0");
const nothing = z.object({});

describe("an api is refused when", () => {
  test.each<[why: string, build: () => unknown, message: string]>([
    ["its name is none", () => new Api("X", "1.0.0"), "is no api name"],
    ["a method's name is none", () => api().method("a.b", {}, () => 1), "is no method name"],
    [
      "a method is there twice",
      () =>
        api()
          .method("a", {}, () => 1)
          .method("a", {}, () => 1),
      "there twice",
    ],
    [
      "an event has the name of a method",
      () =>
        api()
          .method("a", {}, () => 1)
          .event("a", nothing, () => {}),
      "there twice",
    ],
    ["an action has no method", () => api().action("a", { method: "b" }), "names no method"],
    [
      "a schema has no JSON Schema",
      () => api().method("a", { result: z.bigint() }, () => 1n),
      "result of x.a",
    ],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
  });

  test("it is offered twice in one version", () => {
    const one = plugin({ name: "p", version: "1.0.0" }).api("x", "1.0.0", () => {});
    expect(() => one.api("x", "1.0.0", () => {})).toThrow("offered twice");
    expect(() => one.api("x", "2.0.0", () => {})).not.toThrow();
  });
});

test("a contract of the host is one for a plugin as well", () => {
  const implementing = plugin({ name: "p", version: "1.0.0" }).implement(todo1, {
    scan: async ({ root, include }) => {
      expectTypeOf(root).toEqualTypeOf<string>();
      expectTypeOf(include).toEqualTypeOf<("todo" | "fixme" | "hack" | "checkbox")[] | undefined>();
      return { items: [], files: 0, skipped: 0, truncated: false };
    },
  });
  expect(implementing).toBeInstanceOf(Plugin);
});

test("what an api says of itself is what the protocol takes", () => {
  const described = { protocol: 1, plugin: { name: "p", version: "1.0.0" } };
  const apis = [Api.implementing(clock, handlers).describe()];
  expect(description.parse({ ...described, apis }).apis).toEqual(apis);
});
