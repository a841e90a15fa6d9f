import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { bytes, contract, method, stream } from "../../../protocol/contract.ts";
import type { Api, Method } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { bind, implementing } from "../../../src/client/bind/bind.ts";
import { described, FakeCaller } from "../fake-caller.ts";
import type { FakePlugin } from "../fake-caller.ts";

const todo = contract({
  name: "todo",
  version: "1.2.0",
  methods: {
    scan: method({
      params: z.object({ root: z.string(), depth: z.int().min(0).default(3) }),
      result: z.object({ items: z.array(z.object({ id: z.string() })) }),
      progress: z.object({ done: z.number() }),
      errors: { root_not_found: { data: z.object({ root: z.string() }) } },
      idempotent: true,
    }),
    add: method({ params: z.object({ title: z.string() }), result: z.null() }),
    watch: stream({
      params: z.object({ cursor: z.string().optional() }),
      item: z.object({ n: z.int() }),
      result: z.object({ total: z.int() }),
    }),
  },
  groups: { preview: { methods: { render: method({ result: z.string() }) } } },
});

const object = (properties: object, required = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
});
const methods: Method[] = [
  {
    name: "scan",
    params: object({ root: { type: "string" }, depth: { type: "integer" } }, ["root"]),
    result: object({
      items: { type: "array", items: object({ id: { type: "string" }, extra: true }, ["id"]) },
    }),
    progress: object({ done: { type: "number" } }),
  },
  { name: "add", params: object({ title: { type: "string" } }), result: { type: "null" } },
  {
    name: "watch",
    params: object({ cursor: { type: ["string", "null"] } }, []),
    item: object({ n: { type: "integer" } }),
    result: object({ total: { type: "integer" } }),
  },
];
const render: Method = { name: "render", params: { type: "object" }, result: { type: "string" } };
const api = (changed: Method[] = methods, version = "1.3.0"): Api => ({
  name: "todo",
  version,
  methods: changed,
});
const replaced = (name: string, change: Partial<Method>): Method[] =>
  methods.map((each) => (each.name === name ? { ...each, ...change } : each));

function fake(change: Partial<FakePlugin> = {}): { plugin: FakePlugin; caller: FakeCaller } {
  const plugin: FakePlugin = {
    described: described("f1", api()),
    calls: {
      "todo.scan": (params) => ({ items: [{ id: JSON.stringify(params), extra: 1 }] }),
      "todo.add": () => null,
      "todo.render": () => "<b>",
    },
    streams: {
      "todo.watch": async function* () {
        yield { value: { n: 1 }, cursor: "one" };
        yield { value: { n: 2 } };
        return { total: 2 };
      },
    },
    ...change,
  };
  return { plugin, caller: new FakeCaller({ p: plugin }) };
}

const caught = async (promise: Promise<unknown>): Promise<BulkheadError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BulkheadError);
  return error as BulkheadError;
};

