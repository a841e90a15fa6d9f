/** Each call with all that was written down of it, by its client and by the plugin. */
import { filesOf, readRecords } from "../records.ts";
import type { CallKind, ClientLine, Executed } from "../records.ts";

export interface Call {
  readonly client: string;
  readonly sent: Extract<ClientLine, { sent: string }>;
  readonly settled: Extract<ClientLine, { settled: string }>[];
  readonly items: ArrivedItem[];
  /** The plugins that executed it, each as often as it did. */
  readonly executed: string[];
  /** Numbers of the items that a plugin was about to send. */
  readonly recorded: Set<number>;
}

export interface ArrivedItem {
  readonly seq: number;
  /** What the plugin wrote into it: whose it is, and which. */
  readonly key: string;
  readonly n: number;
  /** How many the client had said it would take, all in all; null: not known. */
  readonly allowed: number | null;
  readonly isAfterTheEnd: boolean;
}

/** `strangers`: what was executed, and nobody had called. */
export interface CallRecords {
  readonly calls: readonly Call[];
  readonly strangers: readonly string[];
}

export function readCalls(records: string, executed: readonly Executed[]): CallRecords {
  const calls = new Map<string, Call>();
  for (const [client, file] of filesOf(records, "client", ".jsonl")) readClient(client, file, calls);
  const strangers: string[] = [];
  for (const each of executed) {
    const call = calls.get(each.key);
    if (each.did === "call") {
      if (call !== undefined) call.executed.push(each.plugin);
      else if (!each.key.startsWith("probe-")) strangers.push(`${each.key}: ${each.plugin}`);
    } else if (each.did === "item") call?.recorded.add(each.n);
  }
  return { calls: [...calls.values()], strangers };
}

function readClient(client: string, file: string, calls: Map<string, Call>): void {
  const credit = new Map<string, number>();
  for (const line of readRecords<ClientLine>(file)) {
    if ("sent" in line) {
      const { sent: key } = line;
      calls.set(key, { client, sent: line, settled: [], items: [], executed: [], recorded: new Set() });
      if (line.credit !== null) credit.set(key, line.credit);
    } else if ("settled" in line) calls.get(line.settled)?.settled.push(line);
    else if ("granted" in line) credit.set(line.granted, (credit.get(line.granted) ?? 0) + line.n);
    else if ("item" in line) {
      const call = calls.get(line.item);
      const { seq, key, n } = line;
      const allowed = credit.get(line.item) ?? null;
      call?.items.push({ seq, key, n, allowed, isAfterTheEnd: call.settled.length > 0 });
    }
  }
}

export function isOpen({ settled }: Call): boolean {
  return settled.length === 0;
}

export function isSettledAs(call: Call, as: string): boolean {
  return call.settled.some((each) => each.as === as);
}

export function timesExecuted({ executed }: Call): number {
  return executed.length;
}

export function ofKind(calls: readonly Call[], kind: CallKind): Call[] {
  return calls.filter(({ sent }) => sent.kind === kind);
}

/** As evidence. A stream's items are too many for that. */
export function tell({ sent, settled, executed, items, recorded }: Call): string {
  const stream = sent.kind === "stream" ? { arrived: items.length, recorded: recorded.size } : {};
  return JSON.stringify({ ...sent, settled, executed, ...stream });
}
