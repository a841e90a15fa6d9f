/** Plays a golden transcript against a fresh process; protocol/transcripts/README.md says what the steps mean. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { scan } from "../../src/wire/scan.ts";

type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

export type Step =
  | { readonly send: Json }
  | { readonly sendRaw: string }
  | { readonly expect: Json }
  | { readonly unordered: Json[] }
  | { readonly eof: true }
  | { readonly expectExit: Json };

export interface Transcript {
  readonly name: string;
  readonly title: string;
  /** Step n stands in line n + 2 of the file. */
  readonly steps: readonly Step[];
}

const kinds = new Set(["send", "sendRaw", "expect", "unordered", "eof", "expectExit"]);
const patience = 10_000;

export function readTranscript(file: string): Transcript {
  const [first, ...rest] = readFileSync(file, "utf8").trimEnd().split("\n");
  const { title } = JSON.parse(first ?? "");
  if (typeof title !== "string") throw new Error(`${file}:1: the first line gives the title`);
  const steps = rest.map((line, index): Step => {
    const step = unfold(JSON.parse(line));
    if (!isStep(step)) throw new Error(`${file}:${index + 2}: not a step`);
    return step;
  });
  return { name: path.basename(file, ".jsonl"), title, steps };
}

function isStep(value: Json): value is Step {
  const [kind = "", ...more] = isObject(value) ? Object.keys(value) : [];
  return kinds.has(kind) && more.length === 0;
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
      await perform(step, plugin);
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
  if ("send" in step) {
    const body = Buffer.from(JSON.stringify(step.send));
    plugin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  } else if ("sendRaw" in step) plugin.write(Buffer.from(step.sendRaw));
  else if ("eof" in step) plugin.endInput();
  else if ("expect" in step) {
    const message = await plugin.next();
    const wrong = mismatch(step.expect, message);
    if (wrong !== undefined) throw new Error(`${wrong}\nin ${show(message)}`);
  } else if ("unordered" in step) await takeUnordered(step.unordered, plugin);
  else {
    const status = await plugin.exited();
    const wrong = mismatch(step.expectExit, status);
    if (wrong !== undefined) throw new Error(`exit status${wrong}`);
    if (plugin.untaken !== undefined) throw new Error(`a message that no step took: ${show(plugin.untaken)}`);
  }
}

async function takeUnordered(entries: readonly Json[], plugin: Conversation): Promise<void> {
  const sequences = entries.map((entry) => (Array.isArray(entry) ? [...entry] : [entry]));
  while (sequences.some((sequence) => sequence.length > 0)) {
    const message = await plugin.next();
    const taker = sequences.find(([next]) => next !== undefined && mismatch(next, message) === undefined);
    if (taker === undefined) throw new Error(`nothing here takes ${show(message)}`);
    taker.shift();
  }
}

class Conversation {
  stderr = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #messages: Json[] = [];
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
      const bodyEnd = end + 4 + Number(length);
      if (this.#received.length < bodyEnd) return;
      const body = this.#received.subarray(end + 4, bodyEnd);
      // The supervisor's own judgement of what a message is.
      scan(body);
      this.#messages.push(JSON.parse(body.toString("utf8")));
      this.#received = this.#received.subarray(bodyEnd);
    }
  }

  get untaken(): Json | undefined {
    return this.#messages[0];
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

  async next(): Promise<Json> {
    await this.#until(() => this.#messages.length > 0 || this.#status !== undefined, "a message");
    const message = this.#messages.shift();
    if (message === undefined)
      throw new Error(`the plugin has left (${this.#status}) instead of sending a message`);
    return message;
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

/** Where and how a value differs from a pattern; undefined: it matches. */
export function mismatch(pattern: Json, value: Json | undefined, at = ""): string | undefined {
  const differs = (wanted: string): string =>
    `${at}: expected ${wanted}, found ${value === undefined ? "nothing" : show(value)}`;
  if (isObject(pattern)) {
    const wildcard = Object.keys(pattern).find((key) => key.startsWith("$"));
    if (wildcard !== undefined) {
      return takes(wildcard, pattern[wildcard] ?? null, value) ? undefined : differs(show(pattern));
    }
    if (!isObject(value)) return differs("an object");
    return firstOf(Object.entries(pattern), ([key, each]) => mismatch(each, own(value, key), `${at}/${key}`));
  }
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length)
      return differs(`a list of ${pattern.length}`);
    return firstOf([...pattern.entries()], ([index, each]) => mismatch(each, value[index], `${at}/${index}`));
  }
  return pattern === value ? undefined : differs(show(pattern));
}

function takes(wildcard: string, argument: Json, value: Json | undefined): boolean {
  if (wildcard === "$absent") return value === undefined;
  if (value === undefined) return false;
  switch (wildcard) {
    case "$any":
      return true;
    case "$type":
      return argument === "integer" ? Number.isInteger(value) : typeOf(value) === argument;
    case "$pattern":
      return (
        typeof value === "string" && typeof argument === "string" && new RegExp(argument, "u").test(value)
      );
    case "$oneOf":
      return Array.isArray(argument) && argument.some((each) => mismatch(each, value) === undefined);
    case "$exact":
      return isDeepStrictEqual(argument, value);
    default:
      throw new Error(`no such wildcard: ${wildcard}`);
  }
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** Replaces `$repeat`. */
function unfold(value: Json): Json {
  if (Array.isArray(value)) return value.map(unfold);
  if (!isObject(value)) return value;
  const { $repeat: text, times } = value;
  if (typeof text === "string" && typeof times === "number") return text.repeat(times);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unfold(member)]));
}

function firstOf<T>(list: readonly T[], find: (each: T) => string | undefined): string | undefined {
  for (const each of list) {
    const found = find(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: Json | undefined): value is { [member: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: { [member: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function show(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 500 ? `${text.slice(0, 500)}… (${text.length} characters)` : text;
}