describe("a bound client", () => {
  test("sends what parsing gives, and gives what the contract reads", async () => {
    const { caller } = fake();
    const client = await bind(caller, "p", todo);
    expect(await client.scan({ root: "/" })).toEqual({ items: [{ id: '{"root":"/","depth":3}' }] });
    expect(client.$plugin).toBe("p");
  });

  test("never sends wrong params", async () => {
    const { caller } = fake();
    const client = await bind(caller, "p", todo);
    const error = await caught(client.scan({ root: "/", depth: -1 }));
    expect(error).toMatchObject({ code: "invalid_params", settlement: "not_sent", data: { path: "/depth" } });
    expect(caller.log).toEqual(["describe p"]);
  });

  test("refuses a wrong result, and that call alone", async () => {
    const answers = [{ items: [{ id: "a" }, { id: 5 }] }, { items: [] }];
    const { caller } = fake({ calls: { "todo.scan": () => answers.shift() } });
    const client = await bind(caller, "p", todo);
    const error = await caught(client.scan({ root: "/" }));
    expect(error).toMatchObject({
      code: "invalid_result",
      settlement: "answered",
      data: { path: "/items/1/id" },
    });
    expect(error.message).toContain("p/todo.scan at /items/1/id");
    expect(await client.scan({ root: "/" })).toEqual({ items: [] });
  });

  test("checks progress", async () => {
    const { caller } = fake({
      calls: {
        "todo.scan": (_, { onProgress }) => {
          onProgress?.({ done: 1, more: true });
          onProgress?.({ done: "two" });
          return Promise.withResolvers<unknown>().promise;
        },
      },
    });
    const client = await bind(caller, "p", todo);
    const told = vi.fn();
    const error = await caught(client.scan({ root: "/" }, { onProgress: told }));
    expect(error).toMatchObject({ code: "invalid_result", data: { path: "/done" } });
    expect(told.mock.calls).toEqual([[{ done: 1 }]]);
  });

  test("hands over timeouts and the fingerprint", async () => {
    const scan = vi.fn(() => ({ items: [] }));
    const { caller } = fake({ calls: { "todo.scan": scan } });
    await (await bind(caller, "p", todo)).scan({ root: "/" }, { idleTimeout: 5, timeout: 50 });
    const [, options] = scan.mock.calls[0] as unknown as [unknown, { timeout: number; idleTimeout: number }];
    expect(options).toMatchObject({ idleTimeout: 5, fingerprint: "f1" });
    expect(options.timeout).toBeLessThanOrEqual(50);
  });

  test("cancels with its signal", async () => {
    const { caller } = fake({ calls: { "todo.add": () => Promise.withResolvers<unknown>().promise } });
    const client = await bind(caller, "p", todo);
    const controller = new AbortController();
    const call = caught(client.add({ title: "x" }, { signal: controller.signal }));
    controller.abort();
    expect((await call).code).toBe("cancelled");
  });

  test("tells declared errors apart by their code and data", async () => {
    const data = { code: "root_not_found", root: "/x" };
    const { caller } = fake({
      calls: {
        "todo.scan": () => {
          throw new BulkheadError("root_not_found", "no /x", 4, data);
        },
      },
    });
    const client = await bind(caller, "p", todo);
    const error: unknown = await caught(client.scan({ root: "/x" }));
    expect(client.$isError(error, "scan") && error.data.root).toBe("/x");
    expect(client.$isError(error, "add")).toBe(false);
    expect(client.$isError(new BulkheadError("root_not_found", "", 4, { root: 3 }), "scan")).toBe(false);
    expect(client.$isError(new Error("root_not_found"), "scan")).toBe(false);
  });

  test("cancels what is open when it is disposed of, and refuses what comes", async () => {
    const { caller } = fake({ calls: { "todo.add": () => Promise.withResolvers<unknown>().promise } });
    const client = await bind(caller, "p", todo);
    const open = caught(client.add({ title: "x" }));
    await client[Symbol.asyncDispose]();
    expect((await open).code).toBe("cancelled");
    expect(await caught(client.add({ title: "y" }))).toMatchObject({
      code: "cancelled",
      settlement: "not_sent",
    });
  });

  test("has optional groups where the plugin has them", async () => {
    const without = await bind(fake().caller, "p", todo);
    expect(without.preview).toBeUndefined();
    const withGroup = await bind(
      fake({ described: described("f", api([...methods, render])) }).caller,
      "p",
      todo,
    );
    expect(await withGroup.preview?.render()).toBe("<b>");
  });
});

