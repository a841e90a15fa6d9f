import { getEventListeners } from "node:events";
import { PassThrough } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Deadlines } from "../../src/wire/deadlines.ts";
import { encodeFrame } from "../../src/wire/framing.ts";
import { members, toSlice } from "../../src/wire/peer.ts";
import type { IncomingRequest, Outcome, PeerEnd, PeerOptions } from "../../src/wire/peer.ts";
import { FakeClock } from "./fake-clock.ts";
import { messages, pairOfPeers, peerAndFarEnd, plain } from "./pair.ts";

const json = (value: object): Buffer => encodeFrame(JSON.stringify({ jsonrpc: "2.0", ...value }));

/** Resolves once everything that is on its way inside this process has arrived. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe("calls", () => {
  test("are numbered from 1 and settle with their answers, in any order", async () => {
    const { peer, far } = peerAndFarEnd();
    const sent = messages(far);
    const first = peer.request("a.one", { x: 1 });
    const second = peer.request("a.two");
    expect(await sent.next()).toEqual({ jsonrpc: "2.0", id: 1, method: "a.one", params: { x: 1 } });
    expect(await sent.next()).toEqual({ jsonrpc: "2.0", id: 2, method: "a.two" });
    expect(peer.inFlight).toBe(2);
    far.write(json({ id: 2, error: { code: -1, message: "no", data: [1] } }));
    far.write(json({ id: 1, result: { y: "\u00e9" } }));
    expect(plain(await first)).toEqual({ result: { y: "\u00e9" } });
    expect(plain(await second)).toEqual({ error: { code: -1, message: "no", data: [1] } });
    expect(peer.inFlight).toBe(0);
  });

  test("carry ctx and a method of any characters", async () => {
    const { peer, far } = peerAndFarEnd();
    const sent = messages(far);
    peer.call('\u00fc"\\\u{1f600}', undefined, { ctx: Buffer.from('{"ms":5}') }, () => {});
    peer.call("m", Buffer.from("[]"), { ctx: Buffer.from('{"\u00e9":5}') }, () => {});
    expect(await sent.next()).toEqual({
      jsonrpc: "2.0",
      id: 1,
      method: '\u00fc"\\\u{1f600}',
      ctx: { ms: 5 },
    });
    expect(await sent.next()).toEqual({
      jsonrpc: "2.0",
      id: 2,
      method: "m",
      ctx: { "\u00e9": 5 },
      params: [],
    });
  });

  test("that time out settle at once, are cancelled over there, and keep their place until answered", async () => {
    const abandoned: number[] = [];
    const late: unknown[] = [];
    const { peer, far, clock } = peerAndFarEnd({
      onAbandoned: (count) => abandoned.push(count),
      onLateAnswer: (...args) => late.push(args),
    });
    const sent = messages(far);
    const call = peer.request("slow", undefined, { totalTimeout: 100 });
    await sent.next();
    clock.advance(110);
    expect(await call).toEqual({ settlement: "maybe_executed", cause: "timeout", timeout: "total" });
    expect(await sent.next()).toEqual({ jsonrpc: "2.0", method: "$/cancelRequest", params: { id: 1 } });
    expect([peer.inFlight, peer.abandoned, abandoned]).toEqual([1, 1, [1]]);
    expect([...peer.pendingCalls()]).toMatchObject([
      { id: 1, method: "slow", startedAt: 0, abandoned: true, sent: true },
    ]);
    far.write(json({ id: 1, result: 1 }));
    far.write(json({ id: 1, result: 1 }));
    await settled();
    expect([peer.inFlight, peer.abandoned]).toEqual([0, 0]);
    expect(late).toEqual([
      [1, "abandoned"],
      [1, "duplicate"],
    ]);
  });

  test("that time out before they were written were not sent, and never are", async () => {
    const output = new PassThrough({ highWaterMark: 1 });
    const { peer, clock } = peerAndFarEnd({ output });
    const stuck = peer.request("first", "x".repeat(100_000).split(""), { idleTimeout: 50 });
    await settled();
    const behind = peer.request("second", undefined, { idleTimeout: 50 });
    clock.advance(100);
    expect(await stuck).toEqual({ settlement: "maybe_executed", cause: "timeout", timeout: "idle" });
    expect(await behind).toEqual({ settlement: "not_sent", cause: "timeout", timeout: "idle" });
    expect(peer.inFlight).toBe(1);
    const ended = peer.end();
    const bytes = Buffer.concat(await output.toArray()).toString();
    await ended;
    expect(bytes).toContain("first");
    expect(bytes).not.toContain("second");
  });

  test("progress moves the idle deadline but not the total one", async () => {
    const { peer, far, clock } = peerAndFarEnd();
    const seen: unknown[] = [];
    const call = peer.request("scan", undefined, {
      idleTimeout: 100,
      totalTimeout: 450,
      onProgress: (value) => seen.push(JSON.parse(value.toString())),
    });
    await settled();
    for (let i = 1; i <= 5; i++) {
      clock.advance(80);
      far.write(json({ method: "$/progress", params: { id: 1, value: { done: i } } }));
      await settled();
    }
    expect(seen).toHaveLength(5);
    clock.advance(60);
    expect(await call).toMatchObject({ cause: "timeout", timeout: "total" });
  });

  test("silence after progress is an idle timeout", async () => {
    const { peer, far, clock } = peerAndFarEnd();
    const call = peer.request("scan", undefined, { idleTimeout: 100 });
    await settled();
    clock.advance(80);
    far.write(json({ method: "$/progress", params: { id: 1, value: 1 } }));
    await settled();
    clock.advance(80);
    expect(peer.abandoned).toBe(0);
    clock.advance(30);
    expect(await call).toMatchObject({ cause: "timeout", timeout: "idle" });
  });

  test("have their peer's idle timeout, unless they bring their own", async () => {
    const { peer, clock } = peerAndFarEnd({ idleTimeout: 100 });
    const common = peer.request("a");
    const own = peer.request("b", undefined, { idleTimeout: 300 });
    const patient = peer.request("c", undefined, { idleTimeout: Infinity, totalTimeout: 500 });
    await settled();
    clock.advance(110);
    expect(await common).toMatchObject({ cause: "timeout", timeout: "idle" });
    expect(peer.abandoned).toBe(1);
    clock.advance(200);
    expect(await own).toMatchObject({ cause: "timeout", timeout: "idle" });
    expect(peer.abandoned).toBe(2);
    clock.advance(200);
    expect(await patient).toMatchObject({ cause: "timeout", timeout: "total" });
  });

  test("are cancelled by their signal or by hand, once", async () => {
    const { peer, far } = peerAndFarEnd();
    const sent = messages(far);
    const controller = new AbortController();
    const bySignal = peer.request("a", undefined, { signal: controller.signal });
    const outcomes: Outcome[] = [];
    const byHand = peer.call("b", undefined, {}, (outcome) => outcomes.push(outcome));
    await sent.next();
    await sent.next();
    controller.abort();
    byHand.cancel();
    byHand.cancel();
    expect(await bySignal).toEqual({ settlement: "maybe_executed", cause: "cancelled" });
    expect(outcomes).toEqual([{ settlement: "maybe_executed", cause: "cancelled" }]);
    expect(await sent.next()).toMatchObject({ method: "$/cancelRequest", params: { id: 1 } });
    expect(await sent.next()).toMatchObject({ method: "$/cancelRequest", params: { id: 2 } });
    expect(await peer.request("c", undefined, { signal: controller.signal })).toEqual({
      settlement: "not_sent",
      cause: "cancelled",
    });
  });

  test("cancelled in the turn in which they were made are never sent", async () => {
    const { peer, far } = peerAndFarEnd();
    const sent = messages(far);
    const outcomes: Outcome[] = [];
    peer.call("a", undefined, {}, (outcome) => outcomes.push(outcome)).cancel();
    peer.notify("b");
    expect(outcomes).toEqual([{ settlement: "not_sent", cause: "cancelled" }]);
    expect(await sent.next()).toMatchObject({ method: "b" });
    expect(peer.inFlight).toBe(0);
  });

  test("leave no deadline and no listener behind", async () => {
    const deadlines = new Deadlines(new FakeClock());
    const { peer, far } = peerAndFarEnd({ deadlines });
    const { signal } = new AbortController();
    const call = peer.request("a", undefined, { signal, idleTimeout: 5, totalTimeout: 5 });
    expect([deadlines.pending, getEventListeners(signal, "abort").length]).toEqual([1, 1]);
    await settled();
    far.write(json({ id: 1, result: 1 }));
    await call;
    expect([deadlines.pending, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
  });

  test("over a bound are refused without being sent, and never before call has returned", async () => {
    const { peer } = peerAndFarEnd({ limits: { callsInFlight: 2, frameBytes: 1000, queueBytes: 2000 } });
    void peer.request("a");
    void peer.request("b", ["x".repeat(900)]);
    expect(await peer.request("c")).toEqual({ settlement: "not_sent", cause: "busy" });
    let returned = false;
    const outcome = new Promise((resolve) => {
      const call = peer.call("d", undefined, {}, (outcome) => resolve([returned, outcome]));
      expect(call.id).toBe(0);
      returned = true;
    });
    expect(await outcome).toEqual([true, { settlement: "not_sent", cause: "busy" }]);
    const other = peerAndFarEnd({ limits: { frameBytes: 1000, queueBytes: 2000 } }).peer;
    expect(await other.request("e", ["x".repeat(1000)])).toEqual({
      settlement: "not_sent",
      cause: "too_large",
    });
    void other.request("f", ["x".repeat(900)]);
    void other.request("f", ["x".repeat(900)]);
    expect(await other.request("g", ["x".repeat(900)])).toEqual({ settlement: "not_sent", cause: "busy" });
  });

  test("one whose settle throws disturbs no other", async () => {
    const errors: unknown[] = [];
    const { peer, far } = peerAndFarEnd({ onHandlerError: (error) => errors.push(error) });
    peer.call("a", undefined, {}, () => {
      throw new Error("mine");
    });
    const second = peer.request("b");
    await settled();
    far.write(Buffer.concat([json({ id: 1, result: 1 }), json({ id: 2, result: 2 })]));
    expect(plain(await second)).toEqual({ result: 2 });
    expect(errors).toMatchObject([{ message: "mine" }]);
  });
});

describe("the end", () => {
  test("settles everything at once: sent or not sent", async () => {
    const ends: PeerEnd[] = [];
    const { peer, far } = peerAndFarEnd({ onEnd: (end) => ends.push(end) });
    const sent = peer.request("a");
    await messages(far).next();
    far.end("Content-Length: 5\r\n\r\n{");
    expect(await sent).toEqual({ settlement: "maybe_executed", cause: "closed" });
    expect(ends).toEqual([{ kind: "eof", truncated: true }]);
    expect(await peer.request("b")).toEqual({ settlement: "not_sent", cause: "closed" });
    expect(peer.inFlight).toBe(0);
  });

  test("answers that came with it count", async () => {
    const { peer, far } = peerAndFarEnd();
    const first = peer.request("a");
    const second = peer.request("b");
    await settled();
    far.end(json({ id: 2, result: "in time" }));
    expect(plain(await second)).toEqual({ result: "in time" });
    expect(await first).toMatchObject({ cause: "closed" });
  });

  test("with holdOnEnd calls wait for settleLost, but no longer than their deadlines", async () => {
    const ends: PeerEnd[] = [];
    const { peer, far, clock } = peerAndFarEnd({ holdOnEnd: true, onEnd: (end) => ends.push(end) });
    const outcomes: unknown[] = [];
    peer.call("short", undefined, { totalTimeout: 10 }, (outcome) => outcomes.push(["short", outcome]));
    peer.call("long", undefined, { totalTimeout: 1000 }, (outcome) => outcomes.push(["long", outcome]));
    await settled();
    far.end();
    await settled();
    expect([ends.length, outcomes.length, peer.inFlight]).toEqual([1, 0, 2]);
    clock.advance(20);
    expect(outcomes).toEqual([
      ["short", { settlement: "maybe_executed", cause: "timeout", timeout: "total" }],
    ]);
    expect([...peer.pendingCalls()].map(({ method, abandoned }) => [method, abandoned])).toEqual([
      ["short", true],
      ["long", false],
    ]);
    peer.settleLost();
    peer.settleLost();
    expect(outcomes.slice(1)).toEqual([["long", { settlement: "maybe_executed", cause: "closed" }]]);
    expect([peer.inFlight, peer.abandoned]).toEqual([0, 0]);
    clock.advance(10_000);
    expect(outcomes).toHaveLength(2);
  });

  test("an output that fails leaves open what was sent and settles what was not", async () => {
    const output = new PassThrough({ highWaterMark: 1 });
    const failures: Error[] = [];
    const { peer, far } = peerAndFarEnd({ output, onOutputFailed: (error) => failures.push(error) });
    const sent = peer.request("a", ["x".repeat(100_000)]);
    await settled();
    const unsent = peer.request("b");
    output.destroy(new Error("EPIPE"));
    expect(await unsent).toEqual({ settlement: "not_sent", cause: "closed" });
    expect(failures).toMatchObject([{ message: "EPIPE" }]);
    expect(await peer.request("c")).toEqual({ settlement: "not_sent", cause: "closed" });
    far.write(json({ id: 1, result: "still there" }));
    expect(plain(await sent)).toEqual({ result: "still there" });
  });

  test("destroy settles everything and closes both streams", async () => {
    const ends: PeerEnd[] = [];
    const { peer, far } = peerAndFarEnd({ onEnd: (end) => ends.push(end) });
    const call = peer.request("a");
    peer.destroy();
    peer.destroy();
    expect(await call).toEqual({ settlement: "not_sent", cause: "closed" });
    expect(ends).toEqual([{ kind: "destroyed" }]);
    far.destroy();
  });

  test("a stream that failed is an end", async () => {
    const input = new PassThrough();
    const ended = new Promise<PeerEnd>((resolve) => peerAndFarEnd({ input, onEnd: resolve }));
    input.destroy(new Error("ECONNRESET"));
    expect(await ended).toMatchObject({ kind: "error", error: { message: "ECONNRESET" } });
  });

  test("a stream that was over before is an end", async () => {
    const input = new PassThrough();
    input.destroy();
    const ended = new Promise<PeerEnd>((resolve) => peerAndFarEnd({ input, onEnd: resolve }));
    expect(await ended).toEqual({ kind: "eof", truncated: false });
  });
});

describe("requests", () => {
  test("are answered once, with a result or an error", async () => {
    const { far } = peerAndFarEnd({
      onRequest: (request) => {
        const [x] = members(request.params, "x");
        if (x) request.respond(x);
        else request.fail({ code: 7, message: "no x" });
        request.respond(toSlice("too late"));
      },
    });
    const received = messages(far);
    far.write(json({ id: "\u00e9\n", method: "echo", params: { x: [1] } }));
    far.write(json({ id: 5, method: "echo" }));
    expect(await received.next()).toEqual({ jsonrpc: "2.0", id: "\u00e9\n", result: [1] });
    expect(await received.next()).toEqual({ jsonrpc: "2.0", id: 5, error: { code: 7, message: "no x" } });
  });

  test("nobody handles are answered: method not found", async () => {
    const { far } = peerAndFarEnd();
    far.write(json({ id: 5, method: "x.y" }));
    expect(await messages(far).next()).toMatchObject({ id: 5, error: { code: -32601 } });
  });

  test("whose handler throws are answered: internal error", async () => {
    const errors: unknown[] = [];
    const { far } = peerAndFarEnd({
      onRequest: () => {
        throw new Error("mine");
      },
      onHandlerError: (error) => errors.push(error),
    });
    far.write(json({ id: 5, method: "x.y" }));
    expect(await messages(far).next()).toMatchObject({ id: 5, error: { code: -32603 } });
    expect(errors).toHaveLength(1);
  });

  test("report progress under their id", async () => {
    const { far } = peerAndFarEnd({
      onRequest: (request) => {
        request.progress(toSlice({ done: 1 }));
        request.respond(toSlice(2));
        request.progress(toSlice("too late"));
      },
    });
    const received = messages(far);
    far.write(json({ id: "a", method: "x" }));
    far.write(json({ id: 1, method: "x" }));
    expect(await received.next()).toEqual({
      jsonrpc: "2.0",
      method: "$/progress",
      params: { id: "a", value: { done: 1 } },
    });
    expect(await received.next()).toEqual({ jsonrpc: "2.0", id: "a", result: 2 });
    expect(await received.next()).toMatchObject({ params: { id: 1, value: { done: 1 } } });
    expect(await received.next()).toMatchObject({ id: 1, result: 2 });
  });

  test("report progress only while little of it is waiting", async () => {
    const { far, peer } = peerAndFarEnd({
      onRequest: (request) => {
        for (let i = 0; i < 100_000; i++) request.progress(toSlice({ done: i }));
        expect(peer.queuedBytes).toBeLessThan(1024 * 1024 + 128);
        request.respond(toSlice("done"));
      },
    });
    far.write(json({ id: 1, method: "x" }));
    const received = messages(far);
    let last = await received.next();
    while (!("result" in Object(last))) last = await received.next();
    expect(last).toMatchObject({ id: 1, result: "done" });
  });

  test("are told of their cancellation, and answered all the same", async () => {
    const { far } = peerAndFarEnd({
      onRequest: (request) => {
        request.onCancel(() => {
          expect(request.cancelled).toBe(true);
          request.fail({ code: -32800, message: "cancelled" });
        });
      },
    });
    far.write(json({ id: "a", method: "slow" }));
    far.write(json({ method: "$/cancelRequest", params: { id: "other" } }));
    far.write(json({ method: "$/cancelRequest", params: { id: "a" } }));
    far.write(json({ method: "$/cancelRequest" }));
    expect(await messages(far).next()).toMatchObject({ id: "a", error: { code: -32800 } });
  });

  test("over the bound are answered: busy", async () => {
    const open: IncomingRequest[] = [];
    const { far } = peerAndFarEnd({
      limits: { requestsInFlight: 1 },
      busy: { code: -31950, message: "busy" },
      onRequest: (request) => open.push(request),
    });
    const received = messages(far);
    far.write(json({ id: 1, method: "a" }));
    far.write(json({ id: 2, method: "b" }));
    expect(await received.next()).toMatchObject({ id: 2, error: { code: -31950 } });
    open[0]!.respond(toSlice(null));
    expect(await received.next()).toMatchObject({ id: 1, result: null });
    far.write(json({ id: 2, method: "b" }));
    await settled();
    expect(open).toHaveLength(2);
  });

  test("an answer over the frame limit becomes an error that says so", async () => {
    const { far } = peerAndFarEnd({
      limits: { frameBytes: 1000 },
      onRequest: (request) => request.respond(toSlice("x".repeat(1000))),
    });
    far.write(json({ id: 1, method: "a" }));
    expect(await messages(far).next()).toMatchObject({ id: 1, error: { code: -32603 } });
  });

  test("a batch is answered as invalid, and the session goes on", async () => {
    const { far } = peerAndFarEnd({ onRequest: (request) => request.respond(toSlice("here")) });
    const received = messages(far);
    far.write(encodeFrame('[{"jsonrpc":"2.0","id":1,"method":"a"}]'));
    far.write(json({ id: 1, method: "a" }));
    expect(await received.next()).toMatchObject({ id: null, error: { code: -32600 } });
    expect(await received.next()).toMatchObject({ id: 1, result: "here" });
  });

  test("who takes no answers is cut off at the bound", async () => {
    const output = new PassThrough({ highWaterMark: 1 });
    const ended = new Promise<PeerEnd>((resolve) => {
      const { far } = peerAndFarEnd({
        output,
        limits: { frameBytes: 10_000, queueBytes: 20_000 },
        onRequest: (request) => request.respond(toSlice("x".repeat(5000))),
        onEnd: resolve,
      });
      for (let id = 1; id <= 10; id++) far.write(json({ id, method: "a" }));
    });
    expect(await ended).toMatchObject({ kind: "overflow" });
    expect(output.destroyed).toBe(true);
  });

  test("are cancelled when nobody is left to take the answer", async () => {
    const output = new PassThrough();
    const cancelled = new Promise<boolean>((resolve) => {
      const { far } = peerAndFarEnd({
        output,
        onRequest: (request) => {
          request.onCancel(() => resolve(request.cancelled));
          output.destroy();
        },
      });
      far.write(json({ id: 1, method: "a" }));
    });
    expect(await cancelled).toBe(true);
  });
});

describe("violations", () => {
  test.each([
    ["an answer to an id never issued", json({ id: 1, result: 1 }), "unknown_id"],
    ["an answer to a text id", json({ id: "1", result: 1 }), "unknown_id"],
    [
      "a second request of an id still open",
      Buffer.concat([json({ id: 1, method: "a" }), json({ id: 1, method: "a" })]),
      "duplicate_request",
    ],
    ["an error without a code", json({ id: null, error: { message: "x" } }), "bad_envelope"],
    [
      "an error that is too large to parse",
      json({ id: null, error: { code: 1, message: "x".repeat(2_000_000) } }),
      "error_too_large",
    ],
    ["JSON that is none", encodeFrame("{nope}"), "bad_json"],
    ["a header that is none", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "bad_header"],
  ])("%s", async (_, bytes, reason) => {
    const seen: string[] = [];
    const { far } = peerAndFarEnd({
      onRequest: () => {},
      onNotification: () => seen.push("notification"),
      onViolation: (violation) => seen.push(violation.reason),
      onEnd: (end) => seen.push(end.kind),
    });
    far.write(Buffer.concat([bytes, json({ method: "afterwards" })]));
    far.end(json({ method: "afterwards" }));
    await settled();
    expect(seen).toEqual([reason, "violation"]);
  });

  test("settle what is pending", async () => {
    const { peer, far } = peerAndFarEnd();
    const call = peer.request("a");
    await settled();
    far.write(json({ id: 99, result: 1 }));
    expect(await call).toEqual({ settlement: "maybe_executed", cause: "closed" });
  });
});

describe("everything else", () => {
  test("notifications and answers are handled in the order in which they arrive", async () => {
    const seen: string[] = [];
    const { peer, far } = peerAndFarEnd({
      noise: "tolerate",
      onNotification: (method, params) => seen.push(`${method} ${params?.toString() ?? "-"}`),
      onUnmatchedError: ({ message }) => seen.push(message),
      onNoise: (bytes) => seen.push(bytes.toString()),
    });
    peer.call("a", undefined, {}, () => seen.push("answer"));
    await settled();
    far.write(
      Buffer.concat([
        json({ method: "one" }),
        json({ method: "$/two", params: [1] }),
        Buffer.from("stray"),
        json({ id: 1, result: 1 }),
        json({ method: "$/progress", params: { token: 1, value: 2 } }),
        json({ id: null, error: { code: -32700, message: "what?" } }),
        json({ method: "three" }),
      ]),
    );
    await settled();
    expect(seen).toEqual([
      "one -",
      "$/two [1]",
      "stray",
      "answer",
      '$/progress {"token":1,"value":2}',
      "what?",
      "three -",
    ]);
  });

  test("the tap sees every message with its size", async () => {
    const tapped: unknown[] = [];
    const { peer, far } = peerAndFarEnd({
      onMessage: (direction, body, bytes) => tapped.push([direction, body.toString(), bytes]),
    });
    void peer.request("a");
    await settled();
    far.write(json({ id: 1, result: 1 }));
    await settled();
    expect(tapped).toEqual([
      ["out", '{"jsonrpc":"2.0","id":1,"method":"a"}', 37],
      ["in", '{"jsonrpc":"2.0","id":1,"result":1}', 35],
    ]);
  });

  test("notify says whether it was queued", async () => {
    const { peer } = peerAndFarEnd({ limits: { frameBytes: 100, queueBytes: 200 } });
    expect(peer.notify("a", toSlice(["x"]))).toBe(true);
    expect(peer.notify("a", toSlice(["x".repeat(100)]))).toBe(false);
    void peer.end();
    expect(peer.notify("a")).toBe(false);
  });
});

describe("every call settles exactly once", () => {
  type Step =
    | { kind: "call"; idle: number | undefined; total: number | undefined }
    | { kind: "cancel" | "answer" | "fail" | "progress" | "duplicate"; pick: number }
    | { kind: "advance"; by: number }
    | { kind: "turn" | "stall" | "end" | "kill" | "violate" | "break output" | "settleLost" };

  const timeout = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("call" as const), idle: timeout, total: timeout }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom("cancel", "answer", "fail", "progress", "duplicate"),
        pick: fc.nat(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("advance" as const), by: fc.integer({ min: 1, max: 200 }) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("turn" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom("end", "kill", "violate", "break output", "settleLost", "stall"),
      }),
    },
  );

  test.each([false, true])("whatever happens in whatever order (holdOnEnd: %s)", async (holdOnEnd) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const input = new PassThrough();
        const output = new PassThrough({ highWaterMark: 1 });
        const options: Partial<PeerOptions> = { input, output, holdOnEnd, limits: { callsInFlight: 8 } };
        const { peer, clock } = peerAndFarEnd(options);
        // What the far end has really seen: "not_sent" must never be said of any of it.
        let received = "";
        output.on("data", (chunk: Buffer) => (received += chunk.toString()));
        const outcomes: Outcome[][] = [];
        const calls: ReturnType<typeof peer.call>[] = [];
        for (const step of steps) {
          const call = "pick" in step ? calls[step.pick % (calls.length || 1)] : undefined;
          const issued = call !== undefined && call.id > 0;
          switch (step.kind) {
            case "call": {
              const mine: Outcome[] = [];
              const n = outcomes.push(mine) - 1;
              const options = { idleTimeout: step.idle, totalTimeout: step.total };
              calls.push(peer.call(`call-${n}-`, undefined, options, (outcome) => mine.push(outcome)));
              break;
            }
            case "cancel":
              call?.cancel();
              break;
            case "answer":
            case "duplicate":
              if (issued) input.write(json({ id: call.id, result: 1 }));
              if (issued && step.kind === "duplicate") input.write(json({ id: call.id, result: 1 }));
              break;
            case "fail":
              if (issued) input.write(json({ id: call.id, error: { code: 1, message: "x" } }));
              break;
            case "progress":
              if (issued) input.write(json({ method: "$/progress", params: { id: call.id, value: 1 } }));
              break;
            case "advance":
              clock.advance(step.by);
              break;
            case "turn":
              await new Promise((resolve) => setImmediate(resolve));
              break;
            case "stall":
              output.pause();
              break;
            case "end":
              input.end();
              break;
            case "kill":
              peer.destroy();
              break;
            case "violate":
              input.write(json({ id: 1_000_000, result: 1 }));
              break;
            case "break output":
              output.destroy(new Error("EPIPE"));
              break;
            case "settleLost":
              peer.settleLost();
              break;
          }
          if (input.writableEnded || input.destroyed) input.write = () => true;
        }
        output.resume();
        await settled();
        peer.destroy();
        peer.settleLost();
        clock.advance(1000);
        await settled();
        for (const [n, mine] of outcomes.entries()) {
          expect(mine).toHaveLength(1);
          const seen = received.includes(`call-${n}-`);
          expect([n, seen && mine[0]!.settlement === "not_sent"]).toEqual([n, false]);
        }
        expect([peer.inFlight, peer.abandoned]).toEqual([0, 0]);
        expect(clock.timers.size).toBeLessThanOrEqual(1);
        expect(clock.keepsAlive).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe("data beside the JSON", () => {
  const three = Buffer.from([1, 2, 3]);
  const withData = (value: object): Buffer =>
    encodeFrame(JSON.stringify({ jsonrpc: "2.0", ...value }), three);

  test("goes out with a call, and comes back with its answer", async () => {
    const { near, far } = pairOfPeers({
      takesData: true,
      onRequest: (request) => request.respond(request.params!, request.data),
    });
    const outcome = await near.request("a", { x: 1 }, { data: three, bulk: true });
    expect(outcome).toEqual({ settlement: "answered", result: Buffer.from('{"x":1}'), data: three });
    expect(await near.request("a", {}, { bulk: true })).not.toHaveProperty("data");
    near.destroy();
    far.destroy();
  });

  test("counts towards the limit of a frame, there and back", async () => {
    const limits = { frameBytes: 1000 };
    const { near, far } = pairOfPeers({
      limits,
      onRequest: (request) => request.respond(toSlice(null), Buffer.alloc(1000)),
    });
    const { peer } = peerAndFarEnd({ limits });
    const data = Buffer.alloc(1000);
    expect(await peer.request("a", {}, { data })).toEqual({ settlement: "not_sent", cause: "too_large" });
    expect(await near.request("a", {}, { bulk: true })).toMatchObject({ error: { code: -32603 } });
    for (const each of [peer, near, far]) each.destroy();
  });

  test.each([
    [
      "the answer to a call that did not ask for it",
      { id: 1, result: 1 },
      "the answer to id 1 was not to carry data",
    ],
    ["an error", { id: 2, error: { code: 1, message: "" } }, "the error was not to carry data"],
    ["a notification", { method: "a" }, "the notification was not to carry data"],
    [
      "progress",
      { method: "$/progress", params: { id: 2, value: 1 } },
      "the notification was not to carry data",
    ],
    ["a request", { id: 1, method: "a" }, "the request was not to carry data"],
  ])("of %s ends the session", async (_, message, detail) => {
    const ends: PeerEnd[] = [];
    const { peer, far } = peerAndFarEnd({ onRequest: () => {}, onEnd: (end) => ends.push(end) });
    const sent = messages(far);
    const calls = [peer.request("plain"), peer.request("bulk", {}, { bulk: true })];
    await sent.next();
    far.write(withData(message));
    await Promise.all(calls);
    expect(ends).toMatchObject([{ kind: "violation", violation: { reason: "unexpected_data", detail } }]);
  });

  test("of a batch ends the session", async () => {
    const ended = new Promise<PeerEnd>((resolve) => {
      peerAndFarEnd({ onEnd: resolve }).far.write(encodeFrame("[]", three));
    });
    expect(await ended).toMatchObject({ kind: "violation", violation: { reason: "batch" } });
  });

  test("of a late answer is taken, if the call had asked for it", async () => {
    const late: unknown[] = [];
    const { peer, far, clock } = peerAndFarEnd({ onLateAnswer: (...args) => late.push(args) });
    const sent = messages(far);
    const call = peer.request("a", {}, { bulk: true, totalTimeout: 10 });
    await sent.next();
    clock.advance(20);
    expect(await call).toMatchObject({ cause: "timeout" });
    far.write(withData({ id: 1, result: 1 }));
    far.write(withData({ id: 1, result: 1 }));
    await settled();
    expect(late).toEqual([
      [1, "abandoned"],
      [1, "duplicate"],
    ]);
    expect(peer.inFlight).toBe(0);
  });

  test("is counted, and not shown, to whoever sees the messages; their order is kept", async () => {
    const seen: unknown[] = [];
    const { peer, far } = peerAndFarEnd({
      onMessage: (direction, body, bytes) => seen.push([direction, body.toString(), bytes]),
    });
    const call = peer.request("a", {}, { data: three, bulk: true });
    await settled();
    far.write(Buffer.concat([json({ method: "n" }), withData({ id: 1, result: 1 }), json({ method: "m" })]));
    await call;
    await settled();
    expect(seen).toEqual([
      ["out", '{"jsonrpc":"2.0","id":1,"method":"a","params":{}}', 52],
      ["in", '{"jsonrpc":"2.0","method":"n"}', 30],
      ["in", '{"jsonrpc":"2.0","id":1,"result":1}', 38],
      ["in", '{"jsonrpc":"2.0","method":"m"}', 30],
    ]);
  });
});
