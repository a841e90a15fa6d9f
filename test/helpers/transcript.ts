/** Plays a golden transcript against a fresh process; protocol/transcripts/README.md says what the steps mean. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { encodeFrame } from "../../src/wire/framing.ts";
import { scan } from "../../src/wire/scan.ts";
import { idName, isObject, mismatch, namedIds, remember, replace, show } from "./pattern.ts";
import type { Json } from "./pattern.ts";

export type Step =
  | { readonly send: Json }
  | { readonly sendRaw: string }
  | { readonly sendBulk: { readonly message: Json; readonly data: string } }
  | { readonly expect: Json }
  | { readonly expectBulk: Json }
  | { readonly unordered: Json[] }
  | { readonly ignore: Json }
  | { readonly eof: true }
  | { readonly expectExit: Json };

export interface Transcript {
  readonly name: string;
  readonly title: string;
  /** What a plugin must offer for this to be of use; absent: nothing. */
  readonly capability?: string;
  /** Step n stands in line n + 2 of the file. */
  readonly steps: readonly Step[];
}

const kinds = new Set([
  "send",
  "sendRaw",
  "sendBulk",
  "expect",
  "expectBulk",
  "unordered",
  "ignore",
  "eof",
  "expectExit",
]);
const patience = 10_000;

export function readTranscript(file: string): Transcript {
  const [first, ...rest] = readFileSync(file, "utf8").trimEnd().split("\n");
  const { title, capability } = JSON.parse(first ?? "");
  if (typeof title !== "string") throw new Error(`${file}:1: the first line gives the title`);
  if (capability !== undefined && typeof capability !== "string")
    throw new Error(`${file}:1: a capability has a name`);
  const steps = rest.map((line, index): Step => {
    const step = unfold(JSON.parse(line));
    if (!isStep(step)) throw new Error(`${file}:${index + 2}: not a step`);
    return step;
  });
  const name = path.basename(file, ".jsonl");
  return capability === undefined ? { name, title, steps } : { name, title, capability, steps };
}

function isStep(value: Json): value is Step {
  const [kind = "", ...more] = isObject(value) ? Object.keys(value) : [];
  if (!kinds.has(kind) || more.length > 0) return false;
  if (!isObject(value) || kind !== "sendBulk") return true;
  const { message, data } = isObject(value["sendBulk"]) ? value["sendBulk"] : {};
  return message !== undefined && typeof data === "string" && /^(?:[0-9a-f]{2})*$/.test(data);
}

/** The capabilities that a plugin says it has. */
export async function capabilitiesOf(command: string, args: readonly string[] = []): Promise<string[]> {
  const plugin = new Conversation(spawn(command, args, { stdio: "pipe" }));
  const params = { protocol: { min: 1, max: 1 }, host: { name: "transcript", version: "1.0.0" } };
  try {
    plugin.write(frameOf({ jsonrpc: "2.0", id: 1, method: "initialize", params }));
    const { message } = await plugin.next();
    const result = isObject(message) ? message["result"] : undefined;
    const { capabilities } = isObject(result) ? result : {};
    return isObject(capabilities)
      ? Object.keys(capabilities).filter((name) => capabilities[name] === true)
      : [];
  } finally {
    plugin.kill();
  }
}

