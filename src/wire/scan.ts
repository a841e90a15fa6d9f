import { isUtf8 } from "node:buffer";
import { means, skipKey, skipSpace, skipString, skipValue, spells } from "./json.ts";
import type { Slice } from "./json.ts";
import { excerpt, WireViolation } from "./violation.ts";

export type { Slice } from "./json.ts";

export type Id = number | string;

/** One JSON-RPC 2.0 message: its head understood, its content left as the bytes that came. */
export type Envelope =
  | { kind: "request"; id: Id; method: string; params: Slice | undefined; ctx: Slice | undefined }
  | { kind: "notification"; method: string; params: Slice | undefined; ctx: Slice | undefined }
  | { kind: "result"; id: Id; result: Slice }
  | { kind: "error"; id: Id | null; error: Slice };

/** Longest method and longest string id, in bytes between the quotes. */
const NAME_LIMIT = 256;

const KEYS = ["jsonrpc", "id", "method", "params", "ctx", "result", "error"] as const;
const JSONRPC = 0;
const ID = 1;
const METHOD = 2;
const PARAMS = 3;
const CTX = 4;
const RESULT = 5;
const ERROR = 6;

const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/** Where each member's value begins and ends. One for all scans: a scan never waits and never calls out. */
const starts = new Int32Array(KEYS.length);
const ends = new Int32Array(KEYS.length);

/**
 * The strict pass over one frame: one JSON value, valid UTF-8, the grammar of RFC 8259, bounded depth, and
 * a JSON-RPC 2.0 message without a doubled member. Members that JSON-RPC does not know are skipped, `ctx`
 * is ours. It refuses more than JSON.parse does: lone surrogates, numbers that are not finite doubles, ids
 * that are not a safe integer or a short string, and `params` that are neither object nor array.
 *
 * @param depthLimit containers nested in one message, its own object included
 * @throws WireViolation; reason `batch` for a well-formed array, which is answered rather than punished
 */
export function scan(body: Buffer, depthLimit = 100): Envelope {
  if (!isUtf8(body)) throw new WireViolation("not_utf8", `a body of ${body.length} bytes is not valid UTF-8`);
  const start = skipSpace(body, 0);
  if (start >= body.length || body[start] !== OPEN_BRACE) throw noObject(body, start, depthLimit);

  let seen = 0;
  let i = skipSpace(body, start + 1);
  if (body[i] === 0x7d) {
    i++;
  } else {
    for (;;) {
      const valueStart = skipSpace(body, skipKey(body, i));
      const valueEnd = skipValue(body, valueStart, 1, depthLimit);
      const key = envelopeKey(body, i + 1);
      if (key >= 0) {
        if ((seen & (1 << key)) !== 0)
          throw new WireViolation("duplicate_member", `"${KEYS[key]}" is there twice`);
        seen |= 1 << key;
        starts[key] = valueStart;
        ends[key] = valueEnd;
      }
      i = skipSpace(body, valueEnd);
      const next = i < body.length ? body[i] : 0;
      if (next === 0x2c) {
        i = skipSpace(body, i + 1);
        continue;
      }
      if (next !== 0x7d) throw badJson(body, i, "',' or '}'");
      i++;
      break;
    }
  }
  i = skipSpace(body, i);
  if (i !== body.length) throw badJson(body, i, "nothing after the message");
  return envelope(body, seen);
}

function envelope(body: Buffer, seen: number): Envelope {
  const has = (key: number): boolean => (seen & (1 << key)) !== 0;
  const version = starts[JSONRPC]!;
  if (!has(JSONRPC) || body[version] !== QUOTE || !means(body, version + 1, ends[JSONRPC]! - 1, "2.0")) {
    throw bad(`"jsonrpc" is not "2.0"`);
  }
  if (has(METHOD)) {
    if (has(RESULT) || has(ERROR)) throw bad(`both "method" and "${has(RESULT) ? "result" : "error"}"`);
    const method = name(body, METHOD);
    const params = has(PARAMS) ? container(body, PARAMS) : undefined;
    const ctx = has(CTX) ? container(body, CTX) : undefined;
    if (!has(ID)) return { kind: "notification", method, params, ctx };
    const id = idOf(body);
    if (id === null) throw bad("a request with the id null");
    return { kind: "request", id, method, params, ctx };
  }
  if (has(RESULT) === has(ERROR))
    throw bad(
      `${has(RESULT) ? "both" : "neither"} "result" ${has(RESULT) ? "and" : "nor"} "error", and no "method"`,
    );
  if (!has(ID)) throw bad("an answer without an id");
  const id = idOf(body);
  if (has(ERROR)) {
    if (body[starts[ERROR]!] !== OPEN_BRACE) throw bad(`"error" is not an object`);
    return { kind: "error", id, error: sliceOf(body, ERROR) };
  }
  if (id === null) throw bad("a result with the id null");
  return { kind: "result", id, result: sliceOf(body, RESULT) };
}

