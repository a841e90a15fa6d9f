/**
 * A client of the control socket that knows protocol/README.md and nothing of ours. It sees what a library would hide:
 * an answer that comes twice, or to a call that was never made.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";

export interface PlainSettlement {
  readonly as: string;
  readonly code: string | null;
  readonly report: string | null;
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly data?: { readonly code?: string; readonly settlement?: string; readonly report?: string };
  };
}

type OnAnswer = (settlement: PlainSettlement) => void;

export class PlainConnection {
  readonly #socket: Socket;
  /** Kept after the answer: a second one would go to the same. */
  readonly #asked = new Map<number, OnAnswer>();
  readonly #open = new Set<number>();
  #input: Buffer = Buffer.alloc(0);
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => this.#lost());
  }

  /** Rejects when nobody answers at the socket. */
  static async open(path: string): Promise<PlainConnection> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const connection = new PlainConnection(socket);
    const greeting = { protocol: { min: 1, max: 1 }, client: { name: "plain", version: "1.0.0" } };
    const greeted = new Promise<PlainSettlement>((resolve) =>
      connection.request("hello", greeting, {}, resolve),
    );
    const { code } = await greeted;
    if (code !== null) throw new Error(`hello was answered with ${code}`);
    return connection;
  }

  get ended(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  /** @returns the id, to cancel it with */
  request(method: string, params: object, ctx: object, onAnswer: OnAnswer): number {
    const id = ++this.#lastId;
    if (this.ended) {
      onAnswer({ as: "not_sent", code: "daemon_unreachable", report: null });
      return id;
    }
    this.#asked.set(id, onAnswer);
    this.#open.add(id);
    this.#send({ id, method, params, ctx });
    return id;
  }

  cancel(id: number): void {
    if (this.#open.has(id)) this.#send({ method: "$/cancelRequest", params: { id } });
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#socket.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #take(chunk: Buffer): void {
    this.#input = Buffer.concat([this.#input, chunk]);
    for (;;) {
      const end = this.#input.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/content-length:\s*(\d+)/i.exec(this.#input.toString("latin1", 0, end))?.[1]);
      if (this.#input.length < end + 4 + length) return;
      const body = this.#input.toString("utf8", end + 4, end + 4 + length);
      this.#input = this.#input.subarray(end + 4 + length);
      this.#answered(JSON.parse(body) as Answer);
    }
  }

  #answered({ id, error }: Answer): void {
    if (id === undefined) return;
    this.#open.delete(id);
    const onAnswer = this.#asked.get(id);
    if (onAnswer === undefined) throw new Error(`an answer to ${id}, which was never asked`);
    const { settlement = "answered", code = `rpc_${error?.code}`, report = null } = error?.data ?? {};
    onAnswer(
      error === undefined ? { as: "answered", code: null, report: null } : { as: settlement, code, report },
    );
  }

  /** Whether they were executed, nobody can say. */
  #lost(): void {
    for (const id of this.#open) {
      this.#asked.get(id)?.({ as: "maybe_executed", code: "daemon_unreachable", report: null });
    }
    this.#open.clear();
  }
}