/** Resolves when every step has been seen; rejects at the first that was not, with the plugin's stderr. */
export async function play(
  transcript: Transcript,
  command: string,
  args: readonly string[] = [],
): Promise<void> {
  const plugin = new Conversation(spawn(command, args, { stdio: "pipe" }));
  let line = 1;
  try {
    for (const step of transcript.steps) {
      line += 1;
      await perform(withIds(step, plugin.ids), plugin);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const said = plugin.stderr === "" ? "" : `\nstderr:\n${plugin.stderr}`;
    throw new Error(`${transcript.name}.jsonl:${line}: ${reason}${said}`, { cause: error });
  } finally {
    plugin.kill();
  }
}

async function perform(step: Step, plugin: Conversation): Promise<void> {
  if ("send" in step) plugin.write(frameOf(step.send));
  else if ("sendBulk" in step)
    plugin.write(frameOf(step.sendBulk.message, Buffer.from(step.sendBulk.data, "hex")));
  else if ("sendRaw" in step) plugin.write(Buffer.from(step.sendRaw));
  else if ("eof" in step) plugin.endInput();
  else if ("expect" in step) takeFrom(await plain(plugin), step.expect, plugin);
  else if ("expectBulk" in step) {
    const { message, hasData } = await plugin.next();
    if (!hasData) throw new Error(`no data beside ${show(message)}`);
    takeFrom(message, step.expectBulk, plugin);
  } else if ("unordered" in step) await takeUnordered(step.unordered, plugin);
  else if ("ignore" in step) plugin.ignored.push(step.ignore);
  else {
    const status = await plugin.exited();
    const wrong = mismatch(step.expectExit, status);
    if (wrong !== undefined) throw new Error(`exit status${wrong}`);
    if (plugin.untaken !== undefined)
      throw new Error(`a message that no step took: ${show(plugin.untaken.message)}`);
  }
}

function frameOf(message: Json, data?: Buffer): Buffer {
  const unknown = namedIds(message)[0];
  if (unknown !== undefined) throw new Error(`no id has the name ${show(unknown)}`);
  return encodeFrame(JSON.stringify(message), data);
}

/** The next message, beside which there is nothing. */
async function plain(plugin: Conversation): Promise<Json> {
  const { message, hasData } = await plugin.next();
  if (hasData) throw new Error(`data beside ${show(message)}`);
  return message;
}

function takeFrom(message: Json, pattern: Json, plugin: Conversation): void {
  const wrong = mismatch(pattern, message);
  if (wrong !== undefined) throw new Error(`${wrong}\nin ${show(message)}`);
  remember(pattern, message, plugin.ids);
}

async function takeUnordered(entries: readonly Json[], plugin: Conversation): Promise<void> {
  const sequences = entries.map((entry) => (Array.isArray(entry) ? [...entry] : [entry]));
  while (sequences.some((sequence) => sequence.length > 0)) {
    const message = await plain(plugin);
    const taker = sequences.find(([next]) => next !== undefined && mismatch(next, message) === undefined);
    if (taker === undefined) throw new Error(`nothing here takes ${show(message)}`);
    remember(taker.shift() ?? null, message, plugin.ids);
  }
}

interface Received {
  /** Ranges of the data are in it what `$hex` matches. */
  readonly message: Json;
  readonly hasData: boolean;
}

class Conversation {
  stderr = "";
  /** Patterns of messages that may come at any time. */
  readonly ignored: Json[] = [];
  /** What the plugin's own requests are numbered, by the name that a pattern gave them. */
  readonly ids = new Map<string, Json>();
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #messages: Received[] = [];
  #received = Buffer.alloc(0);
  #failure: Error | undefined;
  #status: number | string | undefined;
  #wake: () => void = () => {};

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    child.stdout.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      try {
        this.#readFrames();
      } catch (error) {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      }
      this.#wake();
    });
    // A plugin may leave before it has read everything.
    child.stdin.on("error", () => {});
    child.on("error", (error) => {
      this.#failure ??= error;
      this.#wake();
    });
    child.on("close", (code, signal) => {
      this.#status = code ?? signal ?? "unknown";
      if (this.#received.length > 0)
        this.#failure ??= new Error(`half a frame: ${show(this.#received.toString())}`);
      this.#wake();
    });
  }

  /** Strict: whatever is not a frame is a failure, noise included. */
  #readFrames(): void {
    for (;;) {
      const end = this.#received.indexOf("\r\n\r\n");
      const head = this.#received.subarray(0, end === -1 ? undefined : end).toString("latin1");
      if (!"content-".startsWith(head.slice(0, 8).toLowerCase())) throw new Error(`no frame: ${show(head)}`);
      if (end === -1) return;
      const length = /^content-length:[ \t]*(\d+)[ \t]*$/im.exec(head)?.[1];
      if (length === undefined) throw new Error(`no Content-Length: ${show(head)}`);
      const json = jsonBytes(head, Number(length));
      const bodyEnd = end + 4 + Number(length);
      if (this.#received.length < bodyEnd) return;
      const body = this.#received.subarray(end + 4, json === undefined ? bodyEnd : end + 4 + json);
      // The supervisor's own judgement of what a message is.
      scan(body);
      const message: Json = JSON.parse(body.toString("utf8"));
      const data = this.#received.subarray(end + 4 + body.length, bodyEnd);
      this.#messages.push(
        json === undefined ? { message, hasData: false } : { message: inHex(message, data), hasData: true },
      );
      this.#received = this.#received.subarray(bodyEnd);
    }
  }

  /** The next message that came, as far as it is not to be ignored. */
  get untaken(): Received | undefined {
    return this.#messages.find(({ message, hasData }) => hasData || !this.#isIgnored(message));
  }

  #isIgnored(message: Json): boolean {
    return this.ignored.some((pattern) => mismatch(pattern, message) === undefined);
  }

  write(bytes: Buffer): void {
    this.#child.stdin.write(bytes);
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async next(): Promise<Received> {
    await this.#until(() => this.untaken !== undefined || this.#status !== undefined, "a message");
    const received = this.untaken;
    if (received === undefined)
      throw new Error(`the plugin has left (${this.#status}) instead of sending a message`);
    this.#messages.splice(0, this.#messages.indexOf(received) + 1);
    return received;
  }

  /** Exit status, or the name of a signal. */
  async exited(): Promise<number | string> {
    await this.#until(() => this.#status !== undefined, "the end of the process");
    return this.#status ?? "unknown";
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    const failWith = (error: Error): void => {
      this.#failure ??= error;
      this.#wake();
    };
    const timer = setTimeout(() => failWith(new Error(`no sign of ${what} within ${patience} ms`)), patience);
    try {
      while (!done() && this.#failure === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** With each `$id` whose name is known replaced by that id. */
function withIds(step: Step, ids: ReadonlyMap<string, Json>): Step {
  const replaced = replace(step, (value) => {
    const name = idName(value);
    return name === undefined ? undefined : ids.get(name);
  });
  if (!isStep(replaced)) throw new Error("not a step");
  return replaced;
}

/** Replaces `$repeat`. */
function unfold(value: Json): Json {
  return replace(value, (part) => {
    const { $repeat: text, times } = isObject(part) ? part : {};
    return typeof text === "string" && typeof times === "number" ? text.repeat(times) : undefined;
  });
}

/** How many bytes of a frame are JSON, where its head announces data. */
function jsonBytes(head: string, length: number): number | undefined {
  const type = /^content-type:[ \t]*application\/vnd\.bulkhead\.bulk(.*)$/im.exec(head)?.[1];
  if (type === undefined) return undefined;
  const bytes = Number(/^[ \t]*;[ \t]*json=(\d+)[ \t]*$/i.exec(type)?.[1]);
  if (bytes >= 1 && bytes <= length) return bytes;
  throw new Error(`no length of the JSON: ${show(head)}`);
}

/** With each range of the data replaced by what `$hex` matches. */
function inHex(message: Json, data: Buffer): Json {
  return replace(message, (part) => {
    if (!isObject(part) || !Object.hasOwn(part, "$bytes")) return undefined;
    const range = part["$bytes"];
    const [from = -1, bytes = -1] = Array.isArray(range) && range.length === 2 ? range.map(Number) : [];
    const isRange = [from, bytes].every((each) => Number.isInteger(each) && each >= 0);
    if (!isRange || from + bytes > data.length || Object.keys(part).length > 1)
      throw new Error(`no range of the ${data.length} bytes of data: ${show(part)}`);
    return { $hex: data.toString("hex", from, from + bytes) };
  });
}
