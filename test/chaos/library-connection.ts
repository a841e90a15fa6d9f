/** Through the client library, as a host program would call. */
import { BulkheadError } from "../../protocol/error.ts";
import { Client } from "../../src/client/client.ts";
import type { PlannedCall } from "./call-mix.ts";
import type { CallWitness, Connection } from "./connection.ts";
import type { Settlement } from "./records.ts";

/** Rejects when no daemon answers. */
export async function connectByLibrary(socket: string, name: string): Promise<Connection> {
  const client = await Client.connect({ socket, name });
  let ended = false;
  void client.closed.then(() => (ended = true));
  return {
    showsCredit: false,
    get ended() {
      return ended;
    },
    make(call, witness) {
      (call.kind === "stream" ? read(client, call, witness) : client.call(...argumentsOf(call))).then(
        () => witness.settled(answered),
        (error: unknown) => witness.settled(settlementOf(error)),
      );
    },
    close: () => client.close(),
  };
}

const answered: Settlement = { as: "answered", code: null, report: null, attempts: null };

async function read(client: Client, call: PlannedCall, witness: CallWitness): Promise<void> {
  const [target, params, options] = argumentsOf(call);
  const stream = client.stream(target, params, { ...options, credit: call.credit });
  let taken = 0;
  for await (const { seq, value } of stream) {
    witness.item(seq, value);
    if (++taken === call.leaveAfter) break;
  }
  await stream.result;
}

function argumentsOf({ kind, plugin, method, params, timeoutMs, cancelAfterMs }: PlannedCall) {
  const signal = cancelAfterMs === null ? undefined : AbortSignal.timeout(cancelAfterMs);
  const retry = kind === "retried" ? true : undefined;
  return [`${plugin}/${method}`, params, { timeout: timeoutMs, signal, retry }] as const;
}

function settlementOf(error: unknown): Settlement {
  if (!(error instanceof BulkheadError)) {
    return { as: `thrown: ${String(error)}`, code: null, report: null, attempts: null };
  }
  const { settlement, code, report, data } = error;
  return { as: settlement ?? "nothing", code, report: report ?? null, attempts: attemptsOf(data) };
}

function attemptsOf(data: unknown): number | null {
  const isTold = typeof data === "object" && data !== null && "attempts" in data;
  return isTold ? Number(data.attempts) : null;
}