describe("a contract that does not fit", () => {
  test("fails the binding with every difference", async () => {
    const wrong = replaced("scan", {
      params: object({ root: { type: "integer" } }),
      result: object({ items: { type: "array", items: object({ id: { type: "string" } }, []) } }),
    }).map((each) => (each.name === "add" ? { ...each, name: "ad" } : each));
    const error = await caught(bind(fake({ described: described("f", api(wrong)) }).caller, "p", todo));
    expect(error.code).toBe("contract_mismatch");
    expect(error.message).toBe(
      [
        "p todo 1.3.0 does not fit the contract todo 1.2.0:",
        "  todo.add: the contract says a method, the plugin no such method, but ad; change the plugin",
        '  todo.scan params at /root: the contract says string, the plugin integer (for example {"root":"","depth":0}); change the plugin',
        '  todo.scan result at /items/*/id: the contract says required, the plugin optional (for example {"items":[{}]}); change the plugin',
      ].join("\n"),
    );
    expect(error.data).toMatchObject({
      detail: [{ nearest: "ad" }, { path: "/root" }, { path: "/items/*/id" }],
    });
  });

  test("of another version says what to set", async () => {
    const old = described("f", api(methods, "1.0.0"));
    const error = await caught(bind(fake({ described: old }).caller, "p", todo));
    expect(error.code).toBe("incompatible_api");
    expect(error.message).toContain('set apis = { todo = "^1.2.0" } in [plugins.p]');
    const both = {
      ...described("f", api(methods, "3.0.0"), api()),
      agreed: [{ name: "todo", version: "3.0.0" }],
    };
    expect((await caught(bind(fake({ described: both }).caller, "p", todo))).message).toContain(
      "to choose 1.3.0",
    );
  });

  test("what can not be told is a warning", async () => {
    const vague = replaced("add", {
      result: { type: "null", not: { const: 3 } },
      params: { type: "object", minProperties: 1 },
    });
    const onWarning = vi.fn();
    const { caller } = fake({ described: described("f", api(vague)) });
    const client = await bind(caller, "p", todo, { onWarning });
    expect(client.$warnings).toMatchObject([{ kind: "cannot_tell", method: "add", direction: "params" }]);
    expect(onWarning).toHaveBeenCalledTimes(1);
  });
});

