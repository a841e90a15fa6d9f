import { describe, expect, test } from "vitest";
import type { LogLine, SupervisorEvent } from "../../protocol/state.ts";
import { mostWaiting } from "../../src/core/delivery.ts";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const wants = (events: string, more: Parameters<typeof fixture>[1] = {}) => fixture({ events }, more);

async function seen(supervisor: Supervisor, plugin: string): Promise<[string, Record<string, unknown>][]> {
  const { events } = (await supervisor.call(`${plugin}/fixture.seen`)) as {
    events: [string, Record<string, unknown>][];
  };
  return events;
}

/** Resolves when so many have been answered in the plugin's current life. */
async function delivered(supervisor: Supervisor, plugin: string, many: number): Promise<void> {
  const count = () => supervisor.status(plugin).subscriptions?.reduce((sum, each) => sum + each.delivered, 0);
  while (count() !== many) await supervisor.call(`${plugin}/fixture.echo`);
}

const one = (supervisor: Supervisor) => supervisor.status("one").subscriptions?.[0];

describe("an event", () => {
  test("reaches the plugins that want it, in order, and everybody who listens", async () => {
    const supervisor = await supervise({
      one: wants("added,removed"),
      two: wants("added"),
      three: fixture(),
    });
    await Promise.all(["one", "two", "three"].map((id) => supervisor.wait(id, "ready")));
    const told: SupervisorEvent[] = [];
    supervisor.subscribe((each) => told.push(each));
    for (let n = 0; n < 50; n++)
      expect(supervisor.publish("fixture.added", { n })).toEqual({ subscribers: 2 });
    expect(supervisor.publish("fixture.removed")).toEqual({ subscribers: 1 });
    expect(supervisor.publish("fixture.changed")).toEqual({ subscribers: 0 });
    await delivered(supervisor, "one", 51);
    await delivered(supervisor, "two", 50);
    const added = (await seen(supervisor, "one")).filter(([name]) => name === "fixture.added");
    expect(added.map(([, { n }]) => n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(told.filter(({ type }) => type === "plugin.event")).toHaveLength(52);
    expect(told[0]).toMatchObject({
      seq: 0,
      plugin: null,
      event: "fixture.added",
      params: { n: 0 },
      depth: 0,
    });
    expect(await supervisor.journal.events({ limit: 10_000 })).not.toContainEqual(
      expect.objectContaining({ type: "plugin.event" }),
    );
  });

  test("can not be called as a method", async () => {
    const supervisor = await supervise({ one: wants("added") });
    expect(await failure(supervisor.call("one/fixture.added", {}))).toMatchObject({
      code: "method_not_found",
    });
  });

  test.each([
    ["added", {}],
    ["Fixture.added", {}],
    ["fixture.added", { text: "x".repeat(70_000) }],
  ])("called %s, with params that are too much or not, is refused", async (name, params) => {
    const supervisor = await supervise({});
    expect(() => supervisor.publish(name, params)).toThrow(
      expect.objectContaining({ code: "invalid_params" }),
    );
  });

  test("starts a plugin that is idle and known to want it", async () => {
    const supervisor = await supervise({ one: wants("added", { start: "lazy" }) });
    await supervisor.describe("one");
    const idle = event(supervisor, "plugin.state", ({ to }) => to === "stopped");
    await supervisor.stop("one");
    await idle;
    expect(supervisor.publish("fixture.added")).toEqual({ subscribers: 0 });
    const again = await supervise({ one: wants("added", { start: "lazy", idle_stop: "20ms" }) });
    await again.describe("one");
    await event(again, "plugin.state", ({ to }) => to === "idle");
    expect(again.publish("fixture.added", { n: 1 })).toEqual({ subscribers: 1 });
    await event(again, "plugin.state", ({ to }) => to === "serving");
    await delivered(again, "one", 1);
  });

  test("waits while the plugin is restarted", async () => {
    const supervisor = await supervise({ one: wants("added", { restart: { min_delay: "50ms" } }) });
    await supervisor.wait("one", "ready");
    supervisor.publish("fixture.added", { die: true });
    supervisor.publish("fixture.added", { n: 1 });
    const backoff = event(supervisor, "plugin.state", ({ to }) => to === "backoff");
    await backoff;
    supervisor.publish("fixture.added", { n: 2 });
    await supervisor.wait("one", "ready");
    await delivered(supervisor, "one", 2);
    expect((await seen(supervisor, "one")).map(([, { n }]) => n)).toEqual([1, 2]);
  });
});

describe("delivery", () => {
  test("never keeps the publisher, or another plugin, waiting", async () => {
    const supervisor = await supervise({ one: wants("added"), two: wants("added") });
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    supervisor.publish("fixture.added", { n: 0 });
    await delivered(supervisor, "one", 1);
    await delivered(supervisor, "two", 1);
    process.kill(supervisor.status("one").pid ?? 0, "SIGSTOP");
    const many = mostWaiting + 10;
    for (let n = 0; n < many; n++) {
      supervisor.publish("fixture.added", { n });
      await delivered(supervisor, "two", n + 2);
    }
    expect(one(supervisor)).toMatchObject({ state: "on", delivered: 1, dropped: 9 });
    process.kill(supervisor.status("one").pid ?? 0, "SIGCONT");
    await delivered(supervisor, "one", 2 + mostWaiting);
    const numbers = (await seen(supervisor, "one")).map(([, { n }]) => n);
    expect(numbers).toEqual([0, 0, ...Array.from({ length: mostWaiting }, (_, n) => n + 10)]);
  });

  test("has a deadline: three in a row that are not answered in time end it", async () => {
    const supervisor = await supervise({ one: wants("added") });
    await supervisor.wait("one", "ready");
    const ended = event(supervisor, "subscription.ended");
    for (let n = 0; n < 4; n++) supervisor.publish("fixture.added", { hang: true });
    expect((await ended).why).toContain("in time");
    expect(await seen(supervisor, "one")).toHaveLength(3);
  }, 30_000);

  test("ends after three failures in a row, says so, and begins again with the next life", async () => {
    const supervisor = await supervise({ one: wants("added,removed") });
    await supervisor.wait("one", "ready");
    const notes: LogLine[] = [];
    supervisor.onLog((line) => notes.push(line));
    const ended = event(supervisor, "subscription.ended");
    for (const fail of [true, true, false, true, true, true, true])
      supervisor.publish("fixture.added", { fail });
    expect(await ended).toMatchObject({
      plugin: "one",
      event: "fixture.added",
      why: "3 in a row failed, the last one: it was told to fail",
    });
    expect(one(supervisor)).toEqual({
      event: "fixture.added",
      state: "ended",
      failures: 3,
      delivered: 1,
      dropped: 0,
    });
    expect(notes.map(({ text }) => text).join("\n")).toContain("not told of fixture.added any more");
    expect(supervisor.publish("fixture.added")).toEqual({ subscribers: 0 });
    expect(supervisor.publish("fixture.removed")).toEqual({ subscribers: 1 });
    await delivered(supervisor, "one", 2);
    expect(await seen(supervisor, "one")).toHaveLength(7);
    const kept = await supervisor.journal.events({ plugin: "one" });
    expect(kept.filter(({ type }) => type === "subscription.ended")).toHaveLength(1);

    await supervisor.restart("one");
    expect(one(supervisor)).toMatchObject({ state: "on", failures: 0, delivered: 0 });
    expect(supervisor.publish("fixture.added")).toEqual({ subscribers: 1 });
    await delivered(supervisor, "one", 1);
  });
});

describe("a plugin that others keep busy", () => {
  test("is told as soon as it has room, and loses no subscription by that", async () => {
    const supervisor = await supervise({
      one: wants("added", { limits: { in_flight: 4 } }),
      two: fixture({}, { calls: ["one"] }),
    });
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    const params = { target: "one/fixture.late", params: { ms: 500 } };
    const asked = Array.from({ length: 30 }, () =>
      supervisor.call("two/fixture.ask", { method: "host.call", params }),
    );
    // Some of them are too many, and by then there is no room for anything.
    await Promise.any(asked.map(async (each) => expect(await each).toHaveProperty("error")));
    for (let n = 0; n < 5; n++) supervisor.publish("fixture.added", { n });
    expect(one(supervisor)).toMatchObject({ state: "on", failures: 0, delivered: 0 });
    await Promise.all(asked);
    await delivered(supervisor, "one", 5);
    expect(one(supervisor)).toMatchObject({ state: "on", failures: 0, dropped: 0 });
    expect((await seen(supervisor, "one")).map(([, { n }]) => n)).toEqual([0, 1, 2, 3, 4]);
  });
});

const emit = (supervisor: Supervisor, params: object) =>
  supervisor.call("one/fixture.ask", { method: "host.emit", params });

describe("host.emit", () => {
  test("tells the others, and the host, but not the emitter", async () => {
    const supervisor = await supervise({
      one: wants("added", { services: ["host.emit"] }),
      two: wants("added"),
    });
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    const told = event(supervisor, "plugin.event");
    expect(await emit(supervisor, { event: "fixture.added", params: { n: 1 } })).toEqual({ result: null });
    expect(await told).toMatchObject({ plugin: "one", event: "fixture.added", params: { n: 1 }, depth: 0 });
    await delivered(supervisor, "two", 1);
    expect(await seen(supervisor, "one")).toEqual([]);
  });

  test.each([
    [{ event: "added" }, "/event"],
    [{}, "/event"],
    [{ event: "fixture.added", params: [] }, "/params"],
    [{ event: "fixture.added", params: { text: "x".repeat(70_000) } }, "/params"],
  ])("refuses what is no event", async (params, path) => {
    const supervisor = await supervise({ one: wants("added", { services: ["host.emit"] }) });
    expect(await emit(supervisor, params)).toMatchObject({
      error: { code: -32602, data: { path } },
    });
  });

  test.each([
    ["names what it handles", false],
    ["does not", true],
  ])("does not cascade for ever, whether the plugin %s", async (_name, bare) => {
    const supervisor = await supervise({
      one: wants("ping", { services: ["host.emit"] }),
      two: wants("ping", { services: ["host.emit"] }),
    });
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    const depths: number[] = [];
    supervisor.subscribe((each) => void (each.type === "plugin.event" && depths.push(each.depth)));
    const dropped = new Promise<string>((resolve) => {
      supervisor.onLog(({ text }) => text.startsWith("event fixture.ping dropped") && resolve(text));
    });
    supervisor.publish("fixture.ping", { emit: "fixture.ping", bare });
    expect(await dropped).toContain("do not answer an event with one that leads back to it");
    expect(Math.max(...depths)).toBe(3);
    // Both were told, and each told the other, three times over.
    await delivered(supervisor, "one", 4);
    await delivered(supervisor, "two", 4);
    expect(depths).toHaveLength(7);
  });

  test("counts events through calls of other plugins", async () => {
    const supervisor = await supervise({
      one: fixture({}, { services: ["host.emit"] }),
      two: wants("added", { calls: ["one"] }),
    });
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    const told = event(supervisor, "plugin.event", ({ plugin }) => plugin === "one");
    const emission = { method: "host.emit", params: { event: "a.b" } };
    const ask = { method: "host.call", params: { target: "one/fixture.ask", params: emission } };
    supervisor.publish("fixture.added", { ask });
    expect((await told).depth).toBe(1);
  });
});

test("actions are listed as far as plugins are known", async () => {
  const actions = [
    { id: "greet", method: "say", description: "says hello", key: "ctrl+g" },
    { id: "tag", method: "tag" },
  ];
  const supervisor = await supervise({ one: fixture({ actions: JSON.stringify(actions) }), two: fixture() });
  expect(supervisor.actions()).toEqual([]);
  await supervisor.wait("one", "ready");
  const listed = actions.map((action) => ({ plugin: "one", api: "fixture", ...action }));
  expect(supervisor.actions()).toEqual(listed);
  expect(supervisor.actions("one")).toEqual(listed);
  expect(supervisor.actions("two")).toEqual([]);
  expect(() => supervisor.actions("three")).toThrow(expect.objectContaining({ code: "plugin_not_found" }));
});
