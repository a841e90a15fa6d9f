/**
 * A client, as a process: calls without a pause, writes down what it called before it does and how that was settled, and
 * comes back when the daemon does. SIGTERM ends it, as soon as what it has called is settled.
 *
 *   node client.ts library|plain ID SEED SOCKET RECORDS PLUGIN...
 */
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BulkheadError } from "../../protocol/error.ts";
import { Client } from "../../src/client/client.ts";
import { planCall } from "./call-mix.ts";
import type { PlannedCall } from "./call-mix.ts";
import { Chance } from "./chance.ts";
import { PlainConnection } from "./plain-connection.ts";
import type { PlainSettlement } from "./plain-connection.ts";
import { Recorder } from "./records.ts";
import type { ClientLine } from "./records.ts";

const [kind = "library", id = "0", seed = "0", socket = "", records = "", ...plugins] = process.argv.slice(2);

/** Calls that it has under way at once, and what it now and then calls on top of them all at once. */
const atOnce = 5;
const burst = 40;

const record = new Recorder<ClientLine>(path.join(records, `client-${id}.jsonl`));
const chance = new Chance(Number(seed));
const leaving = new AbortController();
process.on("SIGTERM", () => leaving.abort());

interface Connection {
  readonly ended: boolean;
  /** Hands over the settlement, as often as there is one. */
  make(call: PlannedCall, settled: (settlement: PlainSettlement) => void): void;
  close(): void;
}

function settlementOf(error: unknown): PlainSettlement {
  if (!(error instanceof BulkheadError)) return { as: `thrown: ${String(error)}`, code: null, report: null };
  return { as: error.settlement ?? "nothing", code: error.code, report: error.report ?? null };
}

async function throughLibrary(): Promise<Connection> {
  const client = await Client.connect({ socket, name: `chaos-${id}` });
  let ended = false;
  void client.closed.then(() => (ended = true));
  return {
    get ended() {
      return ended;
    },
    make({ plugin, params, timeoutMs, cancelAfterMs }, settled) {
      const signal = cancelAfterMs === null ? undefined : AbortSignal.timeout(cancelAfterMs);
      client.call(`${plugin}/work.note`, params, { timeout: timeoutMs, signal }).then(
        () => settled({ as: "answered", code: null, report: null }),
        (error: unknown) => settled(settlementOf(error)),
      );
    },
    close: () => client.close(),
  };
}

async function plainly(): Promise<Connection> {
  const connection = await PlainConnection.open(socket);
  return {
    get ended() {
      return connection.ended;
    },
    make({ plugin, params, timeoutMs, cancelAfterMs }, settled) {
      const asked = connection.request(`${plugin}/work.note`, params, { ms: timeoutMs }, settled);
      if (cancelAfterMs !== null) setTimeout(() => connection.cancel(asked), cancelAfterMs);
    },
    close: () => connection.close(),
  };
}

let connection = null as Connection | null;
let connecting: Promise<void> | null = null;
let calls = 0;
let open = 0;

async function reconnect(): Promise<void> {
  while (!leaving.signal.aborted) {
    try {
      connection = await (kind === "plain" ? plainly() : throughLibrary());
      return;
    } catch {
      await delay(chance.between(20, 100));
    }
  }
}

/** One that has ended is used on until that is known: what becomes of such a call has to be right as well. */
async function connected(): Promise<Connection | null> {
  if (connection !== null && !connection.ended) return connection;
  connecting ??= reconnect().finally(() => (connecting = null));
  await connecting;
  return connection;
}

function callOnce(through: Connection): Promise<void> {
  const key = `${id}-${calls++}`;
  const call = planCall(chance, key, plugins);
  const { promise, resolve } = Promise.withResolvers<void>();
  record.add({ sent: key, plugin: call.plugin, at: Date.now(), ms: call.timeoutMs });
  open++;
  let settlements = 0;
  through.make(call, (settlement) => {
    record.add({ settled: key, at: Date.now(), ...settlement });
    if (++settlements === 1) open--;
    resolve();
  });
  return promise;
}

async function work(): Promise<void> {
  while (!leaving.signal.aborted) {
    const through = await connected();
    if (through === null) continue;
    const times = chance.happens(0.001) ? burst : 1;
    await Promise.all(Array.from({ length: times }, () => callOnce(through)));
    await delay(chance.between(1, 50));
  }
}

await Promise.all(Array.from({ length: atOnce }, work));
connection?.close();
record.add({ left: true, at: Date.now(), open });
// A connection that never ends must not keep it.
process.exit(0);
