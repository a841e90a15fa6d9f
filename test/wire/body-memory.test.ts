import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { giveBack, LARGE_BODY, Loan } from "../../src/wire/body-memory.ts";
import { encodeFrame, FrameParser } from "../../src/wire/framing.ts";
import { Peer } from "../../src/wire/peer.ts";
import type { IncomingRequest, Outcome } from "../../src/wire/peer.ts";
import { Deadlines } from "../../src/wire/deadlines.ts";

const text = "x".repeat(2 * LARGE_BODY);

/** As it comes in two chunks: in memory of its own. */
function collected(json: string): Buffer {
  const parser = new FrameParser();
  const whole = encodeFrame(json);
  parser.push(whole.subarray(0, 100));
  expect(parser.next()).toBeUndefined();
  parser.push(whole.subarray(100));
  return parser.next()!;
}

const isGone = ({ buffer }: Buffer): boolean => buffer instanceof ArrayBuffer && buffer.detached;

/** Takes what is written when it is told to. */
class Stuck extends Writable {
  #taken: (() => void) | undefined;

  override _write(_chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#taken = callback;
  }

  override _writev(_chunks: unknown[], callback: () => void): void {
    this.#taken = callback;
  }

  take(): void {
    this.#taken?.();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a body that was collected for itself is given back, once; a part of a chunk is not", () => {
  const body = collected(JSON.stringify(text));
  giveBack(body.subarray(1, 10));
  expect(isGone(body)).toBe(true);
  giveBack(body);

  const parser = new FrameParser();
  parser.push(encodeFrame(JSON.stringify(text)));
  const view = parser.next()!;
  giveBack(view);
  expect(view.toString()).toBe(JSON.stringify(text));
});

test("a loan ends when the last holder needs it no more", () => {
  const body = collected(JSON.stringify(text));
  const loan = new Loan([body], 2);
  loan.returned();
  expect(isGone(body)).toBe(false);
  loan.returned();
  expect(isGone(body)).toBe(true);
});

test("params that are still being written stay, although the other side has answered by guessing the id", async () => {
  const input = new PassThrough();
  const output = new Stuck({ highWaterMark: 1 });
  const peer = new Peer({ input, output, deadlines: new Deadlines() });
  const params = collected(JSON.stringify({ text }));
  const outcomes: Outcome[] = [];
  peer.call("a", params, { disposable: true }, (outcome) => outcomes.push(outcome));
  await turn();
  input.write(encodeFrame('{"jsonrpc":"2.0","id":1,"result":1}'));
  await turn();
  expect(outcomes).toMatchObject([{ settlement: "answered" }]);
  expect(isGone(params)).toBe(false);
  output.take();
  await turn();
  expect(isGone(params)).toBe(true);
  peer.destroy();
});

test.each([
  ["kept for a report", { keptBytes: 1e6 }],
  ["for which there is no room", { keptBytes: 1 }],
])("params %s stay until the call is answered, unless they are nobody's to give", async (_, limits) => {
  const input = new PassThrough();
  const peer = new Peer({ input, output: new PassThrough().resume(), deadlines: new Deadlines(), limits });
  const [own, shared] = [collected(JSON.stringify({ text })), collected(JSON.stringify({ text }))];
  const settled: unknown[] = [];
  peer.call("a", own, { disposable: true }, (outcome) => settled.push(outcome));
  peer.call("a", shared, {}, (outcome) => settled.push(outcome));
  await turn();
  expect([isGone(own), isGone(shared)]).toEqual([false, false]);
  for (const id of [1, 2]) input.write(encodeFrame(`{"jsonrpc":"2.0","id":${id},"result":1}`));
  await turn();
  expect(settled).toHaveLength(2);
  expect([isGone(own), isGone(shared)]).toEqual([true, false]);
  peer.destroy();
});

test("what is passed on is given back when it is written, and what is answered is not", async () => {
  const input = new PassThrough();
  const requests: IncomingRequest[] = [];
  const output = new Stuck({ highWaterMark: 1 });
  const onRequest = (request: IncomingRequest): void => void requests.push(request);
  const peer = new Peer({ input, output, deadlines: new Deadlines(), onRequest });
  for (const id of [1, 2]) input.write(encodeFrame(`{"jsonrpc":"2.0","id":${id},"method":"a"}`));
  await turn();
  const [passed, answered] = [collected(JSON.stringify(text)), collected(JSON.stringify(text))];
  requests[0]?.passOn(passed);
  requests[1]?.respond(answered);
  await turn();
  expect(isGone(passed)).toBe(false);
  output.take();
  await turn();
  expect([isGone(passed), isGone(answered)]).toEqual([true, false]);
  peer.destroy();
});
