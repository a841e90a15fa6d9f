import { duplexPair, Transform } from "node:stream";
import type { Duplex, TransformCallback } from "node:stream";
import { Deadlines } from "../../src/wire/deadlines.ts";
import { FrameParser } from "../../src/wire/framing.ts";
import { Peer } from "../../src/wire/peer.ts";
import type { Outcome, PeerOptions } from "../../src/wire/peer.ts";
import { FakeClock } from "./fake-clock.ts";

export interface Pair {
  readonly clock: FakeClock;
  readonly peer: Peer;
  /** The far end of the connection. */
  readonly far: Duplex;
}

/** A peer and the far end of its connection, for a test that plays the other side byte by byte. */
export function peerAndFarEnd(options: Partial<PeerOptions> = {}): Pair {
  const [near, far] = duplexPair();
  const clock = new FakeClock();
  const peer = new Peer({ input: near, output: near, deadlines: new Deadlines(clock), ...options });
  return { clock, peer, far };
}

/** Passes bytes on in chunks of this size. */
export class Chop extends Transform {
  readonly #size: number;

  constructor(size: number) {
    super();
    this.#size = size;
  }

  override _transform(chunk: Buffer, _: string, callback: TransformCallback): void {
    for (let at = 0; at < chunk.length; at += this.#size) this.push(chunk.subarray(at, at + this.#size));
    callback();
  }
}

/** Passes bytes on in as few chunks as it can: all that came in one turn of the event loop in one. */
export class Gather extends Transform {
  #held: Buffer[] = [];
  #scheduled = false;

  override _transform(chunk: Buffer, _: string, callback: TransformCallback): void {
    this.#held.push(chunk);
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#release());
    }
    callback();
  }

  override _flush(callback: TransformCallback): void {
    this.#release();
    callback();
  }

  #release(): void {
    this.#scheduled = false;
    if (this.#held.length > 0) this.push(Buffer.concat(this.#held));
    this.#held = [];
  }
}

/** Reads messages from a stream one at a time, as parsed JSON. */
export function messages(stream: Duplex): { next(): Promise<Record<string, unknown>> } {
  const parser = new FrameParser();
  const arrived: Record<string, unknown>[] = [];
  const waiting: ((message: Record<string, unknown>) => void)[] = [];
  stream.on("data", (chunk: Buffer) => {
    parser.push(chunk);
    for (let body = parser.next(); body; body = parser.next()) {
      const message: Record<string, unknown> = JSON.parse(body.toString());
      const waiter = waiting.shift();
      if (waiter) waiter(message);
      else arrived.push(message);
    }
  });
  return {
    next: () =>
      new Promise((resolve) => {
        const message = arrived.shift();
        if (message) resolve(message);
        else waiting.push(resolve);
      }),
  };
}

/** An outcome in a form that compares well. */
export function plain(outcome: Outcome): unknown {
  if (outcome.settlement === "answered") {
    return outcome.error === undefined
      ? { result: JSON.parse(outcome.result.toString()) as unknown }
      : { error: outcome.error };
  }
  return outcome;
}

/** Two peers that talk to each other; the options are those of the far one. */
export function pairOfPeers(options: Partial<PeerOptions> = {}): { readonly near: Peer; readonly far: Peer } {
  const { peer: near, far: stream } = peerAndFarEnd();
  const deadlines = new Deadlines(new FakeClock());
  return { near, far: new Peer({ input: stream, output: stream, deadlines, ...options }) };
}
