/** One fresh process of the plugin, and the talk with it: frames as they are, nothing retried, nothing forgiven. */
import { rm } from "node:fs/promises";
import type { RpcError } from "../../protocol/error.ts";
import { itemParams } from "../../protocol/plugin.ts";
import type { CallContext } from "../../protocol/plugin.ts";
import type { ProcessExit } from "../../protocol/state.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { isObject } from "../core/json-value.ts";
import type { PluginProcess } from "../io/process/plugin-process.ts";
import { encodeFrame, FrameParser } from "../wire/framing.ts";
import { scan } from "../wire/scan.ts";
import type { Envelope, Id } from "../wire/scan.ts";
import { resultValue } from "../wire/result.ts";
import { excerpt } from "../wire/violation.ts";
import { Call } from "./call.ts";
import type { Answer, Item } from "./call.ts";
import { fail } from "./check.ts";
import type { Host } from "./host.ts";
import { cut, show, showExit } from "./show.ts";
import { StderrText } from "./stderr-text.ts";

/** Rules that hold for all that a plugin ever writes; each has a check that tells who broke it, and how. */
export type Rule = "stdout" | "stderr" | "answers" | "messages" | "streams" | "host";

export interface ConversationOptions {
  /** How long anything may take that has no time of its own, in milliseconds. */
  readonly patienceMs: number;
  readonly dataDir: string;
  readonly host: Host;
  readonly onOffence: (rule: Rule, what: string) => void;
}

/** A process that is not needed any more has so long to leave by itself. */
const leaveMs = 1000;
/** After an exit, what is still in the pipe has so long to arrive; a descendant may keep it open for ever. */
const drainMs = 250;

/** What to do about a call that is not answered, whatever it was made for. */
const answerAll = "Answer every request; if the plugin is only slow, give it more time with --timeout.";

export class Conversation {
  readonly process: PluginProcess;
  readonly dataDir: string;
  readonly patienceMs: number;
  readonly calls = new Map<Id, Call>();
  /** Errors with the id null: about messages whose id could not be read. */
  readonly unaddressed: RpcError[] = [];
  /** What the plugin asked its host. */
  readonly asked: { readonly method: string; readonly answer: Answer }[] = [];
  exit: ProcessExit | undefined;
  lastReceived: string | undefined;
  readonly #host: Host;
  readonly #offence: (rule: Rule, what: string) => void;
  readonly #stderr: StderrText;
  readonly #parser: FrameParser;
  readonly #waiting = new Set<() => void>();
  #lastId = 0;
  /** From then on nobody need hear it out. */
  #isEnding = false;
  /** The first of what came between frames: often the answer itself, in another form. */
  #noise: string | undefined;
  /** Why nothing more will come. */
  #over: string | undefined;

