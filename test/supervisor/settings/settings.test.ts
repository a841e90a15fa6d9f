/** Plugins' own configurations: checked before a plugin gets them, and changed while it runs. */
import { describe, expect, test } from "vitest";
import { event, failure, fixture, supervise } from "../../helpers/supervisor.ts";

const schema = JSON.stringify({
  type: "object",
  properties: {
    word: { type: "string", default: "hello" },
    count: { type: "integer", minimum: 1 },
    token: { type: "string", minLength: 4, writeOnly: true },
  },
});
const live = { config: schema, configure: "yes" };
const inForce = { word: "hello" };

describe("before a plugin is activated", () => {
  test("defaults are filled in", async () => {
    const supervisor = await supervise({ one: fixture({ config: schema }, { config: { count: 2 } }) });
    expect(await supervisor.call("one/fixture.config")).toEqual({ word: "hello", count: 2 });
    expect(supervisor.spec("one").config).toEqual({ count: 2 });
  });

  test("without a schema everything is handed over as it is", async () => {
    const supervisor = await supervise({ one: fixture({}, { config: { any: [1] } }) });
    expect(await supervisor.call("one/fixture.config")).toEqual({ any: [1] });
  });

  test("what does not fit fails the start for good, with the key", async () => {
    const supervisor = await supervise({ one: fixture({ config: schema }, { config: { cuont: 2 } }) });
    const error = await failure(supervisor.wait("one", "ready"));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain("cuont: unknown key; did you mean count?");
    expect(supervisor.status("one")).toMatchObject({ state: "failed", retryAt: null, generation: 1 });
    const [report] = await supervisor.journal.crashes({});
    expect(report?.cause).toMatchObject({ kind: "start_failure", failure: { detail: { path: "/cuont" } } });
    // Without what it describes, nobody could correct it.
    expect((await supervisor.describe("one")).config).toEqual(JSON.parse(schema));
    await supervisor.configurations.configure("one", { count: 2 });
    expect(await supervisor.call("one/fixture.config")).toMatchObject({ count: 2 });
  });

  test("a secret stands in no message and no report", async () => {
    const supervisor = await supervise({ one: fixture({ config: schema }, { config: { token: "xyz" } }) });
    const { message } = await failure(supervisor.wait("one", "ready"));
    expect(message).toContain("token: does not fit, must be a string of at least 4 characters");
    expect(JSON.stringify(await supervisor.journal.crashes({}))).not.toContain("xyz");
  });

  test.each<[what: string, config: unknown]>([
    ["a reference that leads nowhere", { properties: { a: { $ref: "#/$defs/none" } } }],
    ["a pattern that is none", { properties: { a: { type: "string", pattern: "(", default: "a" } } }],
    ["a default that does not fit", { properties: { a: { type: "integer", default: "a" } } }],
    [
      "a pattern that never ends",
      { properties: { a: { type: "string", pattern: "^(x+)+$", default: `${"x".repeat(60)}!` } } },
    ],
  ])("%s is the plugin's mistake, and costs nobody else anything", async (_what, config) => {
    const supervisor = await supervise({
      one: fixture({ config: JSON.stringify(config) }, { config: _what.includes("nowhere") ? { a: 1 } : {} }),
      two: fixture(),
    });
    expect((await failure(supervisor.wait("one", "ready"))).code).toBe("bad_description");
    expect(await supervisor.call("two/fixture.echo", { a: 1 })).toEqual({ a: 1 });
  });
});

test("a schema that takes for ever to read is given up, with all its values secret", async () => {
  const many = Array.from({ length: 4000 }, (_, index) => [`k${index}`, { $ref: "#/$defs/huge" }]);
  const huge = { items: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`m${index}`, {}])) };
  const hostile = { properties: Object.fromEntries(many), $defs: { huge } };
  const { configurations } = await supervise({});
  expect(() => configurations.settings(hostile)).toThrow("can not be used");
  expect([...configurations.secretsAmong(undefined, ["a"])]).toEqual([]);
  expect(() => configurations.check({ config: hostile }, {})).toThrow("can not be used");
});

