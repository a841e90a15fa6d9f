/** A real daemon between a client that sends anything and plugins without an SDK: what arrives is what was sent, or nothing is. */
import * as fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { connect } from "node:net";
import type { Socket } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isErrorCode } from "../../../protocol/error.ts";
import { controlRange } from "../../../protocol/range.ts";
import { FrameReader } from "../../../protocol/sdk/typescript/frame.ts";
import { runDaemon } from "../../../src/daemon/daemon.ts";
import { BadReference, plain } from "../../../src/wire/bulk.ts";
import { encodeFrame } from "../../../src/wire/framing.ts";
import { scan } from "../../../src/wire/scan.ts";
import type { Envelope } from "../../../src/wire/scan.ts";
import { WireViolation } from "../../../src/wire/violation.ts";
import { must } from "../target.ts";
import type { Target, Trials } from "../target.ts";
import { filesOf, Folder } from "./folder.ts";

const fixture = fileURLToPath(new URL("../../fixtures/plugin/bulk.mjs", import.meta.url));

function table(id: string, ...more: string[]): string {
  const args = JSON.stringify([fixture, ...more]);
  return `[plugins.${id}]\ncommand = ${JSON.stringify(process.execPath)}\nargs = ${args}\nquarantine = false\nrestart = { min_delay = "1ms", max_failures = 1000000 }\n`;
}

interface Answer {
  readonly message: { readonly id?: unknown; readonly result?: unknown; readonly error?: Refusal };
  readonly data: Buffer | undefined;
}

interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly data?: { readonly code?: string };
}

/** One connection to the daemon, on which one request is open at a time. */
class Line {
  readonly #socket: Socket;
  readonly #reader = new FrameReader(1024 * 1024);
  readonly #answers: Answer[] = [];
  #wake: () => void = () => {};
  #closed = false;

