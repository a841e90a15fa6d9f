import { describe, expect, test } from "vitest";
import type { LogLine } from "../../../protocol/state.ts";
import type { Supervisor } from "../../../src/supervisor/supervisor.ts";
import { event, failure, fixture, supervise } from "../../helpers/supervisor.ts";

/** What the plugin was answered when it asked its host. */
interface Told {
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data: { readonly code: string; readonly detail?: unknown };
  };
}

const ask = async (
  supervisor: Supervisor,
  method: string,
  params?: unknown,
  more: object = {},
): Promise<Told> => (await supervisor.call("one/fixture.ask", { method, params, ...more })) as Told;

const granted = (...services: string[]) => supervise({ one: fixture({}, { services }) });

describe("a plugin", () => {
  test("that was granted nothing is told which key would change that", async () => {
    const supervisor = await supervise({ one: fixture() });
    const { error } = await ask(supervisor, "host.storage.get", { key: "a" });
    expect(error).toMatchObject({ code: -31950, data: { code: "service_not_granted" } });
    expect(error?.message).toContain('add "host.storage" to services = [...] of [plugins.one]');
  });

  test("may ask for the methods of what it was granted, and for nothing beside it", async () => {
    const supervisor = await granted("host.storage.get", "todo");
    expect(await ask(supervisor, "host.storage.get", { key: "a" })).toEqual({ result: {} });
    expect((await ask(supervisor, "host.storage.set", { key: "a", value: 1 })).error?.data.code).toBe(
      "service_not_granted",
    );
    expect((await ask(supervisor, "host.log", {})).error?.data.code).toBe("service_not_granted");
    expect((await ask(supervisor, "todos.query", {})).error?.data.code).toBe("service_not_granted");
    expect((await ask(supervisor, "todo.query", {})).error?.data.code).toBe("service_unavailable");
  });

  test("is told what it was granted, and how many calls may come", async () => {
    const early = fixture({ early: "host.log" }, { services: ["host.log"], limits: { in_flight: 4 } });
    const supervisor = await supervise({ one: early });
    const { events } = (await supervisor.call("one/fixture.seen")) as { events: Told[] };
    expect(events[0]?.error).toMatchObject({ code: -32600, data: { code: "invalid_request" } });
  });

  test("that asks for a method that no service has is told the near miss", async () => {
    const supervisor = await granted("host.storage");
    const { error } = await ask(supervisor, "host.storage.got", { key: "a" });
    expect(error).toMatchObject({ code: -32601 });
    expect(error?.message).toContain("did you mean host.storage.get?");
  });

  test("gets a bad ctx back", async () => {
    const supervisor = await granted("host.storage");
    expect((await ask(supervisor, "host.storage.get", { key: "a" }, { ms: -1 })).error?.data.code).toBe(
      "invalid_params",
    );
  });
});

const needs = (...list: object[]) => ({ needs: JSON.stringify(list) });

describe("what a plugin needs", () => {
  test.each([
    ["is not granted", { service: "host.log", range: "^1.0.0" }, [], 'add "host.log" to services'],
    ["is granted in part", { service: "todo", range: "*" }, ["todo.query"], 'add "todo" to services'],
    ["is newer than the host", { service: "host.log", range: "^2.0.0" }, ["host.log"], "has 1.0.0 of it"],
    ["is not there", { service: "host.mail", range: "*" }, ["host.mail"], "has no such service"],
    ["is other plugins", { service: "host.call", range: "*" }, [], "calls = [...]"],
  ])("and %s keeps it from starting, for good", async (_name, need, services, told) => {
    const supervisor = await supervise({ one: fixture(needs(need), { services }) });
    await failure(supervisor.wait("one", "ready"));
    const { state, error } = supervisor.status("one");
    expect([state, error?.code]).toEqual(["failed", "service_not_granted"]);
    expect(error?.message).toContain(told);
  });

  test("and is granted, or optional, does not", async () => {
    const list = [
      { service: "todo.query", range: "^3.0.0" },
      { service: "host.log", range: "^1.0.0", optional: true },
      { service: "host.mail", range: "*", optional: true },
    ];
    const supervisor = await supervise({ one: fixture(needs(...list), { services: ["todo"] }) });
    expect((await supervisor.wait("one", "ready")).state).toBe("serving");
  });
});