describe("a plugin that takes a configuration while it runs", () => {
  test("keeps its process, and the next one gets the new one", async () => {
    const supervisor = await supervise({ one: fixture(live) });
    await supervisor.wait("one", "ready");
    const { pid, generation } = supervisor.status("one");
    const told = event(supervisor, "config.loaded");
    await supervisor.configurations.configure("one", { count: 3 });
    expect(await told).toMatchObject({ changed: ["one"] });
    expect(supervisor.status("one")).toMatchObject({ pid, generation });
    expect(await supervisor.call("one/fixture.config")).toEqual({ word: "hello", count: 3 });
    await supervisor.restart("one");
    expect(await supervisor.call("one/fixture.config")).toEqual({ word: "hello", count: 3 });
  });

  test("is handed it by a changed entry as well, unless more than that changed", async () => {
    const entry = fixture(live, { config: { count: 1 } });
    const supervisor = await supervise({ one: entry });
    await supervisor.wait("one", "ready");
    const spec = supervisor.spec("one");
    const changed = { ...spec, config: { count: 2 } };
    expect(await supervisor.apply([changed], new Map())).toMatchObject({ changed: ["one"], errors: [] });
    expect(supervisor.status("one").generation).toBe(1);
    expect(await supervisor.call("one/fixture.config")).toMatchObject({ count: 2 });
    const replaced = event(
      supervisor,
      "session.state",
      ({ generation, to }) => generation === 1 && to === "gone",
    );
    await supervisor.apply(
      [{ ...changed, config: { count: 3 }, env: { ...spec.env, MORE: "1" } }],
      new Map(),
    );
    await replaced;
    expect(await supervisor.call("one/fixture.config")).toMatchObject({ count: 3 });
  });

  test.each<[what: string, modes: Record<string, string>, config: Record<string, unknown>, message: string]>([
    ["by its schema", live, { count: 0 }, "count: found 0, must be a whole number, at least 1"],
    ["by itself", { ...live, rejects: "rude" }, { word: "rude" }, "/word: not this one"],
    [
      "in its own words",
      { ...live, configure: '{"code":-32603,"message":"no"}' },
      { word: "x" },
      "-32603: no",
    ],
  ])("may refuse: %s", async (_what, modes, config, message) => {
    const supervisor = await supervise({ one: fixture(modes) });
    await supervisor.wait("one", "ready");
    const error = await failure(supervisor.configurations.configure("one", config));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(message);
    const { errors, changed } = await supervisor.apply([{ ...supervisor.spec("one"), config }], new Map());
    expect(changed).toEqual([]);
    expect(errors).toEqual([expect.stringContaining("one: the new configuration is refused")]);
    expect(supervisor.spec("one").config).toEqual({});
    expect(supervisor.status("one")).toMatchObject({ state: "serving", generation: 1 });
    expect(await supervisor.call("one/fixture.config")).toEqual(inForce);
  });

  test.each([
    ["says nothing", { ...live, configure: "never" }],
    ["dies of it", { ...live, configure: "exit" }],
  ])("and %s, is replaced", async (_what, modes) => {
    const supervisor = await supervise({ one: fixture(modes, { timeouts: { handshake: "500ms" } }) });
    await supervisor.wait("one", "ready");
    await supervisor.configurations.configure("one", { word: "other" });
    await supervisor.wait("one", "ready");
    expect(supervisor.status("one").generation).toBeGreaterThan(1);
    expect(await supervisor.call("one/fixture.config")).toEqual({ word: "other" });
  });

  test("has nothing of it in a report", async () => {
    const supervisor = await supervise({ one: fixture(live) });
    await supervisor.wait("one", "ready");
    await supervisor.configurations.configure("one", { token: "hunter2" });
    await supervisor.call("one/fixture.echo", { visible: true });
    await failure(supervisor.call("one/fixture.crash"));
    const [report] = await supervisor.journal.crashes({});
    const messages = JSON.stringify(report?.messages);
    expect(messages).toContain('\\"method\\":\\"configure\\"');
    expect(messages).toContain("visible");
    expect(JSON.stringify(report)).not.toContain("hunter2");
  });
});

describe("any other plugin", () => {
  test("is replaced without dropping a call", async () => {
    const supervisor = await supervise({ one: fixture({ config: schema }) });
    await supervisor.wait("one", "ready");
    const slow = supervisor.call("one/fixture.late", { ms: 100 });
    await supervisor.configurations.configure("one", { word: "other" });
    expect(supervisor.status("one").generation).toBe(2);
    expect(await supervisor.call("one/fixture.config")).toEqual({ word: "other" });
    expect(await slow).toBe("late");
  });

  test("serves on with the old one when it refuses", async () => {
    const supervisor = await supervise({ one: fixture({ config: schema, rejects: "rude" }) });
    await supervisor.wait("one", "ready");
    const { pid } = supervisor.status("one");
    const error = await failure(supervisor.configurations.configure("one", { word: "rude" }));
    expect(error).toMatchObject({ code: "config_invalid", message: "/word: not this one" });
    expect(supervisor.status("one")).toMatchObject({ state: "serving", pid });
    expect(supervisor.spec("one").config).toEqual({});
    expect(await supervisor.call("one/fixture.config")).toEqual(inForce);
  });

  test("that does not run keeps it for its next start", async () => {
    const supervisor = await supervise({
      one: fixture({ config: schema }, { start: "lazy" }),
      two: fixture(),
    });
    await supervisor.configurations.configure("one", { word: "other" });
    expect(supervisor.status("one").state).toBe("idle");
    expect(await supervisor.call("one/fixture.config")).toEqual({ word: "other" });
    await supervisor.stop("two");
    await supervisor.configurations.configure("two", { word: "other" });
    expect(supervisor.status("two").state).toBe("stopped");
  });

  test("of which there is none is said so", async () => {
    const supervisor = await supervise({});
    expect((await failure(supervisor.configurations.configure("one", {}))).code).toBe("plugin_not_found");
    expect(supervisor.configurations.description("one")).toBeNull();
  });
});
