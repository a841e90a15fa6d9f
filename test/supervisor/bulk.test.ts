import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { BulkheadError } from "../../protocol/error.ts";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import { event, failure, supervise } from "../helpers/supervisor.ts";

const program = fileURLToPath(new URL("../fixtures/plugin/bulk.mjs", import.meta.url));
type Entry = Parameters<typeof supervise>[0][string];

const bulky = (more: Partial<Entry> = {}, ...args: string[]): Entry => ({
  command: process.execPath,
  args: [program, ...args],
  ...more,
});
const plainly = (more: Partial<Entry> = {}): Entry => bulky(more, "--plain");

const bulk = { bulk: true } as const;
const image = (bytes: number): Uint8Array => new Uint8Array(bytes).map((_, i) => i * 7);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-bulk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a plugin that broke the wire is said to have done. */
async function violation(supervisor: Supervisor, call: Promise<unknown>): Promise<string> {
  const crash = event(supervisor, "session.crash");
  const error: BulkheadError = await failure(call);
  expect(error.code).toBe("plugin_crashed");
  return (await crash).summary;
}

describe("a call with bytes", () => {
  test("brings 16 MiB there and back as they are", async () => {
    const supervisor = await supervise({ one: bulky() });
    const sent = image(16 * 1024 ** 2);
    const back = (await supervisor.call("one/bulk.echo", { image: sent, by: 90 }, bulk)) as {
      image: Uint8Array;
    };
    expect(back.image).toBeInstanceOf(Uint8Array);
    expect(Buffer.compare(back.image, sent)).toBe(0);
    expect(back).toMatchObject({ by: 90 });
  });

  test("carries any number of them, of any size, wherever they stand", async () => {
    const supervisor = await supervise({ one: bulky() });
    const params = { list: [image(0), image(1), { deep: image(100_000) }], text: "é" };
    expect(await supervisor.call("one/bulk.echo", params, bulk)).toEqual(params);
  });

  test("says that its answer may have some, and sends only JSON where it has none itself", async () => {
    const supervisor = await supervise({ one: bulky() });
    const seen = { params: { a: 1 }, ctx: { bulk: true }, data: null };
    expect(await supervisor.call("one/bulk.seen", { a: 1 }, bulk)).toEqual(seen);
    expect(await supervisor.call("one/bulk.make", { bytes: 5 }, bulk)).toEqual({
      made: ascii("ababa"),
    });
  });

  test("is as it always was without the option", async () => {
    const supervisor = await supervise({ one: bulky() });
    const seen = await supervisor.call("one/bulk.seen", { image: image(2) });
    expect(seen).toEqual({ params: { image: { 0: 0, 1: 7 } }, ctx: null, data: null });
    expect(await supervisor.call("one/bulk.make", { bytes: 3 })).toEqual({
      made: base64(Buffer.from("aba")),
    });
  });

  test("has them as text for a plugin that reads no bulk data", async () => {
    const supervisor = await supervise({ one: plainly() });
    const params = { image: image(1000), by: 90 };
    const seen = { params: { image: base64(image(1000)), by: 90 }, ctx: null, data: null };
    expect(await supervisor.call("one/bulk.seen", params, bulk)).toEqual(seen);
    expect(await supervisor.call("one/bulk.make", { bytes: 3 }, bulk)).toEqual({
      made: base64(Buffer.from("aba")),
    });
  });

  test("whose params are bytes themselves is refused", async () => {
    const supervisor = await supervise({ one: bulky() });
    const error = await failure(supervisor.call("one/bulk.echo", image(1), bulk));
    expect(error).toMatchObject({ code: "invalid_params", settlement: "not_sent" });
    expect(error.message).toContain("found bytes");
  });

  test("that waits for a start keeps them, and they count as waiting", async () => {
    const held = path.join(folder, "go");
    const supervisor = await supervise({
      one: bulky({ limits: { frame: "64KiB" } }, `--held=${held}`),
    });
    const sent = image(50_000);
    const waiting = [1, 2].map(() => supervisor.call("one/bulk.echo", { image: sent }, bulk));
    const error = await failure(supervisor.call("one/bulk.echo", { image: sent }, bulk));
    expect(error).toMatchObject({ code: "plugin_busy", settlement: "not_sent" });
    writeFileSync(held, "");
    expect(await Promise.all(waiting)).toEqual([{ image: sent }, { image: sent }]);
  });

  test("is bounded by the limit of a frame, as data and as text", async () => {
    const limits = { frame: "64KiB" };
    const supervisor = await supervise({ one: bulky({ limits }), two: plainly({ limits }) });
    const [most, over] = [image(60_000), image(65_536)];
    expect(await supervisor.call("one/bulk.echo", { most }, bulk)).toEqual({ most });
    const refused = await Promise.all([
      failure(supervisor.call("one/bulk.echo", { over }, bulk)),
      failure(supervisor.call("two/bulk.seen", { most }, bulk)),
    ]);
    for (const error of refused) expect(error).toMatchObject({ code: "too_large", settlement: "not_sent" });
  });

  test("that is given up on may be answered with some: the plugin lives on", async () => {
    const supervisor = await supervise({ one: bulky() });
    await supervisor.wait("one", "ready");
    const late = await failure(supervisor.call("one/bulk.late", {}, { ...bulk, timeout: 50 }));
    expect(late).toMatchObject({ code: "timeout", settlement: "maybe_executed" });
    expect(await supervisor.call("one/bulk.make", { bytes: 1 }, bulk)).toEqual({ made: ascii("a") });
    expect(supervisor.status("one")).toMatchObject({ state: "serving", generation: 1 });
  });

  test("can be a stream, with bytes in its params and its answer", async () => {
    const supervisor = await supervise({ one: bulky() });
    const stream = supervisor.stream("one/bulk.frames", { image: image(3) }, bulk);
    const values: unknown[] = [];
    for await (const { value } of stream) values.push(value);
    expect(values).toEqual([0, 1]);
    expect(await stream.result).toEqual({ image: image(3) });
  });
});