  constructor(socket: string) {
    this.#socket = connect(socket);
    this.#socket.on("data", (chunk: Buffer) => {
      for (const { body, data } of this.#reader.push(chunk))
        this.#answers.push({ message: JSON.parse(body.toString()), data });
      this.#wake();
    });
    // Whoever breaks the rules is cut off, at times before it has written all.
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
    this.#socket.write(
      request("hello", "hello", { protocol: controlRange, client: { name: "fuzz", version: "0" } }),
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** All answers up to those to each of these ids; undefined: the daemon has hung up. */
  async answers(ids: readonly unknown[]): Promise<Answer[] | undefined> {
    const has = (id: unknown): boolean => this.#answers.some(({ message }) => Object.is(message.id, id));
    while (!ids.every(has)) {
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#answers.splice(0);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function request(id: unknown, method: string, params: unknown): Buffer {
  return encodeFrame(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
}

const LAST = "the last one";

type Sent = Extract<Envelope, { kind: "request" }>;

async function start(): Promise<Trials> {
  const folder = new Folder();
  const configFile = folder.write("bulkhead.toml", Buffer.from(table("bulk") + table("plain", "--plain")));
  const up = Promise.withResolvers<string>();
  const stateDir = path.join(folder.path, "state");
  const down = runDaemon({ configFile, stateDir, ready: ({ socket }) => up.resolve(socket) });
  down.catch(up.reject);
  const socket = await up.promise;
  let line = new Line(socket);
  await line.answers(["hello"]);
  return {
    async run(input) {
      const [json = input, data] = filesOf(input, 2);
      const message = scanned(json);
      if (message?.kind === "request" && !isHarmless(message, data)) return;
      if (line.closed) {
        line = new Line(socket);
        await line.answers(["hello"]);
      }
      line.send(encodeFrame(json, data));
      line.send(request(LAST, "bulk/bulk.seen", {}));
      const isRequest = message?.kind === "request";
      const answers = await line.answers(isRequest ? [message.id, LAST] : [LAST]);
      if (isRequest) checkAnswer(message, data, answers);
      else checkNoRequest(json, data, message, answers);
    },
    async close() {
      line.close();
      const last = new Line(socket);
      last.send(request("stop", "daemon.stop", {}));
      await down;
      last.close();
      folder.remove();
    },
  };
}

function scanned(json: Buffer): Envelope | undefined {
  try {
    return scan(json);
  } catch (error) {
    if (error instanceof WireViolation) return undefined;
    throw error;
  }
}

/** Of the fixture's methods those that do as they are told; of the daemon's own none. */
function isHarmless({ id, method, params, ctx }: Sent, data: Buffer | undefined): boolean {
  if (id === LAST || !method.includes("/")) return false;
  if (!/^(?:bulk|plain)\/bulk\./.test(method)) return true;
  const takesData = data === undefined || (ctx !== undefined && JSON.parse(ctx.toString())["bulk"] === true);
  return (
    method.endsWith("/bulk.seen") || (method.endsWith("/bulk.echo") && params !== undefined && takesData)
  );
}

function checkAnswer(sent: Sent, data: Buffer | undefined, answers: Answer[] | undefined): void {
  must(answers !== undefined, "a request is answered", sent.method);
  const own = answers.filter(({ message }) => Object.is(message.id, sent.id));
  const [answer] = own;
  must(own.length === 1 && answer !== undefined, "a request is answered once", own.length);
  const { result, error } = answer.message;
  if (error !== undefined) {
    const code = error.data?.code ?? "";
    must(isErrorCode(code), "an error has a code of the table", error);
    must(
      ![
        "internal_error",
        "plugin_crashed",
        "plugin_unavailable",
        "invalid_result",
        "protocol_violation",
      ].includes(code),
      "nobody but the caller is at fault",
      error,
    );
    return;
  }
  const isPlain = sent.method.startsWith("plain/");
  const expected = expectedOf(sent, isPlain ? data : undefined);
  if (sent.method.endsWith("/bulk.echo")) {
    must(isDeepStrictEqual(result, expected), "what is echoed is what was sent", { result, expected });
    must(isPlain || same(answer.data, data), "data is echoed as it was sent");
    return;
  }
  must(sent.method.endsWith("/bulk.seen"), "only what is described is called", sent.method);
  const { params, data: seen } = result as { params?: unknown; data: string | null };
  must(isDeepStrictEqual(params, expected), "what a plugin reads is what was sent", { params, expected });
  must(isPlain || seen === (data?.toString("latin1") ?? null), "data arrives as it was sent");
}

function expectedOf({ params }: Sent, data: Buffer | undefined): unknown {
  // Data to be written out needs something to be written into.
  if (params === undefined) return data === undefined ? undefined : {};
  return valueOf(params, data);
}

/** As one who parses and writes it again would have it. */
function valueOf(params: Buffer, data: Buffer | undefined): unknown {
  try {
    const text = data === undefined ? params : plain(params, data);
    return JSON.parse(JSON.stringify(JSON.parse(text?.toString() ?? "null")));
  } catch (error) {
    if (error instanceof BadReference) return "refused";
    throw error;
  }
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

function checkNoRequest(
  json: Buffer,
  data: Buffer | undefined,
  message: Envelope | undefined,
  answers: Answer[] | undefined,
): void {
  const isBatch = message === undefined && data === undefined && reasonOf(json) === "batch";
  if (isBatch)
    must(
      answers?.some(({ message: { id, error } }) => id === null && error?.code === -32600) === true,
      "a batch is answered",
    );
  else if (message === undefined) must(answers === undefined, "who breaks the rules is cut off");
  if (message?.kind === "result") must(answers === undefined, "an answer to nothing is a violation");
}

function reasonOf(json: Buffer): string {
  try {
    scan(json);
    return "";
  } catch (error) {
    return error instanceof WireViolation ? error.reason : "";
  }
}

const id = fc.oneof(
  fc.constantFrom("1", "0", "-1", '"a"', "9007199254740991", '"\\u0061"', '"\u00e9"'),
  fc.nat().map(String),
);
const method = fc.constantFrom(
  "bulk/bulk.seen",
  "bulk/bulk.echo",
  "plain/bulk.seen",
  "plain/bulk.echo",
  "bulk/bulk.none",
  "none/bulk.seen",
  "bulk/",
  "/",
);
const json = fc.json({ maxDepth: 3, stringUnit: "binary" });
const params = fc.oneof(
  json.map((each) => `{"a":${each}}`),
  json.map((each) => `[${each}]`),
  fc.constantFrom(
    "{}",
    '{"__proto__":{"a":1},"constructor":1}',
    '{"a":1,"a":2}',
    '{"n":9007199254740993,"e":1e-7,"z":-0}',
    '{"$bytes":[0,3]}',
    '{"a":{"$bytes":[1,2]},"b":{"$bytes":[0,1]}}',
    '{"a":{"$bytes":[2,9]}}',
  ),
);
const ctx = fc.constantFrom(
  "",
  ',"ctx":{}',
  ',"ctx":{"bulk":true}',
  ',"ctx":{"ms":5000}',
  ',"ctx":{"ms":0}',
  ',"ctx":{"credit":1}',
  ',"ctx":{"parent":1}',
  ',"ctx":{"idle":1e3,"more":[]}',
);
const sound = fc
  .tuple(id, method, params, ctx)
  .map(([i, m, p, c]) => `{"jsonrpc":"2.0","id":${i},"method":"${m}","params":${p}${c}}`);
const other = fc.constantFrom(
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
  '{"jsonrpc":"2.0","method":"$/credit","params":{"id":1,"n":1}}',
  '{"jsonrpc":"2.0","id":1,"result":null}',
  '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}',
  '[{"jsonrpc":"2.0"}]',
  '{"jsonrpc":"2.0","method":"$/item","params":{"id":1,"seq":0,"value":1}}',
);
const data = fc.oneof(
  { weight: 2, arbitrary: fc.constant(Buffer.alloc(0)) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ minLength: 3, maxLength: 8 })
      .map((each) => Buffer.concat([Buffer.of(0), each])),
  },
);

export const relay: Target = {
  name: "relay",
  inputs: fc
    .tuple(fc.oneof({ weight: 5, arbitrary: sound }, { weight: 1, arbitrary: other }), data)
    .map(([text, beside]) => Buffer.concat([Buffer.from(text), beside])),
  words: [
    '"params":{',
    '"ctx":{"bulk":true}',
    '"ctx":{"credit":5}',
    '"method":"plain/bulk.seen"',
    '{"$bytes":[0,3]}',
    "\0abc",
    '"__proto__":',
    "\\u0041",
    "\xc3\xa9",
    "\\ud83d\\ude00",
    " ",
    '"x":1,',
  ],
  covers: [
    "src/wire/",
    "src/daemon/connection.ts",
    "src/supervisor/router.ts",
    "src/supervisor/plugin.ts",
    "src/supervisor/session.ts",
    "src/supervisor/conversation.ts",
    "src/supervisor/plain-params.ts",
    "src/supervisor/settlement.ts",
  ],
  tried: 300,
  start,
};
