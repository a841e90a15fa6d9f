import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../../src/client/client.ts";
import { connect } from "../../src/io/socket.ts";
import { Deadlines } from "../../src/wire/deadlines.ts";
import { Peer } from "../../src/wire/peer.ts";
import { DaemonProcess } from "../helpers/daemon.ts";
import { failure } from "../helpers/supervisor.ts";

const program = fileURLToPath(new URL("../fixtures/plugin/bulk.mjs", import.meta.url));
const entry = (id: string, ...args: string[]): string =>
  `[plugins.${id}]\ncommand = ${JSON.stringify(process.execPath)}\nargs = ${JSON.stringify([program, ...args])}\n`;

const daemon = new DaemonProcess(`${entry("one")}${entry("two", "--plain")}`);
let client: Client;
beforeAll(async () => {
  client = await daemon.up();
  for (const plugin of ["one", "two"]) await client.control("plugin.wait", { plugin, until: "ready" });
});
afterAll(() => client.close());

const bulk = { bulk: true } as const;
const image = (bytes: number): Uint8Array => new Uint8Array(bytes).map((_, i) => i * 7);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

describe("through a daemon, a call with bytes", () => {
  test("brings 16 MiB there and back as they are", async () => {
    const sent = image(16 * 1024 ** 2);
    const back = (await client.call("one/bulk.echo", { image: sent, by: 90 }, bulk)) as { image: Uint8Array };
    expect(back.image).toBeInstanceOf(Uint8Array);
    expect(Buffer.compare(back.image, sent)).toBe(0);
    expect(back).toMatchObject({ by: 90 });
  });

  test("keeps its other bounds, and those of others", async () => {
    const calls = Array.from({ length: 50 }, (_, i) =>
      i % 2 === 0
        ? client.call("one/bulk.echo", { image: image(i * 1000) }, { ...bulk, timeout: 30_000 })
        : client.call("one/bulk.echo", { i }),
    );
    const expected = calls.map((_, i) => (i % 2 === 0 ? { image: image(i * 1000) } : { i }));
    expect(await Promise.all(calls)).toEqual(expected);
  });

  test("is told to the plugin as one whose answer may have some", async () => {
    const seen = (await client.call("one/bulk.seen", { image: image(3) }, bulk)) as { ctx: unknown };
    expect(seen).toEqual({
      params: { image: { $bytes: [0, 3] } },
      ctx: { bulk: true },
      data: "\0\u0007\u000e",
    });
    expect(await client.call("one/bulk.seen")).toEqual({ params: {}, ctx: null, data: null });
  });

  test("has them as text for a plugin that reads no bulk data", async () => {
    const seen = { params: { image: base64(image(1000)) }, ctx: null, data: null };
    expect(await client.call("two/bulk.seen", { image: image(1000) }, bulk)).toEqual(seen);
    expect(await client.call("two/bulk.make", { bytes: 3 }, bulk)).toEqual({ made: "YWJh" });
  });

  test("has an answer refused that refers to what is not there", async () => {
    const error = await failure(client.call("one/bulk.wrong", { kind: "range" }, bulk));
    expect(error).toMatchObject({ code: "invalid_result", settlement: "answered" });
  });

  test("can be a stream", async () => {
    const stream = client.stream("one/bulk.frames", { image: image(3) }, bulk);
    const values: unknown[] = [];
    for await (const { value } of stream) values.push(value);
    expect([values, await stream.result]).toEqual([[0, 1], { image: image(3) }]);
  });
});

async function peer(): Promise<Peer> {
  const socket = await connect(daemon.socket);
  const made = new Peer({ input: socket, output: socket, deadlines: new Deadlines() });
  const who = { protocol: { min: 1, max: 1 }, client: { name: "raw", version: "1" } };
  const outcome = await made.request("hello", who);
  expect(JSON.parse(String(outcome.result))).toMatchObject({ capabilities: { bulk: true } });
  return made;
}

describe("a client that is not ours", () => {
  const data = Buffer.from("abc");

  test("gets no data that it did not ask for, though it sent some", async () => {
    const raw = await peer();
    const outcome = await raw.request("two/bulk.seen", { image: { $bytes: [0, 3] } }, { data });
    expect(JSON.parse(String(outcome.result))).toMatchObject({ params: { image: "YWJj" } });
    raw.destroy();
  });

  test.each([
    [{ image: { $bytes: [1, 3] } }, "$bytes refers to 3 bytes from 1 on, there are 3"],
    [{ image: { $bytes: [0, 3], more: 1 } }, "an object with $bytes has no other members"],
    [{ $bytes: [0, 3] }, "must be an object or an array, found bytes"],
  ])("is told what is wrong with %j, where the daemon turns it into text", async (params, message) => {
    const raw = await peer();
    const outcome = await raw.request("two/bulk.seen", params, { data });
    expect(outcome).toMatchObject({ error: { code: -32602, data: { settlement: "not_sent" } } });
    expect(outcome.error?.message).toContain(message);
    raw.destroy();
  });

  test("may refer to the same bytes often, but not without end", async () => {
    const raw = await peer();
    const large = Buffer.alloc(1024 ** 2);
    const images = Array.from({ length: 100 }, () => ({ $bytes: [0, large.length] }));
    const outcome = await raw.request("two/bulk.seen", { images }, { data: large });
    expect(outcome).toMatchObject({ error: { data: { code: "too_large", settlement: "not_sent" } } });
    raw.destroy();
  });

  test("can not send data to the daemon itself", async () => {
    const raw = await peer();
    const outcome = await raw.request("daemon.status", {}, { data });
    expect(outcome).toMatchObject({ error: { code: -32600, message: "daemon.status takes no bulk data" } });
    expect(await raw.request("daemon.status")).not.toHaveProperty("error");
    raw.destroy();
  });
});