describe("an answer", () => {
  test.each(["range", "member"])(
    "that refers to what is not there is refused, and only that: %s",
    async (kind) => {
      const supervisor = await supervise({ one: bulky() });
      const error = await failure(supervisor.call("one/bulk.wrong", { kind }, bulk));
      expect(error).toMatchObject({ code: "invalid_result", settlement: "answered" });
      expect(error.message).toContain("$bytes");
      expect(supervisor.status("one").state).toBe("serving");
    },
  );

  test("of a stream that refers to what is not there fails the stream", async () => {
    const supervisor = await supervise({ one: bulky() });
    const stream = supervisor.stream("one/bulk.wrong", { kind: "range" }, bulk);
    expect(await failure(stream.result)).toMatchObject({ code: "invalid_result" });
  });

  test.each([
    ["error", "unexpected_data"],
    ["progress", "unexpected_data"],
    ["request", "unexpected_data"],
    ["zero", "bad_header"],
    ["beyond", "bad_header"],
    ["twice", "bad_header"],
    ["without", "bad_header"],
  ])("that carries data where none may be ends the session: %s", async (kind, reason) => {
    const supervisor = await supervise({ one: bulky({ restart: { when: "never" } }) });
    const summary = await violation(supervisor, supervisor.call("one/bulk.wrong", { kind }, bulk));
    expect(summary).toContain(reason);
  });

  test("that carries data although it was not asked to ends the session", async () => {
    const supervisor = await supervise({ one: bulky({ restart: { when: "never" } }) });
    const call = supervisor.call("one/bulk.wrong", { kind: "uninvited" });
    expect(await violation(supervisor, call)).toContain("unexpected_data");
  });
});

describe("a plugin that is checked on the way", () => {
  const checked = { validate: "relay" } as const;

  test("has its params and results seen as its schemas see them: as text", async () => {
    const supervisor = await supervise({ one: bulky(checked), two: plainly(checked) });
    for (const id of ["one", "two"]) {
      expect(await supervisor.call(`${id}/bulk.take`, { image: image(6) }, bulk)).toBe("taken");
      const error = await failure(supervisor.call(`${id}/bulk.take`, { image: image(7) }, bulk));
      expect(error).toMatchObject({ code: "invalid_params", data: { path: "/image" } });
    }
    expect(await supervisor.call("one/bulk.give", { bytes: 6 }, bulk)).toEqual(new Uint8Array(6));
    const error = await failure(supervisor.call("one/bulk.give", { bytes: 7 }, bulk));
    expect(error).toMatchObject({ code: "invalid_result", settlement: "answered" });
  });

  test("has a result refused that refers to what is not there", async () => {
    const supervisor = await supervise({ one: bulky(checked) });
    const wrong = supervisor.call("one/bulk.wrong", { kind: "range" }, bulk);
    expect(await failure(wrong)).toMatchObject({ code: "invalid_result" });
  });
});

test("the report of a crash has the JSON of messages with data, and the size of both", async () => {
  const supervisor = await supervise({ one: bulky({ restart: { when: "never" } }) });
  await supervisor.call("one/bulk.echo", { image: image(1000) }, bulk);
  const crash = event(supervisor, "session.crash");
  await failure(supervisor.call("one/bulk.wrong", { kind: "zero" }, bulk));
  const { report: id } = await crash;
  const report = (await supervisor.journal.crashes({})).find((each) => each.id === id);
  const about = report?.messages.filter(({ head }) => head.includes("$bytes")) ?? [];
  expect(about.map(({ direction, head, bytes }) => [direction, bytes - head.length])).toEqual([
    ["to_plugin", 1000],
    ["from_plugin", 1000],
  ]);
});
