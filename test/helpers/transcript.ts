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
  | { readonly ignore: Json }
  | { readonly eof: true }
  | { readonly expectExit: Json };

export interface Transcript {
  readonly name: string;
  readonly title: string;
  /** Step n stands in line n + 2 of the file. */
  readonly steps: readonly Step[];
}

const kinds = new Set(["send", "sendRaw", "expect", "unordered", "ignore", "eof", "expectExit"]);
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
  if ("send" in step) {
    const unknown = namedIds(step.send)[0];
    if (unknown !== undefined) throw new Error(`no id has the name ${show(unknown)}`);
    const body = Buffer.from(JSON.stringify(step.send));
    plugin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  } else if ("sendRaw" in step) plugin.write(Buffer.from(step.sendRaw));
  else if ("eof" in step) plugin.endInput();
  else if ("expect" in step) {
    const message = await plugin.next();
    const wrong = mismatch(step.expect, message);
    if (wrong !== undefined) throw new Error(`${wrong}\nin ${show(message)}`);
    remember(step.expect, message, plugin.ids);
  } else if ("unordered" in step) await takeUnordered(step.unordered, plugin);
  else if ("ignore" in step) plugin.ignored.push(step.ignore);
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
    remember(taker.shift() ?? null, message, plugin.ids);
  }
}

class Conversation {
  stderr = "";
  /** Patterns of messages that may come at any time. */
  readonly ignored: Json[] = [];
  /** What the plugin's own requests are numbered, by the name that a pattern gave them. */
  readonly ids = new Map<string, Json>();
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

  /** The next message that came, as far as it is not to be ignored. */
  get untaken(): Json | undefined {
    return this.#messages.find((message) => !this.#isIgnored(message));
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

  async next(): Promise<Json> {
    await this.#until(() => this.untaken !== undefined || this.#status !== undefined, "a message");
    const message = this.untaken;
    if (message === undefined)
      throw new Error(`the plugin has left (${this.#status}) instead of sending a message`);
    this.#messages.splice(0, this.#messages.indexOf(message) + 1);
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
    case "$id":
      return Number.isInteger(value) || typeof value === "string";
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

/** With each `$id` whose name is known replaced by that id. */
function withIds(step: Step, ids: ReadonlyMap<string, Json>): Step {
  const replaced = replace(step, (value) => {
    const name = idName(value);
    return name === undefined ? undefined : ids.get(name);
  });
  if (!isStep(replaced)) throw new Error("not a step");
  return replaced;
}

/** Gives the ids in a message that matched the names that the pattern has for them. */
function remember(pattern: Json, message: Json, ids: Map<string, Json>): void {
  const name = idName(pattern);
  if (name !== undefined) ids.set(name, message);
  else if (isObject(pattern) && isObject(message)) {
    for (const [key, each] of Object.entries(pattern)) remember(each, own(message, key) ?? null, ids);
  }
}

function namedIds(value: Json): string[] {
  const name = idName(value);
  if (name !== undefined) return [name];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(namedIds) : [];
}

function idName(value: Json): string | undefined {
  const name = isObject(value) ? value["$id"] : undefined;
  return typeof name === "string" ? name : undefined;
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** Replaces `$repeat`. */
function unfold(value: Json): Json {
  return replace(value, (part) => {
    const { $repeat: text, times } = isObject(part) ? part : {};
    return typeof text === "string" && typeof times === "number" ? text.repeat(times) : undefined;
  });
}

/** With each part for which there is something else replaced by that. */
function replace(value: Json, other: (part: Json) => Json | undefined): Json {
  const found = other(value);
  if (found !== undefined) return found;
  if (Array.isArray(value)) return value.map((each) => replace(each, other));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replace(member, other)]));
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