describe("host.log", () => {
  test("is a line of the plugin's log, with its level and its fields", async () => {
    const supervisor = await granted("host.log");
    const lines: LogLine[] = [];
    supervisor.onLog((line) => lines.push(line));
    const params = { level: "warn", msg: "low on milk\nand bread", fields: { left: 1 } };
    expect(await ask(supervisor, "host.log", params)).toEqual({ result: null });
    expect(lines.filter(({ level }) => level === "warn").map(({ text }) => text)).toEqual([
      "low on milk",
      'and bread {"left":1}',
    ]);
  });

  test("cuts what is longer than a line may be", async () => {
    const supervisor = await granted("host.log");
    const lines: LogLine[] = [];
    supervisor.onLog((line) => lines.push(line));
    await ask(supervisor, "host.log", { level: "info", msg: "ä".repeat(40_000) });
    const text = lines.find(({ level }) => level === "info")?.text ?? "";
    expect(text).toMatch(/^ä{32768} … \[14464 bytes cut\]$/);
  });

  test("says what is wrong with its params", async () => {
    const supervisor = await granted("host.log");
    const { error } = await ask(supervisor, "host.log", { level: "loud", msg: "" });
    expect(error).toMatchObject({ code: -32602, data: { path: "/level" } });
  });
});

const pair = (calls: string[]) => supervise({ one: fixture({}, { calls }), two: fixture({ tag: "2" }) });
const target = (method: string) => ({ target: `two/fixture.${method}`, params: {} });

describe("host.call", () => {
  test("reaches a plugin that the configuration names, or one method of it", async () => {
    expect(await ask(await pair(["two"]), "host.call", target("tag"))).toEqual({ result: "2" });
    const supervisor = await pair(["two/fixture.tag"]);
    expect(await ask(supervisor, "host.call", target("tag"))).toEqual({ result: "2" });
    const { error } = await ask(supervisor, "host.call", target("echo"));
    expect(error?.data.code).toBe("service_not_granted");
    expect(error?.message).toContain('add "two/fixture.echo" to calls = [...] of [plugins.one]');
  });

  test("passes params, results and errors on as they are", async () => {
    const supervisor = await pair(["two"]);
    const params = { list: [1, "ü", null], big: 9007199254740991 };
    const echoed = await ask(supervisor, "host.call", { target: "two/fixture.echo", params });
    expect(echoed).toEqual({ result: params });
    const code = { target: "two/fixture.code", params: { code: 7 } };
    expect((await ask(supervisor, "host.call", code)).error).toMatchObject({
      code: 7,
      data: { code: "own_code" },
    });
    expect((await ask(supervisor, "host.call", target("tagg"))).error?.data.code).toBe("method_not_found");
    expect((await ask(supervisor, "host.call", target("count"))).error?.data.code).toBe("stream_required");
  });

  test.each([
    [{}, "/target"],
    [{ target: "two" }, "/target"],
    [{ target: 7 }, "/target"],
    [{ target: "two/fixture.echo", params: 1 }, "/params"],
  ])("refuses %j", async (params, path) => {
    const { error } = await ask(await pair(["two"]), "host.call", params);
    expect(error).toMatchObject({ code: -32602, data: { path } });
  });

  test("is cancelled by the plugin that made it", async () => {
    const supervisor = await pair(["two"]);
    const { error } = await ask(supervisor, "host.call", target("hang"), { cancel: true });
    expect(error?.data.code).toBe("cancelled");
  });
});

interface Link {
  readonly ctx?: { readonly ms?: number; readonly hops?: number };
  readonly inner?: { readonly result?: Link; readonly error?: { readonly data: { readonly code: string } } };
}