  /** In the same turn of the event loop as the process is had. */
  constructor(process: PluginProcess, options: ConversationOptions) {
    this.process = process;
    this.dataDir = options.dataDir;
    this.patienceMs = options.patienceMs;
    this.#host = options.host;
    this.#offence = options.onOffence;
    this.#stderr = new StderrText((what) => this.#offence("stderr", what));
    this.#parser = new FrameParser({
      noise: "tolerate",
      onNoise: (bytes) => {
        this.#noise ??= excerpt(bytes);
        this.#offence("stdout", excerpt(bytes));
      },
    });
    const { stdout, stderr } = process;
    stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    stderr.on("data", (chunk: Buffer) => this.#stderr.write(chunk));
    stderr.on("end", () => this.#stderr.end());
    const closed = new Promise<void>((resolve) => stdout.once("close", resolve));
    void closed.then(() => {
      if (this.#parser.end().truncated && !this.#isEnding)
        this.#offence("stdout", "the output ended inside a frame");
      setTimeout(() => this.#end("the plugin closed its stdout"), leaveMs).unref();
    });
    void process.exited.then(async (exit) => {
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, drainMs).unref())]);
      this.exit = exit;
      this.#end(`the process ended (${showExit(exit)})`);
      this.#changed();
    });
  }

  get stderrTail(): string {
    return this.#stderr.tail;
  }

  /** Whether nothing more will come. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  write(bytes: Buffer | string): void {
    const { stdin } = this.process;
    if (stdin.writable) stdin.write(bytes);
  }

  /** @param data beside it, in a frame of that type */
  send(message: object, data?: Buffer): void {
    this.write(encodeFrame(JSON.stringify({ jsonrpc: "2.0", ...message }), data));
  }

  notify(method: string, params: object = {}): void {
    this.send({ method, params });
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** Expects an answer to a request that is written by other means. */
  expect(id: Id, name: string, { credit = 0, bulk = false }: CallContext = {}): Call {
    const call = new Call(id, name, credit, bulk);
    this.calls.set(id, call);
    return call;
  }

  call(
    method: string,
    params: unknown = {},
    options: { ctx?: CallContext; id?: Id; data?: Buffer } = {},
  ): Call {
    const { ctx, id = this.nextId(), data } = options;
    const call = this.expect(id, method, ctx);
    this.send({ id, method, params, ...(ctx === undefined ? {} : { ctx }) }, data);
    return call;
  }

  async request(method: string, params: unknown = {}, ctx?: CallContext): Promise<Answer> {
    return this.answerTo(this.call(method, params, ctx === undefined ? {} : { ctx }));
  }

  /** @throws CheckFailed when none comes in time; with the advice `whenOver` if the process ended instead */
  async answerTo(call: Call, ms = this.patienceMs, whenOver?: string): Promise<Answer> {
    await this.becomes(() => call.answer !== undefined, ms);
    const whenSlow = call.name.includes(".") ? answerAll : undefined;
    const fix = this.#over === undefined ? whenSlow : whenOver;
    return call.answer ?? fail(`no answer to ${call.name}: ${this.#why(ms)}`, fix);
  }

  grant(call: Call, credit: number): void {
    call.credit += credit;
    this.notify("$/credit", { id: call.id, n: credit });
  }

  cancel(call: Call): void {
    this.notify("$/cancelRequest", { id: call.id });
  }

  /** @throws CheckFailed, which begins with `otherwise`, when the condition is not met in time */
  async until(condition: () => boolean, otherwise: string, ms = this.patienceMs): Promise<void> {
    if (await this.becomes(condition, ms)) return;
    fail(`${otherwise}: ${this.#why(ms)}`);
  }

  /** False when it did not come true within this time, or can not any more. */
  async becomes(condition: () => boolean, ms: number): Promise<boolean> {
    if (condition()) return true;
    if (this.#over !== undefined) return false;
    return new Promise((resolve) => {
      const settle = (value: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(value);
      };
      const look = (): void => {
        if (condition()) settle(true);
        else if (this.#over !== undefined) settle(false);
      };
      const timer = setTimeout(settle, ms, false);
      this.#waiting.add(look);
    });
  }

  /** How the process ended. @throws CheckFailed when it did not within this time */
  async left(ms: number): Promise<ProcessExit> {
    const gone = await Promise.race([
      this.process.exited,
      new Promise<undefined>((resolve) => setTimeout(resolve, ms, undefined).unref()),
    ]);
    return gone ?? fail(`it was still running after ${ms / 1000} s`);
  }

  endInput(): void {
    this.#isEnding = true;
    this.process.stdin.end();
  }

  /** Nothing is left of it afterwards, and all that it wrote was read. */
  async close(): Promise<void> {
    this.endInput();
    const patient = setTimeout(() => this.process.kill(), leaveMs);
    await this.process.exited;
    clearTimeout(patient);
    this.process.kill();
    await this.process.gone;
    await this.becomes(() => this.exit !== undefined, 2 * drainMs);
    await rm(this.dataDir, { recursive: true, force: true });
  }

  #why(ms: number): string {
    const why = this.#over ?? `nothing came for ${ms / 1000} s`;
    return this.#noise === undefined ? why : `${why}; stdout had ${this.#noise}, which is no frame`;
  }

  #end(why: string): void {
    this.#over ??= why;
    this.#changed();
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }

  #read(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
      for (let body = this.#parser.next(); body !== undefined; body = this.#parser.next())
        this.#take(body, this.#parser.data);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      this.#offence("messages", what);
      this.#end(`what it wrote is no message (${what})`);
      this.process.stdout.removeAllListeners("data").resume();
    }
    this.#changed();
  }

  /** @throws WireViolation */
  #take(body: Buffer, data: Buffer | undefined): void {
    const text = body.toString("utf8");
    this.lastReceived = cut(text);
    const envelope = scan(body);
    const message: unknown = JSON.parse(text);
    if (!isObject(message)) return;
    if (data !== undefined) this.#judgeData(envelope);
    switch (envelope.kind) {
      case "result":
        return this.#answered(envelope.id, {
          kind: "result",
          result: data === undefined ? message["result"] : this.#withBytes(envelope.result, data),
        });
      case "error": {
        const error = errorOf(message["error"]);
        if (error === undefined) {
          return this.#offence("messages", `an error without an integer code and a message: ${cut(text)}`);
        }
        if (envelope.id === null) return void this.unaddressed.push(error);
        return this.#answered(envelope.id, { kind: "error", error });
      }
      case "notification":
        return this.#told(envelope.method, message["params"]);
      case "request":
        return this.#ask(envelope.id, envelope.method, message);
      default:
        return envelope satisfies never;
    }
  }

  /** Only answers whose requests said so carry data. */
  #judgeData(envelope: Envelope): void {
    const call = envelope.kind === "result" ? this.calls.get(envelope.id) : undefined;
    if (call !== undefined) call.hasData = true;
    if (call?.takesData === true) return;
    this.#offence(
      "messages",
      call === undefined
        ? `data beside what is no answer: ${this.lastReceived}`
        : `data beside the answer to ${call.name}, whose request had no ctx.bulk`,
    );
  }

  #withBytes(result: Buffer, data: Buffer): unknown {
    try {
      return resultValue(result, data);
    } catch (error) {
      if (!(error instanceof BulkheadError)) throw error;
      this.#offence("messages", error.message);
      return JSON.parse(result.toString());
    }
  }

  #answered(id: Id, answer: Answer): void {
    const call = this.calls.get(id);
    if (call === undefined)
      return this.#offence("answers", `an answer with the id ${show(id)}, which was never asked`);
    call.answers++;
    if (call.answer !== undefined)
      this.#offence("answers", `${call.name} (id ${show(id)}) was answered ${call.answers} times`);
    call.answer ??= answer;
  }

  #told(method: string, params: unknown): void {
    if (!isObject(params)) return this.#offence("messages", `${method} without params`);
    if (method === "$/item") return this.#item(params);
    if (method === "$/progress") {
      const call = this.#open(params["id"]);
      if (call === undefined)
        this.#offence("messages", `$/progress for ${show(params["id"])}, which is not in flight`);
      else call.progress.push(params["value"]);
    } else if (!method.startsWith("$/"))
      this.#offence("messages", `the notification ${method}, which nobody knows`);
  }

  #item(params: unknown): void {
    const parsed = itemParams.safeParse(params);
    if (!parsed.success) return this.#offence("streams", `an item that is none: ${show(params)}`);
    const { id, seq, value, cursor } = parsed.data;
    const call = this.#open(id);
    if (call === undefined)
      return this.#offence("streams", `an item for ${show(id)}, which is not in flight`);
    const item: Item = { seq, value, cursor };
    if (seq !== call.items.length) {
      this.#offence("streams", `${call.name}: the item number ${call.items.length} has seq ${seq}`);
    }
    if (--call.credit < 0) this.#offence("streams", `${call.name}: item ${seq} came without credit`);
    call.items.push(item);
  }

  #open(id: unknown): Call | undefined {
    const call = typeof id === "number" || typeof id === "string" ? this.calls.get(id) : undefined;
    return call?.answer === undefined ? call : undefined;
  }

  #ask(id: Id, method: string, message: { readonly [member: string]: unknown }): void {
    const { params, ctx } = message;
    if (!method.includes(".")) this.#offence("host", `it asked its host for ${method}, which is no service`);
    const parent = isObject(ctx) ? ctx["parent"] : undefined;
    if (parent !== undefined && this.#open(parent) === undefined) {
      this.#offence("host", `${method} names the parent ${show(parent)}, which is not in flight`);
    }
    const answer = this.#host.answer(method, params);
    this.asked.push({ method, answer });
    this.send(answer.kind === "result" ? { id, result: answer.result } : { id, error: answer.error });
  }
}

function errorOf(error: unknown): RpcError | undefined {
  if (!isObject(error)) return undefined;
  const { code, message, data } = error;
  if (typeof code !== "number" || !Number.isInteger(code) || typeof message !== "string") return undefined;
  return { code, message, data };
}
