import { PassThrough, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { FrameParser } from "../../src/wire/framing.ts";
import { frame, FrameWriter } from "../../src/wire/writer.ts";
import type { Frame } from "../../src/wire/writer.ts";

/** An output that takes one write at a time, when told to. */
class Gate extends Writable {
  readonly writes: Buffer[][] = [];
  #release: ((error?: Error) => void) | undefined;
  #arrived: (() => void) | undefined;

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.writes.push(chunks.map(({ chunk }) => chunk));
    this.#release = callback;
    this.#arrived?.();
  }

  override _write(chunk: Buffer, _: string, callback: (error?: Error | null) => void): void {
    this._writev([{ chunk }], callback);
  }

  arrival(): Promise<void> {
    return this.#release === undefined
      ? new Promise((resolve) => (this.#arrived = resolve))
      : Promise.resolve();
  }

  release(error?: Error): void {
    const release = this.#release;
    this.#release = undefined;
    release?.(error);
  }

  /** What has arrived beside each body. */
  data(): (Buffer | undefined)[] {
    const parser = new FrameParser();
    parser.push(Buffer.concat(this.writes.flat()));
    const data: (Buffer | undefined)[] = [];
    while (parser.next()) data.push(parser.data);
    return data;
  }

  bodies(): string[] {
    const parser = new FrameParser();
    parser.push(Buffer.concat(this.writes.flat()));
    const bodies: string[] = [];
    for (let body = parser.next(); body; body = parser.next()) bodies.push(body.toString());
    return bodies;
  }
}

function setUp(queueBytes = 1e9): {
  gate: Gate;
  writer: FrameWriter;
  failures: Error[];
  tapped: [string, number][];
} {
  const gate = new Gate();
  const failures: Error[] = [];
  const tapped: [string, number][] = [];
  const writer = new FrameWriter(gate, {
    queueBytes,
    onFailed: (error) => failures.push(error),
    onHandedOver: (head, bytes) => tapped.push([head.toString(), bytes]),
  });
  return { gate, writer, failures, tapped };
}

const message = (value: number | string): Frame =>
  frame(`{"a":1`, undefined, `,"b":`, Buffer.from(JSON.stringify(value)));

const withData = (bytes: number): Frame => frame(`{"a":1`, undefined, "", undefined, Buffer.alloc(bytes));

describe("frame writer", () => {
  test("splices payloads of any size into their envelopes", async () => {
    const { gate, writer, tapped } = setUp();
    const large = Buffer.from(JSON.stringify("\u00e9".repeat(20_000)));
    const expected = [
      '{"a":1}',
      '{"a":1,"b":2}',
      '{"a":1,"ctx":{},"b":3}',
      `{"a":1,"b":${large.toString()}}`,
      `{"a":1,"ctx":{},"b":${large.toString()}}`,
      '{"a":1,"ctx":{}}',
    ];
    writer.append(frame(`{"a":1`, undefined, `,"b":`, undefined));
    writer.append(frame(`{"a":1`, undefined, `,"b":`, Buffer.from("2")));
    writer.append(frame(`{"a":1,"ctx":`, Buffer.from("{}"), `,"b":`, Buffer.from("3")));
    writer.append(frame(`{"a":1`, undefined, `,"b":`, large));
    writer.append(frame(`{"a":1,"ctx":`, Buffer.from("{}"), `,"b":`, large));
    writer.append(frame(`{"a":1,"ctx":`, Buffer.from("{}"), `,"b":`, undefined));
    await gate.arrival();
    expect(gate.writes).toHaveLength(1);
    expect(gate.bodies()).toEqual(expected);
    expect(gate.writes[0]!.some((chunk) => chunk === large)).toBe(true);
    expect(tapped.map(([, bytes]) => bytes)).toEqual(expected.map((body) => Buffer.byteLength(body)));
    for (const [i, [head]] of tapped.entries())
      expect(expected[i]!.startsWith(head.slice(0, 200))).toBe(true);
  });

  test("puts data beside the JSON, what is large by reference, and shows the JSON only", async () => {
    const { gate, writer, tapped } = setUp();
    const small = Buffer.from("abc");
    const large = Buffer.alloc(20_000, "x");
    const json = Buffer.from(JSON.stringify("y".repeat(20_000)));
    const sent: [payload: Buffer | string | undefined, data: Buffer | undefined][] = [
      [undefined, small],
      ["2", large],
      ["2", undefined],
      ['"\u00e9"', small],
      [json, large],
      [json, Buffer.alloc(0)],
      [Buffer.from("3"), large],
    ];
    for (const [payload, data] of sent) {
      writer.append(frame(`{"a":1,"ctx":`, Buffer.from("{}"), `,"b":`, payload, data));
    }
    await gate.arrival();
    const expected = sent.map(([payload]) =>
      payload === undefined ? '{"a":1,"ctx":{}}' : `{"a":1,"ctx":{},"b":${payload.toString()}}`,
    );
    expect(gate.bodies()).toEqual(expected);
    expect(gate.data()).toEqual(sent.map(([, data]) => data));
    expect(gate.writes[0]!.filter((chunk) => chunk === large)).toHaveLength(3);
    expect(gate.writes[0]!.every(({ length }) => length > 0)).toBe(true);
    expect(tapped.map(([, bytes]) => bytes)).toEqual(
      sent.map(([, data], i) => Buffer.byteLength(expected[i]!) + (data?.length ?? 0)),
    );
    for (const [i, [head]] of tapped.entries())
      expect(expected[i]!.startsWith(head.slice(0, 200))).toBe(true);
  });

  test("counts data as waiting, and forgets what is withdrawn or handed over", async () => {
    const { gate, writer } = setUp(1000);
    expect(writer.append(withData(1000))).toBe(false);
    const [first, second] = [withData(500), withData(400)];
    expect([writer.append(first), writer.append(second)]).toEqual([true, true]);
    expect(writer.queuedBytes).toBe(914);
    expect(writer.append(withData(100))).toBe(false);
    writer.withdraw(second);
    expect([writer.queuedBytes, second.data]).toEqual([507, undefined]);
    await gate.arrival();
    expect(first.data).toBeUndefined();
    gate.release();
    expect(writer.queuedBytes).toBe(0);
  });

  test.each([100, 20_000])(
    "memory that was given away meanwhile does not break the frames: %i bytes",
    async (bytes) => {
      const { gate, writer } = setUp();
      const memory = new ArrayBuffer(bytes);
      writer.append(frame(`{"a":1`, undefined, "", undefined, Buffer.from(memory)));
      writer.append(message(2));
      memory.transfer();
      await gate.arrival();
      expect(gate.bodies()).toEqual(['{"a":1}', '{"a":1,"b":2}']);
      expect(gate.data()).toEqual([Buffer.alloc(bytes), undefined]);
    },
  );

  test("whatever is appended in one turn leaves in one write, promise continuations included", async () => {
    const { gate, writer } = setUp();
    writer.append(message(1));
    process.nextTick(() => writer.append(message(2)));
    const later = (async () => {
      for (let i = 0; i < 10; i++) await Promise.resolve();
      writer.append(message(3));
    })();
    await Promise.all([later, gate.arrival()]);
    expect(gate.writes).toHaveLength(1);
    expect(gate.bodies()).toHaveLength(3);
  });

  test("only one write is outstanding; what waits behind it is unsent and can be withdrawn", async () => {
    const { gate, writer } = setUp();
    const [first, second, third] = [message(1), message(2), message(3)];
    writer.append(first);
    await gate.arrival();
    writer.append(second);
    writer.append(third);
    expect([first.state, second.state, third.state]).toEqual(["handed_over", "queued", "queued"]);
    expect(writer.withdraw(first)).toBe(false);
    expect(writer.withdraw(second)).toBe(true);
    expect(writer.withdraw(second)).toBe(true);
    gate.release();
    await gate.arrival();
    expect(second.state).toBe("withdrawn");
    expect(gate.bodies()).toEqual(['{"a":1,"b":1}', '{"a":1,"b":3}']);
    gate.release();
    expect(writer.queuedBytes).toBe(0);
  });

  test("what is withdrawn behind a stuck reader is kept no longer, and the rest stays in order", async () => {
    const { gate, writer } = setUp();
    writer.append(message(0));
    await gate.arrival();
    const withdrawn = [];
    for (let i = 1; i <= 1000; i++) {
      const each = message(i);
      writer.append(each);
      if (i % 100 === 0) continue;
      withdrawn.push(each);
      writer.withdraw(each);
    }
    expect(withdrawn.filter(({ payload }) => payload !== undefined)).toEqual([]);
    gate.release();
    await gate.arrival();
    const kept = [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000];
    expect(gate.bodies()).toEqual(kept.map((i) => `{"a":1,"b":${i}}`));
    gate.release();
    expect(writer.queuedBytes).toBe(0);
  });

  test("a stuck reader leaves most of a long queue unsent", async () => {
    const { gate, writer } = setUp();
    const messages = Array.from({ length: 100 }, () => message("x".repeat(100_000)));
    for (const each of messages) writer.append(each);
    await gate.arrival();
    expect(messages.filter(({ state }) => state === "queued").length).toBeGreaterThan(80);
  });

  test("refuses what would go over its bound, and takes it again when there is room", async () => {
    const { gate, writer } = setUp(1000);
    expect(writer.append(message("x".repeat(900)))).toBe(true);
    expect(writer.append(message("x".repeat(100)))).toBe(false);
    expect(writer.append(message("x".repeat(100)), true)).toBe(true);
    await gate.arrival();
    gate.release();
    expect(writer.append(message("x".repeat(900)))).toBe(true);
  });

  test("ends after the last frame", async () => {
    const { gate, writer } = setUp();
    writer.append(message(1));
    const ended = writer.end();
    expect(writer.append(message(2))).toBe(false);
    await gate.arrival();
    gate.release();
    await ended;
    expect(gate.bodies()).toEqual(['{"a":1,"b":1}']);
    expect(gate.writableFinished).toBe(true);
  });

  test("an end in the middle of a write waits for it", async () => {
    const { gate, writer } = setUp();
    writer.append(message(1));
    await gate.arrival();
    const second = message(2);
    writer.append(second);
    const ended = writer.end();
    expect([second.state, gate.writableLength]).toEqual(["queued", gate.writes[0]![0]!.length]);
    gate.release();
    await gate.arrival();
    gate.release();
    await ended;
    expect(gate.bodies()).toHaveLength(2);
  });

  test("a failing output is reported once and leaves the queue unsent", async () => {
    const { gate, writer, failures } = setUp();
    const [first, second] = [message(1), message(2)];
    writer.append(first);
    await gate.arrival();
    writer.append(second);
    const closed = new Promise((resolve) => gate.once("close", resolve));
    gate.release(Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    await closed;
    expect(failures).toMatchObject([{ code: "EPIPE" }]);
    expect(writer.append(message(3))).toBe(false);
    expect(writer.withdraw(second)).toBe(true);
    await writer.end();
  });

  test("an output that is destroyed under it is reported once", async () => {
    const { gate, writer, failures } = setUp();
    writer.append(message(1));
    const closed = new Promise((resolve) => gate.once("close", resolve));
    gate.destroy();
    await closed;
    expect(failures).toHaveLength(1);
    expect(writer.open).toBe(false);
  });

  test("ten thousand frames arrive in order", async () => {
    const output = new PassThrough();
    const writer = new FrameWriter(output, { queueBytes: 1e9, onFailed: () => {} });
    for (let i = 0; i < 10_000; i++) writer.append(message(i));
    void writer.end();
    const parser = new FrameParser();
    const found: string[] = [];
    output.on("data", (chunk: Buffer) => {
      parser.push(chunk);
      for (let body = parser.next(); body; body = parser.next()) found.push(body.toString());
    });
    await new Promise((resolve) => output.once("end", resolve));
    expect(found).toEqual(Array.from({ length: 10_000 }, (_, i) => `{"a":1,"b":${i}}`));
  });
});
