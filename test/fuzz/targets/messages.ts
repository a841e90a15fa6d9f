/** The strict scan of one message, beside JSON.parse and the TypeScript SDK's reader. */
import * as fc from "fast-check";
import { members } from "../../../src/wire/json.ts";
import { scan } from "../../../src/wire/scan.ts";
import type { Envelope } from "../../../src/wire/scan.ts";
import { WireViolation } from "../../../src/wire/violation.ts";
import { parse as parseInSdk } from "../../../protocol/sdk/typescript/message.ts";
import { must, pure } from "../target.ts";
import type { Target } from "../target.ts";

const DEPTH = 100;
const known = new Set(["jsonrpc", "id", "method", "params", "ctx", "result", "error"]);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type Scanned = { readonly message: Envelope } | { readonly violation: WireViolation };

function scanned(body: Buffer): Scanned {
  try {
    return { message: scan(body, DEPTH) };
  } catch (error) {
    if (!(error instanceof WireViolation)) throw error;
    return { violation: error };
  }
}

type Parsed = { readonly text: string; readonly value: unknown } | "not_utf8" | "bad_json";

function parsed(body: Buffer): Parsed {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return "not_utf8";
  }
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    return "bad_json";
  }
}

/** JSON that all languages read alike: no half of a surrogate pair, and no number that is not finite. */
function isPortable(text: string): boolean {
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\[^])*"|-?\d[\d.eE+-]*/g)) {
    const value: unknown = JSON.parse(token);
    if (typeof value === "string" ? !value.isWellFormed() : !Number.isFinite(value)) return false;
  }
  return true;
}

function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\[^])*"|[{}[\]]/g)) {
    if (token === "{" || token === "[") most = Math.max(most, ++depth);
    else if (token === "}" || token === "]") depth--;
  }
  return most;
}

function isId(id: unknown): boolean {
  return typeof id === "string"
    ? Buffer.byteLength(JSON.stringify(id)) <= 6 * 256 + 2
    : Number.isSafeInteger(id);
}

/** Which kind of message it is, as the specification of JSON-RPC 2.0 and protocol/README.md have it; undefined: none. */
function kindOf(value: object): Envelope["kind"] | undefined {
  const own = (key: string): unknown => (Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined);
  const has = (key: string): boolean => Object.hasOwn(value, key);
  if (own("jsonrpc") !== "2.0") return undefined;
  if (has("method")) {
    const { params = [], ctx = {} } = {
      params: has("params") ? own("params") : [],
      ctx: has("ctx") ? own("ctx") : {},
    };
    const isFit =
      typeof own("method") === "string" &&
      !has("result") &&
      !has("error") &&
      typeof params === "object" &&
      params !== null &&
      typeof ctx === "object" &&
      ctx !== null &&
      !Array.isArray(ctx);
    if (!isFit || (has("id") && !isId(own("id")))) return undefined;
    return has("id") ? "request" : "notification";
  }
  if (has("result") === has("error") || !has("id")) return undefined;
  if (has("result")) return isId(own("id")) ? "result" : undefined;
  const error = own("error");
  const isError = typeof error === "object" && error !== null && !Array.isArray(error);
  return isError && (own("id") === null || isId(own("id"))) ? "error" : undefined;
}

function checkTaken(body: Buffer, message: Envelope): void {
  const found = parsed(body);
  must(typeof found === "object", "what is taken is JSON in UTF-8", found);
  const { text, value } = found;
  must(isPortable(text) && depthOf(text) <= DEPTH, "what is taken is portable and not too deep");
  must(
    typeof value === "object" && value !== null && kindOf(value) === message.kind,
    "the kind is the one that it has",
    message.kind,
  );
  const whole = value as Record<string, unknown>;
  const slices = Object.entries(message).filter(([, each]) => each instanceof Buffer) as [string, Buffer][];
  for (const [key, slice] of slices) {
    must(same(JSON.parse(slice.toString()), whole[key]), "a slice is the value of its member", key);
    must(slice.buffer === body.buffer, "a slice is a view");
  }
  for (const key of ["params", "ctx", "result", "error"]) {
    const isThere = slices.some(([each]) => each === key);
    must(isThere === (Object.hasOwn(whole, key) && belongs(key, message.kind)), "no member is lost", key);
  }
  if ("id" in message)
    must(
      Object.is(message.id, whole["id"]) || (message.id === 0 && whole["id"] === 0),
      "the id is the one that it has",
      [message.id, whole["id"]],
    );
  if ("method" in message)
    must(message.method === whole["method"], "the method is the one that it has", message.method);
  if ("params" in message) checkMembers(message.params);
  const inSdk = parseInSdk(body, DEPTH);
  if (inSdk.kind !== "refused") return;
  // Members that nobody knows may be doubled for the supervisor, which passes none of them on.
  const [, doubled] = /^the member (.*) is there twice$/s.exec(inSdk.error.message) ?? [];
  must(doubled !== undefined, "the SDK takes what the supervisor takes", inSdk.error.message);
  must(!known.has(doubled), "what is taken has no member of the protocol twice", doubled);
}

function belongs(key: string, kind: Envelope["kind"]): boolean {
  if (key === "params" || key === "ctx") return kind === "request" || kind === "notification";
  return key === kind;
}