const ring = (in_flight = 4096) =>
  supervise({
    one: fixture({}, { calls: ["one", "two"], limits: { in_flight } }),
    two: fixture({}, { calls: ["one", "two"], limits: { in_flight } }),
  });

describe("a chain of calls", () => {
  test("has less time with every link, and counts them", async () => {
    const supervisor = await ring();
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    const path = ["two", "one"];
    const first = (await supervisor.call(
      "one/fixture.chain",
      { path, wait: 20 },
      { timeout: 10_000 },
    )) as Link;
    const second = first.inner?.result;
    const third = second?.inner?.result;
    const times = [first, second, third].map((link) => link?.ctx?.ms ?? 0);
    expect(times[0]).toBe(10_000);
    expect(times[1]).toBeLessThan(9990);
    expect(times[2]).toBeLessThan((times[1] ?? 0) - 10);
    expect([first, second, third].map((link) => link?.ctx?.hops)).toEqual([undefined, 1, 2]);
  });

  test("ends with what a link allows, if that is less", async () => {
    const supervisor = await ring();
    const link = (await supervisor.call(
      "one/fixture.chain",
      { path: ["two"], ms: 500 },
      { timeout: 10_000 },
    )) as Link;
    expect(link.inner?.result?.ctx?.ms).toBeLessThanOrEqual(500);
  });

  test("that outlives its beginning is cancelled to its end", async () => {
    const supervisor = await ring();
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    const params = { path: ["two"], wait: "forever" };
    expect(await failure(supervisor.call("one/fixture.chain", params, { timeout: 100 }))).toMatchObject({
      code: "timeout",
    });
    const { cancelled } = (await supervisor.call("two/fixture.seen")) as { cancelled: unknown[] };
    expect(cancelled).toHaveLength(1);
  });

  test("is cancelled with the call that it is part of", async () => {
    const supervisor = await ring();
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    const abort = new AbortController();
    const call = supervisor.call(
      "one/fixture.chain",
      { path: ["two"], wait: "forever" },
      { signal: abort.signal },
    );
    while (supervisor.status("two").calls.inFlight === 0) await supervisor.call("one/fixture.echo");
    // It has arrived when what came behind it is answered.
    await supervisor.call("two/fixture.echo");
    abort.abort();
    expect(await failure(call)).toMatchObject({ code: "cancelled" });
    const { cancelled } = (await supervisor.call("two/fixture.seen")) as { cancelled: unknown[] };
    expect(cancelled).toHaveLength(1);
  });

  test("is refused after eight hops, and names the last link", async () => {
    const supervisor = await ring();
    const path = Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? "two" : "one"));
    let link = (await supervisor.call("one/fixture.chain", { path })) as Link | undefined;
    let links = 0;
    let end: string | undefined;
    for (; link !== undefined; link = link.inner?.result) {
      links++;
      end = link.inner?.error?.data.code;
    }
    expect([links, end]).toEqual([9, "too_many_hops"]);
  });

  test.each([
    ["no parent", null],
    ["a parent that there never was", 999_999],
    ["a parent of another kind", "seven"],
  ])("is no shorter for a plugin that names %s", async (_name, parent) => {
    const supervisor = await ring();
    const params = { method: "host.call", params: { target: "two/fixture.context" }, parent };
    const chain = { method: "host.call", params: { target: "one/fixture.ask", params } };
    const told = (await supervisor.call("two/fixture.ask", chain)) as { result: Told };
    expect(told.result.result).toMatchObject({ hops: 2 });
  });

  test("that is a circle of full windows settles, every call of it", async () => {
    const supervisor = await ring(4);
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    const began = performance.now();
    const calls = ["one", "two"].flatMap((first) => {
      const [next, other] = first === "one" ? ["two", "one"] : ["one", "two"];
      return [1, 2, 3, 4].map(() => supervisor.call(`${first}/fixture.cycle`, { next, other }));
    });
    const codes = (await Promise.all(calls)).map((answer) => (answer as { code: string }).code);
    expect(codes).toHaveLength(8);
    expect(codes.filter((code) => code !== "too_many_hops" && code !== "plugin_busy")).toEqual([]);
    // Not by their deadlines, which are 30 s away.
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await supervisor.call("one/fixture.echo", { still: "there" })).toEqual({ still: "there" });
    expect([supervisor.status("one").generation, supervisor.status("two").generation]).toEqual([1, 1]);
  });
});

