/** Bulk data: bytes beside the JSON, as a plugin of this SDK reads and writes them. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { pack, packInText, unpack } from "../../protocol/sdk/typescript/bulk.ts";
import { encodeFrame, FrameReader } from "../../protocol/sdk/typescript/frame.ts";
import * as wire from "../../src/wire/framing.ts";
import { checked } from "../check/checked.ts";
import { initialize } from "./host.ts";

const levels = 100;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** JSON values with bytes in them, and members with names that mean something elsewhere. */
const values = fc.letrec((value) => ({
  leaf: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  ),
  node: fc.oneof(
    { maxDepth: 4 },
    value("leaf"),
    fc.array(value("node"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b/~", "toString", "__proto__", "$"), value("node"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).node;

const inText = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return text(value);
  if (Array.isArray(value)) return value.map(inText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inText(each)]));
};

describe("what is packed", () => {
  test("is unpacked as it was", () => {
    fc.assert(
      fc.property(values, (value) => {
        const packed = pack({ value }, levels);
        const data = Buffer.concat(packed.pieces);
        expect(data.length).toBe(packed.size);
        expect(unpack(JSON.parse(packed.text), data)).toStrictEqual({ value });
      }),
    );
  });

  test("as text, has base64 in place of bytes and is otherwise what JSON.stringify makes", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(packInText({ value }, levels)).toEqual({
          text: JSON.stringify({ value: inText(value) }),
          pieces: [],
          size: 0,
        });
      }),
    );
  });

  test("leaves the given value as it is, and takes a Buffer for bytes", () => {
    const given = { list: [Buffer.from("ab"), { more: new Uint8Array([1]) }], date: new Date(0) };
    const packed = pack(given, levels);
    expect(packed.text).toBe(
      '{"list":[{"$bytes":[0,2]},{"more":{"$bytes":[2,1]}}],"date":"1970-01-01T00:00:00.000Z"}',
    );
    expect(given.list[0]).toBeInstanceOf(Buffer);
  });

  test("is text alone when it has a member $bytes of its own", () => {
    for (const own of [{ $bytes: 1 }, { toJSON: () => ({ $bytes: 1 }) }])
      expect(pack({ own, bytes: new Uint8Array([1]) }, levels)).toMatchObject({
        text: '{"own":{"$bytes":1},"bytes":"AQ=="}',
        pieces: [],
      });
    expect(pack({ own: '"$bytes":', bytes: new Uint8Array([1]) }, levels).pieces).toHaveLength(1);
  });

  test("is no deeper than it may be", () => {
    const bytes = new Uint8Array([1]);
    expect(pack({ a: [bytes] }, 4).text).toBe('{"a":[{"$bytes":[0,1]}]}');
    expect(pack({ a: [bytes] }, 3)).toEqual({ text: '{"a":["AQ=="]}', pieces: [], size: 0 });
    expect(() => pack({ a: [bytes] }, 1)).toThrow("too deep");
  });

  test("may not contain itself", () => {
    const round: { self?: unknown } = {};
    round.self = [round, round];
    expect(() => pack(round, levels)).toThrow("contains itself");
  });
});

test.each([
  [{ a: [{ $bytes: [1, 3] }] }, "/a/0"],
  [{ "a/b": { $bytes: [4, 0] } }, "/a~1b"],
  [{ a: { $bytes: [-1, 1] } }, "/a"],
  [{ a: { $bytes: [0, 0.5] } }, "/a"],
  [{ a: { $bytes: [0] } }, "/a"],
  [{ a: { $bytes: [0, 1, 1] } }, "/a"],
  [{ a: { $bytes: [0, 1], more: 1 } }, "/a"],
  [{ a: { $bytes: "0, 1" } }, "/a"],
  [{ $bytes: [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] }, ""],
])("%j stands for nothing in three bytes", (value, where) => {
  expect(() => unpack(value, new Uint8Array(3))).toThrow(expect.objectContaining({ path: where }));
});

