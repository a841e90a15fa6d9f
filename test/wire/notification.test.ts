import { describe, expect, test } from "vitest";
import { encodeFrame } from "../../src/wire/framing.ts";
import { toSlice } from "../../src/wire/peer.ts";
import type { IncomingRequest, Item, PeerOptions } from "../../src/wire/peer.ts";
import { messages, pairOfPeers, peerAndFarEnd, plain } from "./pair.ts";

const json = (value: object): Buffer => encodeFrame(JSON.stringify({ jsonrpc: "2.0", ...value }));
const item = (params: object): Buffer => json({ method: "$/item", params });

/** Resolves once everything that is on its way inside this process has arrived. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

function parsed({ seq, value, cursor }: Item): unknown[] {
  return [seq, JSON.parse(value.toString()), cursor && JSON.parse(cursor.toString())];
}

/** A stream of which the test plays the far side, byte by byte. */
function streaming(credit: number, more: { idleTimeout?: number; totalTimeout?: number } = {}) {
  const violations: string[] = [];
  const options: Partial<PeerOptions> = { onViolation: ({ reason }) => void violations.push(reason) };
  const pair = peerAndFarEnd(options);
  const items: unknown[] = [];
  const outcomes: unknown[] = [];
  const onItem = (each: Item): void => void items.push(parsed(each));
  const call = pair.peer.call("a.b", undefined, { ...more, credit, onItem }, (outcome) =>
    outcomes.push(plain(outcome)),
  );
  return { ...pair, call, items, outcomes, violations, sent: messages(pair.far) };
}

describe("items of a call", () => {
  test("come in order, with their cursors", async () => {
    const { far, items } = streaming(2);
    far.write(item({ id: 1, seq: 0, value: { a: 1 } }));
    far.write(item({ cursor: "p\u00e9", value: null, seq: 1, id: 1 }));
    await settled();
    expect(items).toEqual([
      [0, { a: 1 }, undefined],
      [1, null, "p\u00e9"],
    ]);
  });

  test.each([
    ["beyond the credit", [0, 1, 2], "credit_exceeded"],
    ["out of order", [1], "item_out_of_order"],
    ["twice", [0, 0], "item_out_of_order"],
  ])("%s end the connection", async (_, seqs, reason) => {
    const { far, violations } = streaming(2);
    for (const seq of seqs) far.write(item({ id: 1, seq, value: 0 }));
    await settled();
    expect(violations).toEqual([reason]);
  });

  test.each([
    ["no value", { id: 1, seq: 0 }, "bad_item"],
    ["no seq", { id: 1, value: 0 }, "bad_item"],
    ["a seq that is text", { id: 1, seq: "0", value: 0 }, "bad_item"],
    ["a seq that is no integer", { id: 1, seq: 0.5, value: 0 }, "bad_item"],
    ["a cursor that is no text", { id: 1, seq: 0, value: 0, cursor: 7 }, "bad_item"],
    ["a cursor that is too long", { id: 1, seq: 0, value: 0, cursor: "x".repeat(1025) }, "bad_item"],
    ["an id that was never issued", { id: 2, seq: 0, value: 0 }, "unknown_id"],
    ["an id that is text", { id: "1", seq: 0, value: 0 }, "unknown_id"],
    ["an id between two", { id: 1.5, seq: 0, value: 0 }, "unknown_id"],
  ])("with %s end the connection", async (_, params, reason) => {
    const { far, violations } = streaming(2);
    far.write(item(params));
    await settled();
    expect(violations).toEqual([reason]);
  });

  test("with the longest cursor pass, however it is written", async () => {
    const { far, items, violations } = streaming(2);
    const body = `{"jsonrpc":"2.0","method":"$/item","params":{"id":1,"seq":0,"value":0,"cursor":"${"\\u00e9".repeat(1024)}"}}`;
    far.write(encodeFrame(body));
    await settled();
    expect(violations).toEqual([]);
    expect(items).toEqual([[0, 0, "\u00e9".repeat(1024)]]);
  });

  test("that nobody asked for end the connection", async () => {
    const violations: string[] = [];
    const { peer, far } = peerAndFarEnd({ onViolation: ({ reason }) => void violations.push(reason) });
    void peer.request("a.b");
    far.write(item({ id: 1, seq: 0, value: 0 }));
    await settled();
    expect(violations).toEqual(["credit_exceeded"]);
  });

  test("that come after their call was given up, or answered, are ignored", async () => {
    const { far, call, items, violations, outcomes, sent } = streaming(1);
    await sent.next();
    call.cancel();
    far.write(item({ id: 1, seq: 7, value: 0 }));
    far.write(json({ id: 1, result: null }));
    far.write(item({ id: 1, seq: 8, value: 0 }));
    await settled();
    expect([items, violations]).toEqual([[], []]);
    expect(outcomes).toMatchObject([{ cause: "cancelled" }]);
  });
});

describe("the deadlines of a stream", () => {
  test("an item moves the idle one", async () => {
    const { far, clock, outcomes } = streaming(5, { idleTimeout: 100 });
    clock.advance(90);
    far.write(item({ id: 1, seq: 0, value: 0 }));
    await settled();
    clock.advance(90);
    expect(outcomes).toEqual([]);
    clock.advance(30);
    expect(outcomes).toMatchObject([{ cause: "timeout", timeout: "idle" }]);
  });

  test("the idle one rests without credit, and begins again with the next", async () => {
    const { far, clock, outcomes, call } = streaming(1, { idleTimeout: 100 });
    far.write(item({ id: 1, seq: 0, value: 0 }));
    far.write(json({ method: "$/progress", params: { id: 1, value: 0 } }));
    await settled();
    clock.advance(10_000);
    expect(outcomes).toEqual([]);
    call.grant(1);
    clock.advance(90);
    expect(outcomes).toEqual([]);
    clock.advance(30);
    expect(outcomes).toMatchObject([{ cause: "timeout", timeout: "idle" }]);
  });

  test("the total one does not rest", async () => {
    const { clock, outcomes } = streaming(0, { idleTimeout: 100, totalTimeout: 1000 });
    clock.advance(990);
    expect(outcomes).toEqual([]);
    clock.advance(20);
    expect(outcomes).toMatchObject([{ cause: "timeout", timeout: "total" }]);
  });
});

