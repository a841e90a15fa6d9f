/** A body as a message, or why it is none. */
import type { Message } from "vscode-jsonrpc/node";
import { codes, isObject, refusal } from "./error.ts";
import type { ResponseError } from "vscode-jsonrpc/node";

export type Id = number | string;

/** Sent by the host besides what vscode-jsonrpc knows. */
export interface Context {
  /** Time left when the call was sent, in milliseconds. */
  readonly ms?: number;
  /** Items that the caller takes before its first `$/credit`. */
  readonly credit?: number;
  /** The answer may carry data. */
  readonly bulk?: true;
}

export type Incoming =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "ignored" }
  | { readonly kind: "refused"; readonly id: Id | null; readonly error: ResponseError<unknown> };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param depth how many levels of containers a message may have */
export function parse(body: Uint8Array, depth: number): Incoming {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(body);
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "refused", id: null, error: refusal(codes.parseError, "parse_error", message) };
  }
  if (Array.isArray(value)) return refused("batches are not served");
  if (!isObject(value)) return refused("a message is an object");
  const fault = faultOf(text, depth);
  if (fault !== undefined) return refused(fault);
  if (hasLoneSurrogate(text, value)) return refused("a lone surrogate is no text");
  const { id, method } = value;
  if (id !== undefined && !isId(id)) {
    // An answer to what could not be read has the id null: there is nobody here to tell.
    return id === null && method === undefined
      ? { kind: "ignored" }
      : refused("an id is an integer or a string");
  }
  if (!isMessage(value)) return refused('jsonrpc is not "2.0"', id ?? null);
  if (method === undefined) {
    const whole = id !== undefined && (value["result"] === undefined) !== (value["error"] === undefined);
    return whole ? { kind: "message", message: value } : { kind: "ignored" };
  }
  if (typeof method !== "string") return refused("method is not a string", id ?? null);
  if (id !== undefined) return { kind: "message", message: value };
  // vscode-jsonrpc reads the id of a cancellation before it looks whether there is one.
  const params = value["params"];
  const harmless = method !== "$/cancelRequest" || (isObject(params) && isId(params["id"]));
  return harmless ? { kind: "message", message: value } : { kind: "ignored" };
}

function refused(message: string, id: Id | null = null): Incoming {
  return { kind: "refused", id, error: refusal(codes.invalidRequest, "invalid_request", message) };
}

export function isId(value: unknown): value is Id {
  return typeof value === "string" || Number.isSafeInteger(value);
}

function isMessage(value: unknown): value is Message & Record<string, unknown> {
  return isObject(value) && value["jsonrpc"] === "2.0";
}

/** What JSON.parse lets pass: a depth beyond the limit, a member of the message that is there twice. */
function faultOf(text: string, limit: number): string | undefined {
  const members = new Set<string>();
  let depth = 0;
  let expectsKey = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === "\\") i++;
      if (depth !== 1 || !expectsKey) continue;
      expectsKey = false;
      const member: unknown = JSON.parse(text.slice(start, i + 1));
      if (members.has(String(member))) return `the member ${String(member)} is there twice`;
      members.add(String(member));
    } else if (c === "{" || c === "[") {
      depth++;
      expectsKey = depth === 1;
      if (depth > limit) return `deeper than ${limit} levels`;
    } else if (c === "}" || c === "]") depth--;
    else if (c === "," && depth === 1) expectsKey = true;
  }
  return undefined;
}

/** Half of a surrogate pair can not be UTF-8: in JSON it can only be an escape. */
function hasLoneSurrogate(text: string, value: unknown): boolean {
  return /\\u[dD][89a-fA-F]/.test(text) && carriesLoneSurrogate(JSON.stringify(value));
}

/** Of text that JSON.stringify has made, which writes out whole pairs and escapes halves. */
export function carriesLoneSurrogate(json: string): boolean {
  return json.includes("\\ud") && /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(json);
}