test("what stands for the same bytes over and over is more than what was agreed", () => {
  const twice = [{ $bytes: [0, 3] }, { $bytes: [0, 3] }];
  expect(unpack(twice, new Uint8Array(3), 6)).toHaveLength(2);
  expect(() => unpack(twice, new Uint8Array(3), 5)).toThrow("/1: more than 5 bytes in all");
});

function framesOf(chunks: readonly Buffer[]): unknown[] {
  const reader = new FrameReader(1000);
  const frames = chunks.flatMap((chunk) => [...reader.push(chunk)]);
  reader.end();
  return frames.map(({ body, data }) => [body.toString(), data?.toString("latin1")]);
}

describe("a frame with data", () => {
  test("is read however it is cut, among others", () => {
    const frame = fc.record({
      body: fc.string({ minLength: 1, maxLength: 20 }),
      data: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (frames, places) => {
          const bytes = frames.map(({ body, data }) =>
            Buffer.concat([encodeFrame(body, data?.length), data ?? Buffer.alloc(0)]),
          );
          expect(bytes).toEqual(
            frames.map(({ body, data }) => wire.encodeFrame(body, data && Buffer.from(data))),
          );
          const whole = Buffer.concat(bytes);
          const ends = [...places.map((place) => place % (whole.length + 1)), whole.length];
          const chunks = ends.sort((a, b) => a - b).map((end, i) => whole.subarray(ends[i - 1] ?? 0, end));
          expect(framesOf(chunks)).toEqual(
            frames.map(({ body, data }) => [body, data && Buffer.from(data).toString("latin1")]),
          );
        },
      ),
    );
  });

  test.each([
    "content-TYPE:APPLICATION/vnd.Bulkhead.bulk;JSON=2\r\nContent-Length: 3\r\n\r\n{}x",
    "Content-Length: 3\r\nContent-Type: application/vnd.bulkhead.bulk; json=2\r\nContent-Type: other\r\n\r\n{}x",
  ])("may say so as any header does: %j", (input) => {
    expect(framesOf([Buffer.from(input)])).toEqual([["{}", "x"]]);
  });

  test.each([
    ["", "Content-Type"],
    ["; json", "Content-Type"],
    ["; json=", 'json ""'],
    ["; json=0", "0 bytes of JSON in a frame of 3"],
    ["; json=4", "4 bytes of JSON in a frame of 3"],
    ["; json=+2", 'json "+2"'],
    ["; json=2x", 'json "2x"'],
    ["; a=1; json=2", "Content-Type"],
    ["; json=2; json=2", "Content-Type"],
    ["; json=2\r\nContent-Type: application/vnd.bulkhead.bulk; json=2", "twice"],
  ])("is broken with %j", (parameters, named) => {
    const header = `Content-Length: 3\r\nContent-Type: application/vnd.bulkhead.bulk${parameters}\r\n\r\n`;
    expect(() => framesOf([Buffer.from(`${header}{}x`)])).toThrow(named);
  });
});

const file = path.join(import.meta.dirname, "fixtures/image.ts");
const running: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

interface Received {
  readonly message: Record<string, unknown>;
  readonly data: Buffer | undefined;
}

function frameOf(message: object, data?: Uint8Array): Buffer {
  return wire.encodeFrame(JSON.stringify({ jsonrpc: "2.0", ...message }), data && Buffer.from(data));
}