describe("credit", () => {
  test("is sent, and allows so many more", async () => {
    const { far, call, sent, items } = streaming(0);
    await sent.next();
    call.grant(2);
    expect(await sent.next()).toEqual({ jsonrpc: "2.0", method: "$/credit", params: { id: 1, n: 2 } });
    far.write(item({ id: 1, seq: 0, value: 0 }));
    far.write(item({ id: 1, seq: 1, value: 0 }));
    await settled();
    expect(items).toHaveLength(2);
  });

  test("that is not sent yet is one message, however often it is granted", async () => {
    const { call, sent, peer } = streaming(0);
    await sent.next();
    for (let n = 1; n <= 100; n++) call.grant(n);
    expect(peer.queuedBytes).toBeLessThan(100);
    expect(await sent.next()).toMatchObject({ method: "$/credit", params: { id: 1, n: 5050 } });
    peer.notify("last");
    expect(await sent.next()).toMatchObject({ method: "last" });
  });

  test("never goes beyond 32 bits", async () => {
    const { call, sent, peer } = streaming(1);
    await sent.next();
    call.grant(2 ** 31 - 5);
    call.grant(1000);
    call.grant(1000);
    expect(await sent.next()).toMatchObject({ params: { n: 2 ** 31 - 2 } });
    peer.notify("last");
    expect(await sent.next()).toMatchObject({ method: "last" });
  });

  test("of a call that is over is not sent", async () => {
    const { far, call, sent, peer } = streaming(1);
    await sent.next();
    far.write(json({ id: 1, result: null }));
    await settled();
    call.grant(1);
    peer.notify("last");
    expect(await sent.next()).toMatchObject({ method: "last" });
  });

  test("reaches the request that it names, and no other", async () => {
    const granted: unknown[] = [];
    const { far } = peerAndFarEnd({
      onRequest: (request) => request.onCredit((n) => granted.push([request.id, n])),
    });
    far.write(json({ id: 5, method: "a.b" }));
    far.write(json({ id: "5", method: "a.b" }));
    far.write(json({ method: "$/credit", params: { id: "5", n: 3 } }));
    far.write(json({ method: "$/credit", params: { id: 5, n: 2147483647 } }));
    far.write(json({ method: "$/credit", params: { id: 99, n: 1 } }));
    await settled();
    expect(granted).toEqual([
      ["5", 3],
      [5, 2147483647],
    ]);
  });

  test.each([0, -1, 1.5, 2147483648, "1", null, undefined])("of %s ends the connection", async (n) => {
    const violations: string[] = [];
    const { far } = peerAndFarEnd({
      onRequest: () => undefined,
      onViolation: ({ reason }) => void violations.push(reason),
    });
    far.write(json({ id: 5, method: "a.b" }));
    far.write(json({ method: "$/credit", params: { id: 5, n } }));
    await settled();
    expect(violations).toEqual(["bad_credit"]);
  });
});

describe("items of a request", () => {
  test("arrive as they were sent, whatever is in them", async () => {
    const { near } = pairOfPeers({
      onRequest: (request) => {
        request.item(0, toSlice({ text: "\u4e16\u754c \u{1f30d}" }), toSlice("p\u00e9\u{1f30d}\n\u0001"));
        request.item(1, toSlice([]), toSlice("2"));
        request.respond(toSlice("end"));
      },
    });
    const items: unknown[] = [];
    const outcome = await new Promise((resolve) => {
      const options = { credit: 2, onItem: (item: Item) => void items.push(parsed(item)) };
      near.call("a.b", undefined, options, (each) => resolve(plain(each)));
    });
    expect(items).toEqual([
      [0, { text: "\u4e16\u754c \u{1f30d}" }, "p\u00e9\u{1f30d}\n\u0001"],
      [1, [], "2"],
    ]);
    expect(outcome).toEqual({ result: "end" });
  });

  test("that are larger than a frame end the request with an error", async () => {
    let cancelled = false;
    const { near } = pairOfPeers({
      limits: { frameBytes: 1000 },
      onRequest: (request) => {
        request.onCancel(() => (cancelled = true));
        expect(request.item(0, toSlice("x".repeat(1000)))).toBe(true);
      },
    });
    const outcome = await new Promise((resolve) => {
      const options = { credit: 2, onItem: () => undefined };
      near.call("a.b", undefined, options, (each) => resolve(plain(each)));
    });
    expect(outcome).toMatchObject({ error: { code: -32603 } });
    expect(cancelled).toBe(true);
  });

  test("say when nobody takes them", async () => {
    let request: IncomingRequest | undefined;
    const { far } = peerAndFarEnd({
      limits: { queueBytes: 100_000 },
      onRequest: (each) => (request = each),
    });
    far.write(json({ id: 1, method: "a.b" }));
    await settled();
    const value = toSlice("x".repeat(10_000));
    const queued = Array.from({ length: 20 }, (_, seq) => request?.item(seq, value));
    expect(queued.indexOf(false)).toBe(9);
  });
});