function idOf(body: Buffer): Id | null {
  const start = starts[ID]!;
  const end = ends[ID]!;
  if (body[start] === QUOTE) return name(body, ID);
  if (spells(body, start, end, "null")) return null;
  const negative = body[start] === 0x2d;
  let value = 0;
  for (let i = negative ? start + 1 : start; i < end; i++) {
    const digit = body[i]! - 0x30;
    if (digit < 0 || digit > 9) throw bad(`"id" is neither a string nor an integer`);
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) throw bad(`"id" is beyond 2^53-1`);
  return negative && value !== 0 ? -value : value;
}

function name(body: Buffer, key: typeof ID | typeof METHOD): string {
  const start = starts[key]!;
  const end = ends[key]!;
  if (body[start] !== QUOTE) throw bad(`"${KEYS[key]}" is not a string`);
  if (end - start - 2 > NAME_LIMIT) throw bad(`"${KEYS[key]}" is longer than ${NAME_LIMIT} bytes`);
  for (let i = start + 1; i < end - 1; i++) {
    const plain = body[i]! < 0x80 && body[i] !== 0x5c;
    if (!plain) return String(JSON.parse(body.toString("utf8", start, end)));
  }
  return body.toString("latin1", start + 1, end - 1);
}

function container(body: Buffer, key: typeof PARAMS | typeof CTX): Slice {
  const first = body[starts[key]!];
  if (first === OPEN_BRACE || (first === OPEN_BRACKET && key === PARAMS)) return sliceOf(body, key);
  throw bad(key === PARAMS ? `"params" is neither an object nor an array` : `"ctx" is not an object`);
}

function sliceOf(body: Buffer, key: number): Slice {
  return body.subarray(starts[key], ends[key]);
}

/** Which envelope member the key that begins at `start` (just past its quote) names; -1 for any other. */
function envelopeKey(body: Buffer, start: number): number {
  switch (body[start] ?? 0) {
    case 0x6a:
      if (spells(body, start, start + 8, 'jsonrpc"')) return JSONRPC;
      break;
    case 0x69:
      if (spells(body, start, start + 3, 'id"')) return ID;
      break;
    case 0x6d:
      if (spells(body, start, start + 7, 'method"')) return METHOD;
      break;
    case 0x70:
      if (spells(body, start, start + 7, 'params"')) return PARAMS;
      break;
    case 0x63:
      if (spells(body, start, start + 4, 'ctx"')) return CTX;
      break;
    case 0x72:
      if (spells(body, start, start + 7, 'result"')) return RESULT;
      break;
    case 0x65:
      if (spells(body, start, start + 6, 'error"')) return ERROR;
      break;
    default:
  }
  const end = skipString(body, start - 1) - 1;
  return KEYS.findIndex((key) => means(body, start, end, key));
}

function noObject(body: Buffer, start: number, depthLimit: number): WireViolation {
  const end = skipSpace(body, skipValue(body, start, 0, depthLimit));
  if (end !== body.length) return badJson(body, end, "nothing after the message");
  if (body[start] === OPEN_BRACKET)
    return new WireViolation("batch", "batches are not part of this protocol");
  return bad(`a message must be an object, found ${excerpt(body)}`);
}

function badJson(body: Buffer, at: number, expected: string): WireViolation {
  const found = at < body.length ? excerpt(body.subarray(at, at + 16)) : "the end";
  return new WireViolation("bad_json", `expected ${expected} at byte ${at}, found ${found}`);
}

function bad(detail: string): WireViolation {
  return new WireViolation("bad_envelope", detail);
}