/** The image plugin, ready, at the level of frames. */
class Frames {
  stderr = "";
  readonly left: Promise<unknown>;
  readonly #child = spawn(process.execPath, [file], {
    stdio: "pipe",
  });
  readonly #received: Received[] = [];
  #wake: () => void = () => {};
  #lastId = 0;

  constructor() {
    running.push(this.#child);
    const parser = new wire.FrameParser({ noise: "violation" });
    this.#child.stderr.setEncoding("utf8").on("data", (said: string) => (this.stderr += said));
    this.left = once(this.#child, "close").then(([code]) => code);
    this.#child.stdout.on("data", (chunk: Buffer) => {
      parser.push(chunk);
      for (let body = parser.next(); body !== undefined; body = parser.next())
        this.#received.push({ message: JSON.parse(body.toString()), data: parser.data });
      this.#wake();
    });
  }

  static async ready(limits: object = {}): Promise<Frames> {
    const frames = new Frames();
    await frames.answer("initialize", { ...initialize, limits: { ...initialize.limits, ...limits } });
    await frames.answer("activate", { apis: [], config: {}, dataDir: "/data" });
    return frames;
  }

  send(message: object, data?: Uint8Array): void {
    this.write(frameOf(message, data));
  }

  write(bytes: Buffer): void {
    this.#child.stdin.write(bytes);
  }

  async next(): Promise<Received> {
    while (this.#received.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#received.shift()!;
  }

  async answer(method: string, params: object, ctx: object = {}, data?: Uint8Array): Promise<Received> {
    this.send({ id: ++this.#lastId, method, params, ctx }, data);
    return this.next();
  }
}

const three = new Uint8Array([1, 2, 3]);
const image = { $bytes: [0, 3] };

describe("a plugin", () => {
  test("says that it reads bulk data, and describes bytes as base64 text", async () => {
    const { message } = await new Frames().answer("initialize", initialize);
    const schema = { type: "string", contentEncoding: "base64" };
    expect(message).toMatchObject({
      result: {
        capabilities: { bulk: true },
        apis: [
          { methods: expect.arrayContaining([expect.objectContaining({ name: "turn", result: schema })]) },
        ],
      },
    });
  });

  test("gets bytes from data and from text, and answers with data only where that was agreed", async () => {
    const plugin = await Frames.ready();
    const bulk = { bulk: true };
    const asData = { message: { result: { $bytes: [0, 3] } }, data: Buffer.from([3, 2, 1]) };
    const asText = { message: { result: "AwIB" }, data: undefined };
    expect(await plugin.answer("image.turn", { image }, bulk, three)).toMatchObject(asData);
    expect(await plugin.answer("image.turn", { image: "AQID" }, bulk)).toMatchObject(asData);
    expect(await plugin.answer("image.turn", { image }, {}, three)).toMatchObject(asText);
    expect(await plugin.answer("image.turn", { image: "AQID" })).toMatchObject(asText);
  });

  test("gets Uint8Arrays, many from one frame, and text where its schema wants text", async () => {
    const plugin = await Frames.ready();
    const images = [{ $bytes: [1, 2] }, { $bytes: [0, 0] }, "AQ==", { $bytes: [0, 3] }];
    expect(await plugin.answer("image.pair", { images }, { bulk: true }, three)).toMatchObject({
      message: {
        result: {
          "no. 0": { $bytes: [0, 2] },
          "no. 1": { $bytes: [2, 0] },
          "no. 2": { $bytes: [2, 1] },
          "no. 3": { $bytes: [3, 3] },
        },
      },
      data: Buffer.from([2, 3, 1, 1, 2, 3]),
    });
    expect(await plugin.answer("image.kind", { given: image }, {}, three)).toMatchObject({
      message: { result: "[object Uint8Array]" },
    });
    expect(await plugin.answer("image.text", { image }, {}, three)).toMatchObject({
      message: { result: "AQID" },
    });
  });

  test.each(["data", "text"])("may give away the memory of what came as %s", async (kind) => {
    const plugin = await Frames.ready();
    const given = kind === "data" ? { image } : { image: "AQID" };
    const first = frameOf(
      { id: 8, method: "image.give", params: given },
      kind === "data" ? three : undefined,
    );
    const second = frameOf({ id: 9, method: "image.turn", params: { image } }, three);
    // The beginning of the next frame comes in the same chunk.
    plugin.write(Buffer.concat([first, second.subarray(0, -1)]));
    expect(await plugin.next()).toMatchObject({ message: { id: 8, result: 0 } });
    plugin.write(second.subarray(-1));
    expect(await plugin.next()).toMatchObject({ message: { id: 9, result: "AwIB" } });
  });

  test("answers in text what has no bytes, or a member $bytes of its own", async () => {
    const plugin = await Frames.ready();
    const bulk = { bulk: true };
    expect(await plugin.answer("image.echo", { given: 5 }, bulk, three)).toMatchObject({
      message: { result: 5 },
      data: undefined,
    });
    expect(await plugin.answer("image.reserved", {}, bulk)).toMatchObject({
      message: { result: { $bytes: [0, 1], image: "AQ==" } },
      data: undefined,
    });
    // Without data, the name means nothing.
    expect(await plugin.answer("image.echo", { given: image }, bulk)).toMatchObject({
      message: { result: image },
      data: undefined,
    });
  });

  test("sends 16 MiB of a Buffer as they are", async () => {
    const plugin = await Frames.ready({ frameBytes: 64 * 1024 * 1024 });
    const size = 16 * 1024 * 1024;
    const { message, data } = await plugin.answer("image.buffer", { size }, { bulk: true });
    expect(message).toMatchObject({ result: { size, image: { $bytes: [0, size] } } });
    expect(data?.equals(Buffer.alloc(size, 7))).toBe(true);
  });

  test("counts data towards the limit of a frame", async () => {
    const plugin = await Frames.ready({ frameBytes: 2000 });
    expect(await plugin.answer("image.buffer", { size: 2000 }, { bulk: true })).toMatchObject({
      message: { error: { data: { code: "answer_too_large" } } },
      data: undefined,
    });
    plugin.send({ id: 9, method: "image.turn", params: { image } }, new Uint8Array(2000));
    expect(await plugin.left).toBe(65);
    expect(plugin.stderr).toContain("the limit is 2000");
  });

  test.each([
    ["a range outside of the data", { $bytes: [1, 3] }],
    ["text that is not base64", "AQI"],
    ["what are no bytes", 5],
  ])("refuses %s, with the place", async (_what, wrong) => {
    const plugin = await Frames.ready();
    expect(await plugin.answer("image.turn", { image: wrong }, { bulk: true }, three)).toMatchObject({
      message: { error: { code: -32602, data: { code: "invalid_params", path: "/image" } } },
      data: undefined,
    });
    expect(await plugin.answer("ping", {})).toMatchObject({ message: { result: {} } });
  });

  test("sends items, and asks its host, in text", async () => {
    const plugin = await Frames.ready();
    plugin.send({ id: 8, method: "image.rows", params: { image }, ctx: { credit: 9, bulk: true } }, three);
    for (const value of ["AQ==", "Ag==", "Aw=="])
      expect(await plugin.next()).toMatchObject({ message: { params: { value } }, data: undefined });
    expect(await plugin.next()).toMatchObject({ message: { id: 8 }, data: Buffer.from([3, 2, 1]) });

    plugin.send({ id: 9, method: "image.ask", params: { image }, ctx: { bulk: true } }, three);
    const { message, data } = await plugin.next();
    expect({ message, data }).toMatchObject({ message: { params: { image: "AQID" } }, data: undefined });
    plugin.send({ id: message["id"], result: "kept" });
    expect(await plugin.next()).toMatchObject({ message: { id: 9, result: "kept" } });
  });

  test.each([
    ["a notification", { method: "$/later", params: {} }],
    ["an answer", { id: 1, result: { $bytes: [0, 3] } }],
  ])("ends at data beside %s", async (_what, message) => {
    const plugin = await Frames.ready();
    plugin.send(message, three);
    expect(await plugin.left).toBe(65);
    expect(plugin.stderr).toContain("no request");
  });

  test("refuses what is no message beside data as it does alone", async () => {
    const plugin = await Frames.ready();
    plugin.send({ method: 5 }, three);
    expect(await plugin.next()).toMatchObject({ message: { error: { code: -32600 } } });
    expect(await plugin.answer("image.turn", { image }, {}, three)).toMatchObject({
      message: { result: "AwIB" },
    });
  });

  test("passes what `bulkhead check` asks of it", { timeout: 120_000 }, async () => {
    const only = ["bulk-frames", "bulk-calls", "valid-messages"];
    const results = await checked(process.execPath, { args: [file], only });
    expect(results.map(({ id, status }) => [id, status])).toEqual(only.map((id) => [id, "passed"]));
  });
});
