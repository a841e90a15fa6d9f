/**
 * A client of the control socket that knows protocol/README.md and nothing of ours. It sees what a library would hide:
 * an answer that comes twice, or to a call that was never made.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { PlannedCall } from "./call-mix.ts";
import type { CallWitness, Connection } from "./connection.ts";
import type { Settlement } from "./records.ts";

/** An answer, or a notification. */
interface Message {
  readonly method?: string;
  readonly params?: { readonly id: number; readonly seq: number; readonly value: unknown };
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly data?: {
      readonly code?: string;
      readonly settlement?: string;
      readonly report?: string;
      readonly attempts?: number;
    };
  };
}

type Asked = Pick<CallWitness, "settled"> & Partial<CallWitness>;

export class PlainConnection implements Connection {
  readonly showsCredit = true;
  readonly #socket: Socket;
  /** Kept after the answer: a second one would go to the same. */
  readonly #asked = new Map<number, Asked>();
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
    const greeted = new Promise<Settlement>((settled) =>
      connection.#request("hello", greeting, {}, { settled }),
    );
    const { code } = await greeted;
    if (code !== null) throw new Error(`hello was answered with ${code}`);
    return connection;
  }

  get ended(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  make(call: PlannedCall, witness: CallWitness): void {
    const { kind, plugin, method, params, timeoutMs, cancelAfterMs, credit, leaveAfter } = call;
    const ctx = {
      ms: timeoutMs,
      ...(kind === "stream" ? { credit } : {}),
      ...(kind === "retried" ? { retry: true } : {}),
    };
    let taken = 0;
    const id = this.#request(`${plugin}/${method}`, params, ctx, {
      settled: (settlement) => witness.settled(settlement),
      item: (seq, value) => {
        witness.item(seq, value);
        if (++taken === leaveAfter) this.#cancel(id);
        // In lots: so that it runs out now and then.
        else if (taken % credit === 0) this.#grant(id, credit, witness);
      },
    });
    if (cancelAfterMs !== null) setTimeout(() => this.#cancel(id), cancelAfterMs);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** @returns its id */
  #request(method: string, params: object, ctx: object, asked: Asked): number {
    const id = ++this.#lastId;
    if (this.ended) {
      asked.settled({ as: "not_sent", code: "daemon_unreachable", report: null, attempts: null });
      return id;
    }
    this.#asked.set(id, asked);
    this.#open.add(id);
    this.#send({ id, method, params, ctx });
    return id;
  }

  #cancel(id: number): void {
    if (this.#open.has(id)) this.#send({ method: "$/cancelRequest", params: { id } });
  }

  #grant(id: number, n: number, witness: CallWitness): void {
    if (!this.#open.has(id)) return;
    witness.granted(n);
    this.#send({ method: "$/credit", params: { id, n } });
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
      this.#came(JSON.parse(body) as Message);
    }
  }

  #came({ method, params, id, error }: Message): void {
    const asked = this.#asked.get(params?.id ?? id ?? 0);
    if (asked === undefined)
      throw new Error(`what came belongs to nothing that was asked: ${params?.id ?? id}`);
    if (method === "$/item" && params !== undefined) asked.item?.(params.seq, params.value);
    if (id === undefined) return;
    this.#open.delete(id);
    const data = error?.data ?? {};
    const { settlement = "answered", code = `rpc_${error?.code}`, report = null, attempts = null } = data;
    asked.settled(
      error === undefined
        ? { as: "answered", code: null, report: null, attempts: null }
        : { as: settlement, code, report, attempts },
    );
  }

  /** Whether they were executed, nobody can say. */
  #lost(): void {
    for (const id of this.#open) {
      const lost = { as: "maybe_executed", code: "daemon_unreachable", report: null, attempts: null };
      this.#asked.get(id)?.settled(lost);
    }
    this.#open.clear();
  }
}
