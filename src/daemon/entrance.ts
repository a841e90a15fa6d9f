/** Who comes to one of the daemon's sockets: so many a second, the others in their turn; and who makes room for the next. */
import type { Socket } from "node:net";
import { BulkheadError } from "../../protocol/error.ts";
import { TokenBucket } from "../core/rate.ts";

/** Each holds a descriptor. More than the kernel keeps in its own queue (511), all of whom may come before any is seen to leave. */
const mostWaiting = 600;
/** What one that waits may say before it is not listened to any more. Bytes. */
const mostSaid = 16 * 1024;
/** From then on, a client does not make room for one that is newer. Milliseconds. */
const settledMs = 10_000;

export interface EntranceOptions {
  readonly perSecond: number;
  /** Steady clock, milliseconds. */
  readonly now: () => number;
  /** Reads it from then on. */
  readonly enter: (socket: Socket) => void;
  /** Told once a second at most: how many were refused since it was told before. */
  readonly onRefused: (count: number) => void;
}

/** Keeps a storm of newcomers from costing those who are in much; who waits is not forgotten for those who come later. */
export class Entrance {
  readonly #options: EntranceOptions;
  readonly #newcomers: TokenBucket;
  readonly #telling = new TokenBucket(1);
  /** Oldest first, each with what lets it in. */
  readonly #waiting = new Map<Socket, () => void>();
  #timer: NodeJS.Timeout | undefined;
  #refused = 0;

  constructor(options: EntranceOptions) {
    this.#options = options;
    this.#newcomers = new TokenBucket(options.perSecond);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  arrive(socket: Socket): void {
    const { now, enter } = this.#options;
    if (this.#waiting.size >= mostWaiting) this.#refuse(socket);
    else if (this.#waiting.size === 0 && this.#newcomers.take(1, now()) === 0) enter(socket);
    else this.#wait(socket);
  }

  /** Hangs up on those who wait. */
  close(): void {
    clearTimeout(this.#timer);
    for (const socket of this.#waiting.keys()) socket.destroy();
    this.#waiting.clear();
  }

  /** What it says is taken in, as that alone tells whether it is still there: who has left takes nobody's turn. */
  #wait(socket: Socket): void {
    const said: Buffer[] = [];
    let bytes = 0;
    const listen = (chunk: Buffer): void => {
      said.push(chunk);
      bytes += chunk.length;
      if (bytes > mostSaid) socket.pause();
    };
    const leave = (): void => {
      this.#waiting.delete(socket);
      socket.destroy();
    };
    socket.on("data", listen).on("end", leave).on("close", leave).on("error", ignore);
    this.#waiting.set(socket, () => {
      this.#waiting.delete(socket);
      socket.pause().off("data", listen).off("end", leave).off("close", leave).off("error", ignore);
      if (bytes > 0) socket.unshift(Buffer.concat(said));
      this.#options.enter(socket);
      socket.resume();
    });
    this.#timer ??= setTimeout(this.#next, 1);
  }

  readonly #next = (): void => {
    const { now } = this.#options;
    this.#timer = undefined;
    for (const enter of this.#waiting.values()) {
      const ms = this.#newcomers.take(1, now());
      if (ms > 0) {
        this.#timer = setTimeout(this.#next, ms);
        return;
      }
      enter();
    }
  };

  #refuse(socket: Socket): void {
    const { perSecond, now, onRefused } = this.#options;
    this.#refused++;
    if (this.#telling.take(1, now()) === 0) {
      onRefused(this.#refused);
      this.#refused = 0;
    }
    // It may have gone already.
    socket.on("error", ignore);
    socket.end(busy(perSecond), () => socket.destroy());
  }
}

const ignore = (): void => undefined;

function busy(perSecond: number): string {
  const why = `more than ${perSecond} connections a second come (daemon.max_connection_rate), and ${mostWaiting} wait already`;
  const retryAfterMs = Math.ceil((1000 * mostWaiting) / perSecond);
  const error = BulkheadError.of("plugin_busy", why, { retryAfterMs }).toRpc();
  const body = JSON.stringify({ jsonrpc: "2.0", id: null, error });
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export interface Present {
  /** Null: it has not said hello. */
  readonly client: string | null;
  /** Steady clock, milliseconds. */
  readonly since: number;
}

/**
 * Who goes when one more comes and there is no room: a newcomer may be the operator, who comes to set things right. The oldest
 * without a greeting; else the oldest of those that have just come, so that a storm displaces itself; else the oldest.
 *
 * @param present oldest first
 */
export function displaced<T extends Present>(present: readonly T[], now: number): T | undefined {
  return (
    present.find(({ client }) => client === null) ??
    present.find(({ since }) => now - since < settledMs) ??
    present[0]
  );
}
