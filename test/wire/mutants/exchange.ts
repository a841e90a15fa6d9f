/** Requests on their way through a relay, and what is answered and told on the way back, in any spelling. */
import { isDeepStrictEqual } from "node:util";
import { encodeFrame } from "../../../src/wire/framing.ts";
import type { Came, End } from "./end.ts";
import { dressed, worded } from "./spellings.ts";
import type { Dress } from "./spellings.ts";

/** One way through a relay: requests go to `to`, answers come from there. */
export interface Way {
  readonly name: string;
  readonly from: End;
  readonly to: End;
  /** What `to` gets for a method of `from`. */
  methodOf(method: string): string;
  /** Of any method, and of one that streams; absent: there are none. */
  readonly target: (name: string) => string;
  readonly streaming?: string;
  /** Whether data may go beside requests and answers. */
  readonly bulk: boolean;
  /** Whether `ctx` goes through as it is. */
  readonly passesContext: boolean;
  /** Whether notifications go through that are none of the wire's own. */
  readonly passesNotifications: boolean;
}

export interface Relay {
  readonly ways: readonly Way[];
  close(): void;
}

/* What is sent */

export interface Sent {
  readonly json: string;
  readonly data?: Buffer | undefined;
}

export interface Exchange {
  readonly id: string | number;
  readonly method: string;
  readonly streams: boolean;
  readonly params: string;
  readonly ctx: string | undefined;
  readonly data: Buffer | undefined;
  readonly dress: Dress;
  /** In the order in which the other side tells them. */
  readonly told: readonly Told[];
  readonly answer: Answer;
}

type Told =
  | { readonly kind: "progress"; readonly value: string; readonly dress: Dress }
  | {
      readonly kind: "item";
      readonly value: string;
      readonly cursor: string | undefined;
      readonly dress: Dress;
    };

interface Answer {
  readonly member: "result" | "error";
  readonly value: string;
  readonly data: Buffer | undefined;
  readonly dress: Dress;
}

export function jsonRpc(members: Readonly<Record<string, string | undefined>>, how: Dress): string {
  return dressed({ jsonrpc: worded("2.0", how), ...members }, how);
}

export function idOf(id: string | number, how: Dress): string {
  return typeof id === "number" ? String(id) : worded(id, how);
}

/** All in one write (0), or in pieces of so many bytes. */
export function write(end: End, sent: readonly Sent[], pieces: number): void {
  const bytes = Buffer.concat(sent.map(({ json, data: beside }) => encodeFrame(json, beside)));
  const size = pieces === 0 ? bytes.length : Math.max(pieces, Math.ceil(bytes.length / 500));
  for (let at = 0; at < bytes.length; at += size) end.send(bytes.subarray(at, at + size));
}

/* What comes */

/** As one has it who parses and writes it again: without -0. */
export function parsed(json: string): unknown {
  return JSON.parse(JSON.stringify(JSON.parse(json)));
}

export function must(came: Came, expected: Record<string, unknown>, beside?: Buffer): void {
  const found: unknown = JSON.parse(JSON.stringify(came.message));
  const isSame = isDeepStrictEqual(found, { jsonrpc: "2.0", ...expected });
  const sameData = beside === undefined ? came.data === undefined : came.data?.equals(beside) === true;
  if (isSame && sameData) return;
  throw new Error(`${shown(came)} came in place of ${shown({ message: expected, data: beside })}`);
}

function shown({ message, data: beside }: Came): string {
  const text = JSON.stringify(message);
  const cut = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return beside === undefined ? cut : `${cut} with ${beside.length} bytes`;
}

/** Sends the requests, has them told things and answered, and looks at all that comes at either end. */
export async function exchange(way: Way, list: readonly Exchange[], cut: number): Promise<void> {
  const sent = list.map(({ id, method, params, ctx, data: beside, dress: how, streams, told }) => {
    const context = ctx ?? contextOf(way, told, streams);
    const members = {
      id: idOf(id, how),
      method: worded(targetOf(way, method, streams), how),
      params,
      ctx: context,
    };
    return { json: jsonRpc(members, how), data: way.bulk ? beside : undefined };
  });
  write(way.from, sent, cut);
  const seen: (string | number)[] = [];
  for (const { method, params, ctx, data: beside, streams } of list) {
    const came = await way.to.next();
    const { id, ctx: context, ...rest } = came.message;
    if (typeof id !== "number") throw new Error(`a request with the id ${String(id)}`);
    seen.push(id);
    const target = way.methodOf(targetOf(way, method, streams));
    const passed = way.passesContext && ctx !== undefined ? { ctx: parsed(JSON.stringify(context)) } : {};
    const wanted = way.passesContext && ctx !== undefined ? { ctx: parsed(ctx) } : {};
    const message = { ...rest, ...passed };
    must(
      { message, data: came.data },
      { method: target, params: parsed(params), ...wanted },
      way.bulk ? beside : undefined,
    );
  }
  write(
    way.to,
    list.flatMap((each, index) => answered(way, each, seen[index] ?? 0)),
    cut,
  );
  for (const each of list) await reads(way, each);
}

function contextOf(way: Way, told: readonly Told[], streams: boolean): string | undefined {
  const credit = streams && way.streaming !== undefined ? { credit: told.length + 1 } : {};
  return JSON.stringify({ ...credit, ...(way.bulk && { bulk: true }) });
}

function targetOf(way: Way, method: string, streams: boolean): string {
  return streams && way.streaming !== undefined ? way.streaming : way.target(method);
}

function answered(way: Way, { told, answer, streams }: Exchange, id: string | number): Sent[] {
  let seq = 0;
  const notes = told.flatMap((each): Sent[] => {
    if (each.kind === "item" && !(streams && way.streaming !== undefined)) return [];
    const own = each.kind === "item" ? { seq: String(seq++), cursor: each.cursor } : {};
    const params = dressed({ id: String(id), value: each.value, ...own }, each.dress, true);
    return [{ json: jsonRpc({ method: worded(`$/${each.kind}`, each.dress), params }, each.dress) }];
  });
  const json = jsonRpc({ id: String(id), [answer.member]: answer.value }, answer.dress);
  return [...notes, { json, data: way.bulk && answer.member === "result" ? answer.data : undefined }];
}

async function reads(way: Way, { id, told, answer, streams }: Exchange): Promise<void> {
  let seq = 0;
  for (const each of told) {
    if (each.kind === "item" && !(streams && way.streaming !== undefined)) continue;
    const position =
      each.kind === "item"
        ? { seq: seq++, ...(each.cursor !== undefined && { cursor: parsed(each.cursor) }) }
        : {};
    const params = { id, value: parsed(each.value), ...position };
    must(await way.from.next(), { method: `$/${each.kind}`, params });
  }
  const beside = way.bulk && answer.member === "result" ? answer.data : undefined;
  must(await way.from.next(), { id, [answer.member]: parsed(answer.value) }, beside);
}