function checkMembers(params: Buffer | undefined): void {
  if (params?.[0] !== 0x7b) return;
  const value: Record<string, unknown> = JSON.parse(params.toString());
  const names = ["id", "value", "seq", "__proto__"];
  const found = members(params, ...names);
  for (const [index, name] of names.entries()) {
    const slice = found[index];
    const expected = Object.hasOwn(value, name)
      ? Object.getOwnPropertyDescriptor(value, name)?.value
      : undefined;
    must(
      same(slice === undefined ? undefined : JSON.parse(slice.toString()), expected),
      "a member is found",
      name,
    );
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function checkRefused(body: Buffer, { reason, detail }: WireViolation): void {
  must(/^[\x20-\x7e]{1,400}$/.test(detail), "the detail is one printable line", detail);
  const found = parsed(body);
  switch (reason) {
    case "not_utf8":
      must(found === "not_utf8", "what is refused as not UTF-8 is not");
      return;
    case "too_deep":
      must(
        found === "bad_json" || (typeof found === "object" && depthOf(found.text) > DEPTH),
        "what is refused as too deep is",
      );
      return;
    case "bad_json":
      must(
        found === "bad_json" || (typeof found === "object" && !isPortable(found.text)),
        "what is refused as no JSON is none, or not portable",
        detail,
      );
      return;
    case "duplicate_member": {
      const inSdk = parseInSdk(body, Infinity);
      must(inSdk.kind === "refused", "what is refused as doubled is", inSdk.kind);
      return;
    }
    case "batch":
      must(typeof found === "object" && Array.isArray(found.value), "what is refused as a batch is one");
      return;
    case "bad_envelope":
      must(typeof found === "object" && !Array.isArray(found.value), "what has a bad envelope is JSON");
      if (typeof found.value === "object" && found.value !== null)
        must(
          /longer than 256/.test(detail) || kindOf(found.value) === undefined || isOddNumber(found.text),
          "what is refused is no message",
          detail,
        );
      return;
    default:
      must(false, "only what is wrong with a message is said", reason);
  }
}

/** JSON.parse takes 1.0 and 1e2 for integers, and rounds what lies beyond. */
function isOddNumber(text: string): boolean {
  return /"id"\s*:\s*-?\d+[.eE]/.test(text) || text.includes("\\u");
}

function run(input: Buffer): void {
  const found = scanned(input);
  if ("message" in found) checkTaken(input, found.message);
  else checkRefused(input, found.violation);
}

const space = fc.constantFrom("", "", "", " ", "\n\t", "\r\n");
const id = fc.oneof(
  fc.constantFrom(
    "1",
    "0",
    "-1",
    "-0",
    "null",
    '"a"',
    "9007199254740991",
    "9007199254740992",
    "1.5",
    "1e2",
    '"\\u0061"',
  ),
  fc.string({ maxLength: 8 }).map((each) => JSON.stringify(each)),
);
const json = fc.json({ maxDepth: 3, stringUnit: "binary" });
/** What is JSON by a hair, or not. */
const token = fc.constantFrom(
  "0",
  "00",
  "-0",
  "-",
  "-01",
  "1.",
  ".5",
  "1e",
  "1e+",
  "1E-2",
  "1e308",
  "1e309",
  "+1",
  "0x1",
  "tru",
  "nulll",
  "NaN",
  '"\\ud83d\\ude00"',
  '"\\ud800"',
  '"\\ude00"',
  '"\\ud83d\\u0041"',
  '"\\uffff"',
  '"\\u12"',
  '"\\x"',
  '"\t"',
  '"\\/"',
  "'a'",
  "[,]",
  "[1,]",
  "{,}",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  "{a:1}",
  "[[]",
  "[ ]",
  "{ }",
  '{ "a" : 1 }',
  "[ 1 , 2 ]",
);
const container = fc.oneof(
  token.map((each) => `[${each}]`),
  fc.constantFrom('{ "id" : 1 }', "[ ]"),
  json.map((each) => `[${each}]`),
  fc
    .dictionary(fc.constantFrom("id", "value", "a", "__proto__", "toString"), fc.jsonValue({ maxDepth: 2 }))
    .map((each) => JSON.stringify(each)),
);
const member = fc.oneof(
  fc.constant('"jsonrpc":"2.0"'),
  id.map((each) => `"id":${each}`),
  fc.constantFrom('"method":"a/b.c"', '"method":"$/progress"', '"m\\u0065thod":"x"', '"method":"\u00e9"'),
  container.map((each) => `"params":${each}`),
  container.map((each) => `"ctx":${each}`),
  json.map((each) => `"result":${each}`),
  fc.constant('"error":{"code":-32000,"message":"no"}'),
  fc.tuple(fc.string({ maxLength: 5 }), json).map(([key, each]) => `${JSON.stringify(key)}:${each}`),
);
const sound = fc
  .tuple(id, container, container)
  .map(([i, params, ctx]) => `{"jsonrpc":"2.0","id":${i},"method":"a/b.c","params":${params},"ctx":${ctx}}`);
const message = fc.oneof(
  sound,
  fc
    .tuple(fc.array(member, { maxLength: 6 }), space)
    .map(([all, gap]) => `${gap}{${gap}${all.join(`${gap},${gap}`)}${gap}}${gap}`),
);

export const messages: Target = {
  name: "messages",
  inputs: message.map((each) => Buffer.from(each)),
  words: [
    '"jsonrpc":"2.0"',
    '"id":',
    '"method":"',
    '"params":',
    '"ctx":{',
    '"result":',
    '"error":{"code":1,"message":""}',
    "\\u0069",
    "\\ud83d\\ude00",
    "\\ud800",
    "\\uffff",
    "{ ",
    "[ ",
    " : ",
    "\\uf8ff",
    "00",
    "-01",
    "1.",
    "1e",
    "__proto__",
    "\xc3\xa9",
    "\xf0\x9f\x98\x80",
    "\xed\xa0\x80",
    "[[[[[[[[",
    "null",
    "true",
    "1e308",
  ],
  covers: ["src/wire/scan.ts", "src/wire/json.ts", "protocol/sdk/typescript/message.ts"],
  tried: 5000,
  start: pure(run),
};
