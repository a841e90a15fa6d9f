import { describe, expect, test } from "vitest";
import type { ItemStream, StreamItem } from "../../protocol/caller.ts";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

/** The first items of a stream. Does not leave it. */
async function take(stream: AsyncIterator<StreamItem>, count: number): Promise<StreamItem[]> {
  const items: StreamItem[] = [];
  for (let n = 0; n < count; n++) {
    const { done, value } = await stream.next();
    if (done === true) break;
    items.push(value);
  }
  return items;
}

async function all(stream: ItemStream): Promise<StreamItem[]> {
  const items: StreamItem[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const iterate = (stream: ItemStream): AsyncIterator<StreamItem> => stream[Symbol.asyncIterator]();

interface Seen {
  readonly open: number;
  readonly left: number;
  readonly sent: number;
}

/** What the plugin itself knows of its streams. */
async function seenBy(supervisor: Supervisor): Promise<Seen> {
  return (await supervisor.call("one/fixture.streams")) as Seen;
}

describe("a stream", () => {
  test("brings every item in order, with its cursor, and then the answer", async () => {
    const supervisor = await supervise({ one: fixture() });
    const stream = supervisor.stream("one/fixture.count", { to: 300 });
    const items = await all(stream);
    expect(items).toEqual(
      Array.from({ length: 300 }, (_, n) => ({ seq: n, value: { n }, cursor: String(n + 1) })),
    );
    expect(await stream.result).toEqual({ counted: 300 });
  });

  test("goes on from a cursor", async () => {
    const supervisor = await supervise({ one: fixture() });
    const [first] = await all(supervisor.stream("one/fixture.count", { to: 1 }));
    const [next] = await all(supervisor.stream("one/fixture.count", { to: 2, cursor: first?.cursor }));
    expect(next).toEqual({ seq: 0, value: { n: 1 }, cursor: "2" });
  });

  test("holds the plugin back while its reader is slow", async () => {
    const supervisor = await supervise({ one: fixture() });
    const stream = iterate(supervisor.stream("one/fixture.count", {}, { credit: 4 }));
    await take(stream, 1);
    expect(await seenBy(supervisor)).toMatchObject({ sent: 4 });
    // Half of the credit is read: as much is given back.
    await take(stream, 1);
    expect(await seenBy(supervisor)).toMatchObject({ sent: 6 });
    await stream.return?.();
  });

  test("rests its idle deadline while there is no credit, and starts it again with the next", async () => {
    const supervisor = await supervise({ one: fixture() });
    await supervisor.wait("one", "ready");
    const bounds = { credit: 1, idleTimeout: 400 };
    const stream = iterate(supervisor.stream("one/fixture.count", { to: 3, hang: true }, bounds));
    const [first] = await take(stream, 1);
    // A call of the plugin that takes longer than the stream may be idle: the second item waits to be read.
    await supervisor.call("one/fixture.late", { ms: 1200 });
    const [second, third] = await take(stream, 2);
    expect([first, second, third].map((item) => item?.value)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    // All are read, credit is there, and the plugin does not answer.
    await expect(stream.next()).rejects.toMatchObject({
      code: "timeout",
      data: { detail: { timeout: "idle" } },
    });
  });

  test("that is left is cancelled in the plugin", async () => {
    const supervisor = await supervise({ one: fixture() });
    const stream = supervisor.stream("one/fixture.count", {});
    for await (const { seq } of stream) if (seq === 10) break;
    expect(await failure(stream.result)).toMatchObject({ code: "cancelled" });
    expect(await seenBy(supervisor)).toMatchObject({ open: 0, left: 1 });
    expect(supervisor.status("one").calls.inFlight).toBe(0);
  });

  test("that is disposed of is cancelled in the plugin", async () => {
    const supervisor = await supervise({ one: fixture() });
    {
      await using stream = supervisor.stream("one/fixture.count", {});
      await take(iterate(stream), 1);
    }
    expect(await seenBy(supervisor)).toMatchObject({ open: 0, left: 1 });
  });

  test("ends with its caller's signal, after the items that had come", async () => {
    const supervisor = await supervise({ one: fixture() });
    const abort = new AbortController();
    const options = { credit: 3, signal: abort.signal };
    const stream = iterate(supervisor.stream("one/fixture.count", {}, options));
    await take(stream, 1);
    await seenBy(supervisor);
    abort.abort();
    expect((await take(stream, 2)).map(({ seq }) => seq)).toEqual([1, 2]);
    await expect(stream.next()).rejects.toMatchObject({ code: "cancelled" });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("that a crash ends rejects after the items that came, with the report", async () => {
    const supervisor = await supervise({ one: fixture() });
    const stream = supervisor.stream("one/fixture.count", { crashAt: 5 });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const { value } of stream) seen.push(value);
    })();
    const error = await failure(reading);
    expect(error).toMatchObject({ code: "plugin_crashed", settlement: "maybe_executed" });
    expect(error.report).toMatch(/^one-1-/);
    expect(seen).toEqual([0, 1, 2, 3, 4].map((n) => ({ n })));
    expect(await failure(stream.result)).toMatchObject({ report: error.report });
  });

  test("waits for a start with its credit, like any call", async () => {
    const supervisor = await supervise({ one: fixture({}, { start: "lazy" }) });
    const items = await all(supervisor.stream("one/fixture.count", { to: 5 }, { credit: 2 }));
    expect(items).toHaveLength(5);
  });

  test("remembers credit that is granted before there is a plugin", async () => {
    const supervisor = await supervise({ one: fixture() });
    const seen = Promise.withResolvers<void>();
    let count = 0;
    const onItem = (): void => {
      if (++count === 5) seen.resolve();
    };
    const abort = new AbortController();
    const options = { credit: 2, onItem, signal: abort.signal };
    const call = supervisor.route("one/fixture.count", undefined, options, () => undefined);
    expect(supervisor.status("one").state).toBe("starting");
    call.grant(3);
    await seen.promise;
    expect(await seenBy(supervisor)).toMatchObject({ sent: 5 });
    abort.abort();
  });

  test("of a method that sends no items is its answer alone", async () => {
    const supervisor = await supervise({ one: fixture() });
    const stream = supervisor.stream("one/fixture.echo", { a: 1 });
    expect(await all(stream)).toEqual([]);
    expect(await stream.result).toEqual({ a: 1 });
  });

  test("is read once", async () => {
    const supervisor = await supervise({ one: fixture() });
    const stream = supervisor.stream("one/fixture.count", { to: 1 });
    await all(stream);
    await expect(all(stream)).rejects.toThrow("a stream is iterated once");
  });

  test.each([0, -1, 1.5, NaN, 65_537])("with a credit of %d fails as a wrong param", async (credit) => {
    const supervisor = await supervise({ one: fixture({}, { start: "lazy" }) });
    const stream = supervisor.stream("one/fixture.count", {}, { credit });
    expect(await failure(stream.result)).toMatchObject({ code: "invalid_params", settlement: "not_sent" });
    expect(supervisor.status("one").state).toBe("idle");
  });
});

test("a call of a streaming method is refused unsent", async () => {
  const supervisor = await supervise({ one: fixture() });
  const error = await failure(supervisor.call("one/fixture.count", {}));
  expect(error).toMatchObject({ code: "stream_required", settlement: "not_sent" });
  expect(await seenBy(supervisor)).toMatchObject({ open: 0, sent: 0 });
});

describe("a plugin that breaks the rules of a stream is named and ended, and its neighbour answers", () => {
  test.each([
    ["more items than credit", { greedy: true, to: 1000 }, "credit_exceeded"],
    ["an item out of sequence", { skipAt: 3 }, "item_out_of_order"],
  ])("%s", async (_, params, reason) => {
    const supervisor = await supervise({ one: fixture(), two: fixture() });
    const crash = event(supervisor, "session.crash");
    const stream = supervisor.stream("one/fixture.count", params, { credit: 10 });
    expect(await failure(all(stream))).toMatchObject({ code: "plugin_crashed" });
    const { report, plugin } = await crash;
    expect(plugin).toBe("one");
    const [found] = await supervisor.journal.findCrash(report);
    expect(found?.cause).toMatchObject({ kind: "violation", reason });
    expect(await supervisor.call("two/fixture.echo", { a: 1 })).toEqual({ a: 1 });
    expect(supervisor.status("two").generation).toBe(1);
  });

  test("an item of a method that is none", async () => {
    const supervisor = await supervise({ one: fixture() });
    const error = await failure(supervisor.stream("one/fixture.stray", {}).result);
    expect(error).toMatchObject({ code: "plugin_crashed" });
    expect(error.message).toContain("credit_exceeded");
  });
});

describe("a description", () => {
  test("has a fingerprint that another process of the same plugin has as well", async () => {
    const supervisor = await supervise({ one: fixture(), two: fixture({}, { start: "lazy" }) });
    await supervisor.wait("one", "ready");
    const [one, two] = await Promise.all([supervisor.describe("one"), supervisor.describe("two")]);
    expect(one.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(two.fingerprint).toBe(one.fingerprint);
    expect(one.agreed).toEqual([{ name: "fixture", version: "1.0.0" }]);
  });

  test("of another version has another fingerprint", async () => {
    const supervisor = await supervise({ one: fixture(), two: fixture({ api: "1.1.0" }) });
    const [one, two] = await Promise.all([supervisor.describe("one"), supervisor.describe("two")]);
    expect(two.fingerprint).not.toBe(one.fingerprint);
  });

  test("is the same from the process, after it, and from the cache", async () => {
    const supervisor = await supervise({ one: fixture({}, { start: "lazy" }) });
    const started = await supervisor.describe("one");
    await supervisor.stop("one");
    expect(await supervisor.describe("one")).toEqual(started);
  });
});

describe("a call with a fingerprint", () => {
  test("goes to the plugin that has it", async () => {
    const supervisor = await supervise({ one: fixture() });
    const { fingerprint } = await supervisor.describe("one");
    expect(await supervisor.call("one/fixture.echo", { a: 1 }, { fingerprint })).toEqual({ a: 1 });
    const stream = supervisor.stream("one/fixture.count", { to: 2 }, { fingerprint });
    expect(await all(stream)).toHaveLength(2);
  });

  test("is refused unsent where another one serves, and names that", async () => {
    const supervisor = await supervise({ one: fixture() });
    const { fingerprint } = await supervisor.describe("one");
    const error = await failure(supervisor.call("one/fixture.echo", {}, { fingerprint: "another" }));
    expect(error).toMatchObject({ code: "contract_changed", settlement: "not_sent" });
    expect(error.data).toMatchObject({ detail: { fingerprint } });
    const stream = supervisor.stream("one/fixture.count", {}, { fingerprint: "another" });
    expect(await failure(stream.result)).toMatchObject({ code: "contract_changed" });
  });
});

test("the configured plugins are named", async () => {
  const supervisor = await supervise({ one: fixture({}, { start: "lazy" }), two: fixture() });
  expect(await supervisor.plugins()).toEqual(["one", "two"]);
});