describe("another generation of the plugin", () => {
  test("is compared once for all calls, which then go through", async () => {
    const { caller, plugin } = fake();
    const client = await bind(caller, "p", todo);
    plugin.described = described("f2", api([...methods, render]));
    await Promise.all([client.add({ title: "a" }), client.add({ title: "b" }), client.add({ title: "c" })]);
    expect(caller.log.filter((each) => each.startsWith("describe"))).toHaveLength(2);
    expect(caller.log.filter((each) => each.startsWith("call"))).toHaveLength(3);
    expect(client.preview).toBeDefined();
  });

  test("that does not fit fails all calls, until one fits again", async () => {
    const { caller, plugin } = fake();
    const client = await bind(caller, "p", todo);
    plugin.described = described("f2", api(methods.slice(1)));
    expect((await caught(client.add({ title: "a" }))).code).toBe("contract_mismatch");
    expect((await caught(client.scan({ root: "/" }))).code).toBe("contract_mismatch");
    plugin.described = described("f3", api());
    expect(await client.add({ title: "a" })).toBeNull();
  });

  test("each time anew is given up", async () => {
    const { caller, plugin } = fake();
    const client = await bind(caller, "p", todo);
    let n = 0;
    Object.defineProperty(plugin, "described", { get: () => described(`f${n++}`, api()) });
    expect((await caught(client.add({ title: "a" }))).code).toBe("contract_changed");
  });

  test("opens a stream again that had not begun", async () => {
    const { caller, plugin } = fake();
    const client = await bind(caller, "p", todo);
    plugin.described = described("f2", api());
    const items: unknown[] = [];
    for await (const item of client.watch()) items.push(item);
    expect(items).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

const crashing = (failures: BulkheadError[]) => {
  const scan = vi.fn(() => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return { items: [] };
  });
  return { scan, ...fake({ calls: { "todo.scan": scan, "todo.add": scan } }) };
};
const crash = () => BulkheadError.of("plugin_crashed", "it died", { settlement: "maybe_executed" });
const backoff = () => BulkheadError.of("plugin_unavailable", "soon", { retryAfterMs: 1 });

describe("a retry after a crash", () => {
  test("happens once, when it is asked for and the method is idempotent", async () => {
    const { caller, scan } = crashing([crash(), backoff(), backoff()]);
    const client = await bind(caller, "p", todo, { retry: true });
    expect(await client.scan({ root: "/" })).toEqual({ items: [] });
    expect(scan).toHaveBeenCalledTimes(4);
  });

  test("and not twice", async () => {
    const { caller, scan } = crashing([crash(), crash()]);
    const client = await bind(caller, "p", todo);
    expect((await caught(client.scan({ root: "/" }, { retry: true }))).code).toBe("plugin_crashed");
    expect(scan).toHaveBeenCalledTimes(2);
  });

  test("not without being asked, not where it may do harm, not of an answer", async () => {
    for (const [options, name, failure] of [
      [{}, "scan", crash()],
      [{ retry: true }, "add", crash()],
      [{ retry: true }, "scan", new BulkheadError("mine", "no", 4, {})],
    ] as const) {
      const { caller, scan } = crashing([failure]);
      const client = await bind(caller, "p", todo, options);
      await caught(name === "scan" ? client.scan({ root: "/" }) : client.add({ title: "x" }));
      expect(scan).toHaveBeenCalledTimes(1);
    }
  });
});

describe("a typed stream", () => {
  test("gives items, cursors and the answer", async () => {
    const { caller } = fake();
    const client = await bind(caller, "p", todo);
    const watched = client.watch({ cursor: "x" }, { credit: 2 });
    const entries: unknown[] = [];
    for await (const entry of watched.entries()) entries.push(entry);
    expect(entries).toEqual([
      { seq: 0, value: { n: 1 }, cursor: "one" },
      { seq: 1, value: { n: 2 } },
    ]);
    expect(await watched.result).toEqual({ total: 2 });
    expect(caller.log).toContain('stream p/todo.watch {"cursor":"x"} credit 2');
  });

  test("leaving the loop cancels it", async () => {
    const { caller } = fake();
    const watched = (await bind(caller, "p", todo)).watch();
    for await (const { n } of watched) if (n === 1) break;
    expect(caller.log.at(-1)).toBe("end p/todo.watch");
    expect((await caught(watched.result)).code).toBe("cancelled");
  });

  test("fails at the first wrong item", async () => {
    const { caller } = fake({
      streams: {
        "todo.watch": async function* () {
          yield { value: { n: 1 } };
          yield { value: { n: "two" } };
          return null;
        },
      },
    });
    const watched = (await bind(caller, "p", todo)).watch();
    const seen: unknown[] = [];
    const read = (async () => {
      for await (const item of watched) seen.push(item);
    })();
    const error = await caught(read);
    expect(error).toMatchObject({ code: "invalid_result", data: { path: "/n" } });
    expect(error.message).toContain("item 1 of p/todo.watch");
    expect(await caught(watched.result)).toBe(error);
    expect(seen).toEqual([{ n: 1 }]);
    expect(caller.log.at(-1)).toBe("end p/todo.watch");
  });

  test("never sends wrong params, and can be read once", async () => {
    const { caller } = fake();
    const client = await bind(caller, "p", todo);
    const wrong = client.watch({ cursor: 3 as unknown as string });
    expect((await caught(wrong[Symbol.asyncIterator]().next())).code).toBe("invalid_params");
    expect(caller.log).toEqual(["describe p"]);
    const once = client.watch();
    once.entries();
    expect(() => once.entries()).toThrow("read already");
  });

  test("ends with its scope, read or not", async () => {
    const { caller } = fake({
      streams: {
        "todo.watch": async function* () {
          yield { value: { n: 1 } };
          await Promise.withResolvers<void>().promise;
          return null;
        },
      },
    });
    const client = await bind(caller, "p", todo);
    await client.watch()[Symbol.asyncDispose]();
    const watched = client.watch();
    const items = watched[Symbol.asyncIterator]();
    expect(await items.next()).toEqual({ done: false, value: { n: 1 } });
    const next = caught(items.next());
    await client[Symbol.asyncDispose]();
    expect((await next).code).toBe("cancelled");
    expect((await caught(client.watch()[Symbol.asyncIterator]().next())).code).toBe("cancelled");
  });
});

test("implementing finds every plugin that offers the api, and says why one does not fit", async () => {
  const { plugin } = fake();
  const caller = new FakeCaller({
    good: plugin,
    other: { described: described("f", { name: "text", version: "1.0.0", methods: [] }) },
    wrong: { described: described("f", api(methods.slice(1))) },
    old: { described: described("f", api(methods, "1.0.0")) },
  });
  vi.spyOn(caller, "plugins").mockResolvedValue(["good", "other", "wrong", "old", "gone"]);
  const found = await implementing(caller, todo);
  expect([...found.keys()]).toEqual(["good"]);
  expect([...found.mismatched].map(([id, { code }]) => [id, code])).toEqual([
    ["wrong", "contract_mismatch"],
    ["old", "incompatible_api"],
  ]);
  expect([...found.undescribed.keys()]).toEqual(["gone"]);
  expect(await found.get("good")?.add({ title: "x" })).toBeNull();
  await found[Symbol.asyncDispose]();
  expect((await caught(found.get("good")?.add({ title: "x" }) ?? Promise.resolve())).code).toBe("cancelled");
});

describe("an operation with bytes", () => {
  const image = contract({
    name: "todo",
    version: "1.2.0",
    methods: {
      turn: method({
        params: z.object({ image: bytes() }),
        result: z.object({ image: bytes(), name: z.string() }),
      }),
      add: method({ params: z.object({ title: z.string() }), result: z.null() }),
      rows: stream({ params: z.object({ image: bytes() }), item: bytes(), result: bytes() }),
    },
  });
  const text = { type: "string", contentEncoding: "base64" };
  const params = object({ image: text });
  const offered: Method[] = [
    { name: "turn", params, result: object({ image: text, name: { type: "string" } }) },
    ...replaced("add", {}).filter(({ name }) => name === "add"),
    { name: "rows", params, item: text, result: text },
  ];
  const one = new Uint8Array([1]);

  const client = async (change: Partial<FakePlugin>) =>
    bind(fake({ described: described("f", api(offered)), ...change }).caller, "p", image);

  test("asks for bulk data, with the very bytes that it was given, and no other operation does", async () => {
    const told: unknown[] = [];
    const note = (given: unknown, { bulk }: { readonly bulk?: boolean | undefined }) =>
      told.push([given, bulk]);
    const bound = await client({
      calls: {
        "todo.turn": (given, options) => {
          note(given, options);
          return { image: one, name: "x" };
        },
        "todo.add": (given, options) => {
          note(given, options);
          return null;
        },
      },
      streams: {
        "todo.rows": async function* (given, options) {
          note(given, options);
          yield { value: "AQ==" };
          return one;
        },
      },
    });
    const { image: turned } = await bound.turn({ image: one });
    expect(turned).toBe(one);
    await bound.add({ title: "a" });
    const rows = bound.rows({ image: one });
    for await (const row of rows) expect(row).toStrictEqual(one);
    expect(await rows.result).toBe(one);
    expect(told).toEqual([
      [{ image: one }, true],
      [{ title: "a" }, false],
      [{ image: one }, true],
    ]);
    expect((told as [{ image: Uint8Array }][])[0]?.[0].image).toBe(one);
  });

  test("takes base64 text for bytes, and bytes for text", async () => {
    const bound = await client({ calls: { "todo.turn": () => ({ image: "AQ==", name: one }) } });
    expect(await bound.turn({ image: one })).toStrictEqual({ image: one, name: "AQ==" });
  });

  test("refuses what is neither, with the place", async () => {
    const bound = await client({ calls: { "todo.turn": () => ({ image: "?", name: "x" }) } });
    expect(await caught(bound.turn({ image: one }))).toMatchObject({
      code: "invalid_result",
      data: { path: "/image" },
    });
    expect(await caught(bound.turn({ image: 5 as unknown as Uint8Array }))).toMatchObject({
      code: "invalid_params",
      data: { path: "/image" },
    });
  });
});