describe("a service of the embedding program", () => {
  test("answers plugins, and calls others on their behalf", async () => {
    const supervisor = await supervise({ one: fixture({}, { services: ["todo"] }), two: fixture() });
    const seen: unknown[] = [];
    const service = await supervisor.provide("todo", {
      query: (params, { plugin }) => {
        seen.push(params, plugin);
        return [{ title: "milk" }];
      },
      nested: (_params, { caller }) => caller.call("two/fixture.context"),
      nothing: () => undefined,
      broken: () => {
        throw new TypeError("the store is gone");
      },
    });
    expect(await ask(supervisor, "todo.query", { done: false })).toEqual({ result: [{ title: "milk" }] });
    expect(seen).toEqual([{ done: false }, "one"]);
    expect(await ask(supervisor, "todo.nothing")).toEqual({ result: null });
    const nested = (await supervisor.call(
      "one/fixture.ask",
      { method: "todo.nested" },
      { timeout: 9000 },
    )) as { result: { ms: number; hops: number } };
    expect(nested.result.hops).toBe(2);
    expect(nested.result.ms).toBeLessThanOrEqual(9000);
    const broken = await ask(supervisor, "todo.broken");
    expect(broken.error).toMatchObject({ code: -32603, message: "the store is gone" });
    expect(JSON.stringify(broken)).not.toContain("services.test");
    expect((await ask(supervisor, "todo.other")).error?.data.code).toBe("method_not_found");
    expect((await ask(supervisor, "todo")).error?.data.code).toBe("method_not_found");

    expect(await failure(supervisor.provide("todo", {}))).toMatchObject({ code: "service_taken" });
    await service[Symbol.asyncDispose]();
    expect((await ask(supervisor, "todo.query")).error?.data.code).toBe("service_unavailable");
    expect(await failure(supervisor.provide("host", {}))).toMatchObject({ code: "invalid_params" });
  });

  test("that does not answer is given up with the call that it is part of", async () => {
    const supervisor = await supervise({ one: fixture({}, { services: ["todo"] }) });
    await supervisor.wait("one", "ready");
    const aborted = Promise.withResolvers<void>();
    await supervisor.provide("todo", {
      wait: (_params, { signal }) =>
        new Promise(() => signal.addEventListener("abort", () => aborted.resolve())),
    });
    const call = supervisor.call("one/fixture.ask", { method: "todo.wait" }, { timeout: 100 });
    // Both end at the same time: the plugin may just manage to pass that on.
    expect(JSON.stringify(await call.catch((error: unknown) => error))).toContain("timeout");
    await aborted.promise;
    const told = await ask(supervisor, "todo.wait", {}, { ms: 50 });
    expect(told.error?.data.code).toBe("timeout");
  });

  test("is not asked any more when the plugin that asks dies", async () => {
    const supervisor = await supervise({
      one: fixture({}, { services: ["todo"], restart: { when: "never" } }),
    });
    await supervisor.wait("one", "ready");
    const asked = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    await supervisor.provide("todo", {
      wait: (_params, { signal }) => {
        asked.resolve();
        return new Promise(() => signal.addEventListener("abort", () => aborted.resolve()));
      },
    });
    const crashed = event(supervisor, "session.crash");
    const call = failure(supervisor.call("one/fixture.ask", { method: "todo.wait" }));
    await asked.promise;
    process.kill(supervisor.status("one").pid ?? 0, "SIGKILL");
    await aborted.promise;
    expect((await call).code).toBe("plugin_crashed");
    await crashed;
  });
});
