import { PassThrough } from "node:stream";
import type { Transform } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import {
  CancellationTokenSource,
  createMessageConnection,
  ErrorCodes,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import type { MessageConnection } from "vscode-jsonrpc/node";
import { Deadlines } from "../../src/wire/deadlines.ts";
import { members, Peer, toSlice } from "../../src/wire/peer.ts";
import type { IncomingRequest, PeerOptions } from "../../src/wire/peer.ts";
import { Chop, Gather, plain } from "./pair.ts";

const TEXT = 'gr\u00fc\u00df dich \u{1f600} \u2028 \u4f60\u597d "quoted" \\ \u0000';

const open: (() => void)[] = [];

afterEach(() => {
  for (const close of open.splice(0)) close();
});

function connect(
  path: () => Transform,
  options: Partial<PeerOptions> = {},
): { peer: Peer; stock: MessageConnection } {
  const [toStock, toPeer] = [path(), path()];
  const stock = createMessageConnection(new StreamMessageReader(toStock), new StreamMessageWriter(toPeer));
  const violations: unknown[] = [];
  const peer = new Peer({
    input: toPeer,
    output: toStock,
    deadlines: new Deadlines(),
    onViolation: (violation) => violations.push(violation),
    ...options,
  });
  open.push(() => {
    stock.dispose();
    peer.destroy();
    expect(violations).toEqual([]);
  });
  return { peer, stock };
}

const parse = (request: IncomingRequest): unknown => request.params && JSON.parse(request.params.toString());

describe.each([
  ["as written", () => new PassThrough()],
  ["byte by byte", () => new Chop(1)],
  ["in chunks of 7 bytes", () => new Chop(7)],
  ["many frames to a chunk", () => new Gather()],
])("a stock vscode-jsonrpc connection, delivered %s", (_, path) => {
  test("answers our calls: results, errors, no params, text of any language", async () => {
    const { peer, stock } = connect(path);
    stock.onRequest("echo", (params: unknown) => params);
    stock.onRequest("nothing", () => undefined);
    stock.onRequest("positional", (a: number, b: number) => a - b);
    stock.onRequest("fail", () => {
      throw new ResponseError(4711, TEXT, { text: TEXT });
    });
    stock.listen();
    const outcomes = await Promise.all([
      peer.request("echo", { text: TEXT }),
      peer.request("nothing"),
      peer.request("positional", [5, 3]),
      peer.request("fail"),
      peer.request("none"),
    ]);
    expect(outcomes.map(plain)).toMatchObject([
      { result: { text: TEXT } },
      { result: null },
      { result: 2 },
      { error: { code: 4711, message: TEXT, data: { text: TEXT } } },
      { error: { code: ErrorCodes.MethodNotFound } },
    ]);
  });

  test("gets answers from us: results, errors, text of any language", async () => {
    const { stock } = connect(path, {
      onRequest: (request) => {
        if (request.method === "fail") request.fail({ code: 4711, message: TEXT, data: [TEXT] });
        else request.respond(request.params ?? toSlice(null));
      },
    });
    stock.listen();
    const [echo, nothing, positional, failure] = await Promise.allSettled([
      stock.sendRequest("echo", { text: TEXT }),
      stock.sendRequest("nothing"),
      stock.sendRequest("positional", 1, TEXT),
      stock.sendRequest("fail"),
    ]);
    expect([echo, nothing, positional]).toMatchObject([
      { value: { text: TEXT } },
      { value: null },
      { value: [1, TEXT] },
    ]);
    expect(failure).toMatchObject({ reason: { code: 4711, message: TEXT, data: [TEXT] } });
  });

  test("five hundred calls each way at once", async () => {
    const { peer, stock } = connect(path, { onRequest: (request) => request.respond(request.params!) });
    stock.onRequest("echo", (params: unknown) => params);
    stock.listen();
    const each = Array.from({ length: 500 }, (_, i) => i);
    const [ours, theirs] = await Promise.all([
      Promise.all(each.map((i) => peer.request("echo", { i }))),
      Promise.all(each.map((i) => stock.sendRequest("echo", { i }))),
    ]);
    expect(ours.map(plain)).toEqual(each.map((i) => ({ result: { i } })));
    expect(theirs).toEqual(each.map((i) => ({ i })));
  });

  test("notifications arrive in order, both ways", async () => {
    const each = Array.from({ length: 200 }, (_, i) => i);
    const received: number[] = [];
    const all = Promise.withResolvers<void>();
    const { peer, stock } = connect(path, {
      onNotification: (_, params) => {
        received.push(Number(members(params, "i")[0]));
        if (received.length === each.length) all.resolve();
      },
    });
    const theirs: number[] = [];
    const allTheirs = new Promise<void>((resolve) => {
      stock.onNotification("count", ({ i }: { i: number }) => {
        if (theirs.push(i) === each.length) resolve();
      });
    });
    stock.listen();
    for (const i of each) {
      peer.notify("count", toSlice({ i }));
      void stock.sendNotification("count", { i });
    }
    await Promise.all([all.promise, allTheirs]);
    expect(received).toEqual(each);
    expect(theirs).toEqual(each);
  });

  test("cancellation reaches the other side, both ways", async () => {
    const waiting = Promise.withResolvers<void>();
    const { peer, stock } = connect(path, {
      onRequest: (request) => {
        request.onCancel(() => request.fail({ code: -32800, message: "cancelled" }));
        waiting.resolve();
      },
    });
    const cancelledThere = Promise.withResolvers<void>();
    const startedThere = new Promise<void>((resolve) => {
      stock.onRequest("slow", (_params, token) => {
        resolve();
        return new Promise((answer) => {
          token.onCancellationRequested(() => {
            cancelledThere.resolve();
            answer("cancelled");
          });
        });
      });
    });
    stock.listen();
    const controller = new AbortController();
    const ours = peer.request("slow", {}, { signal: controller.signal });
    await startedThere;
    controller.abort();
    expect(await ours).toEqual({ settlement: "maybe_executed", cause: "cancelled" });
    await cancelledThere.promise;

    const source = new CancellationTokenSource();
    const theirs = stock.sendRequest("slow", {}, source.token);
    await waiting.promise;
    source.cancel();
    await expect(theirs).rejects.toMatchObject({ code: -32800 });
  });

  test("progress by request id reaches our call; progress by token is an ordinary notification", async () => {
    const notified: string[] = [];
    const { peer, stock } = connect(path, {
      onNotification: (method, params) => notified.push(`${method} ${params?.toString()}`),
      onRequest: (request) => {
        request.progress(toSlice({ ours: true }));
        request.respond(toSlice(parse(request)));
      },
    });
    stock.onRequest("scan", async () => {
      await stock.sendNotification("$/progress", { id: 1, value: { done: 1 } });
      await stock.sendNotification("$/progress", { token: "t", value: 5 });
      return "done";
    });
    stock.listen();
    const seen: unknown[] = [];
    const outcome = await peer.request(
      "scan",
      {},
      { onProgress: (value) => seen.push(JSON.parse(value.toString())) },
    );
    expect(plain(outcome)).toEqual({ result: "done" });
    expect(seen).toEqual([{ done: 1 }]);
    expect(notified).toEqual(['$/progress {"token":"t","value":5}']);
    // And one of ours, which it has no token for, leaves it unharmed.
    expect(await stock.sendRequest("echo", { x: 1 })).toEqual({ x: 1 });
  });
});

test("messages of 16 MiB pass both ways", async () => {
  const { peer, stock } = connect(() => new Chop(65_536), {
    onRequest: (request) => request.respond(request.params!),
  });
  stock.onRequest("echo", (params: unknown) => params);
  stock.listen();
  const large = { text: "\u00e9".repeat(8 * 1024 * 1024) };
  const ours = await peer.request("echo", large);
  expect(ours.result?.equals(toSlice(large))).toBe(true);
  expect(await stock.sendRequest("echo", large)).toEqual(large);
});
