/**
 * A client, as a process: calls without a pause, writes down what it called before it does and how that was settled, and
 * comes back when the daemon does. SIGTERM ends it, as soon as what it has called is settled.
 *
 *   node client.ts library|plain ID SEED SOCKET RECORDS PLUGIN...
 */
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { planCall } from "./call-mix.ts";
import { Chance } from "./chance.ts";
import type { Connection } from "./connection.ts";
import { connectByLibrary } from "./library-connection.ts";
import { PlainConnection } from "./plain-connection.ts";
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

let connection = null as Connection | null;
let connecting: Promise<void> | null = null;
let calls = 0;
let open = 0;

async function reconnect(): Promise<void> {
  while (!leaving.signal.aborted) {
    try {
      connection = await (kind === "plain"
        ? PlainConnection.open(socket)
        : connectByLibrary(socket, `chaos-${id}`));
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
  const credit = call.kind === "stream" && through.showsCredit ? call.credit : null;
  const { plugin, timeoutMs: ms, leaveAfter } = call;
  record.add({ sent: key, kind: call.kind, plugin, at: Date.now(), ms, credit, leaveAfter });
  open++;
  let settlements = 0;
  through.make(call, {
    item: (seq, value) => record.add({ item: key, seq, ...itemOf(value) }),
    granted: (n) => record.add({ granted: key, n }),
    settled: (settlement) => {
      record.add({ settled: key, at: Date.now(), ...settlement });
      if (++settlements === 1) open--;
      resolve();
    },
  });
  return promise;
}

/** As the plugin made it; a value that is none of its own is told by the auditor. */
function itemOf(value: unknown): { key: string; n: number } {
  const { key, n } = value as { key?: unknown; n?: unknown };
  return { key: String(key), n: Number(n) };
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
