/** What a check works with: fresh processes of the plugin, as far along as it needs them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ActivateParams, InitializeParams } from "../../protocol/plugin.ts";
import { protocolRange } from "../../protocol/range.ts";
import { isObject } from "../core/json-value.ts";
import { findGuard, spawnProcess } from "../io/process/process.ts";
import type { SpawnFailure } from "../io/process/spawn-failure.ts";
import type { Answer } from "./call.ts";
import { fail } from "./check.ts";
import type { Evidence } from "./check.ts";
import { Conversation } from "./conversation.ts";
import type { Rule } from "./conversation.ts";
import { Host } from "./host.ts";
import { show, showError } from "./show.ts";
import type { Subject } from "./subject.ts";

/** Something that no plugin may do, wherever it was seen. */
export interface Offence {
  readonly rule: Rule;
  readonly what: string;
  /** During which check. */
  readonly check: string;
}

/** A plugin may break a rule with each of ten thousand calls. */
const mostOffences = 1000;

/** The executable can not be started: there is nothing to check. */
export class Unusable extends Error {
  override readonly name = "Unusable";
  readonly failure: SpawnFailure;

  constructor(failure: SpawnFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What all checks of one run share. */
export interface Run {
  readonly subject: Subject;
  /** Of this program, which is the plugin's host. */
  readonly version: string;
  /** How long anything may take that has no time of its own, in milliseconds. */
  readonly patienceMs: number;
  readonly offences: Offence[];
  /** Ends the run, with its reason. */
  readonly signal?: AbortSignal;
}

export class Bench {
  readonly #run: Run;
  readonly #check: string;
  readonly #conversations: Conversation[] = [];

  constructor(check: string, run: Run) {
    this.#check = check;
    this.#run = run;
  }

  get subject(): Subject {
    return this.#run.subject;
  }

  get patienceMs(): number {
    return this.#run.patienceMs;
  }

  /** Of the whole run. */
  get offences(): readonly Offence[] {
    return this.#run.offences;
  }

  /** A process to which nothing has been said. @param granted services, in place of those it needs */
  async start(granted: readonly string[] = this.subject.services): Promise<Conversation> {
    const dataDir = await mkdtemp(join(tmpdir(), "bulkhead-check-"));
    const { command, args, cwd, env } = this.subject.spec;
    const spawned = await spawnProcess({ command, args, cwd, env, guard: findGuard() });
    if (!spawned.ok) {
      await rm(dataDir, { recursive: true, force: true });
      throw new Unusable(spawned.failure);
    }
    const conversation = new Conversation(spawned.process, {
      patienceMs: this.patienceMs,
      dataDir,
      host: new Host(granted),
      onOffence: (rule, what) => this.#note({ rule, what, check: this.#check }),
    });
    this.#conversations.push(conversation);
    return conversation;
  }

  /** A process that has answered `initialize`. */
  async described(granted?: readonly string[]): Promise<Conversation> {
    const conversation = await this.start(granted);
    succeeded("initialize", await conversation.request("initialize", this.introduction({}, granted)));
    return conversation;
  }

  /** A process that serves. */
  async ready(granted?: readonly string[]): Promise<Conversation> {
    const conversation = await this.described(granted);
    succeeded("activate", await conversation.request("activate", this.activation(conversation)));
    return conversation;
  }

  introduction(
    changed: Partial<InitializeParams> = {},
    services: readonly string[] = this.subject.services,
  ): InitializeParams {
    const { limits } = this.subject.spec;
    return {
      protocol: protocolRange,
      host: { name: "bulkhead", version: this.#run.version },
      plugin: "checked",
      generation: 1,
      apis: [],
      services: [...services],
      limits: { frameBytes: limits.frameBytes, depth: limits.depth, inFlight: limits.inFlight },
      ...changed,
    };
  }

  activation({ dataDir }: Conversation, config = this.subject.config): ActivateParams {
    const apis = this.subject.apis.map(({ name, version }) => ({ name, version }));
    return { apis, config: { ...config }, dataDir };
  }

  /**
   * A request that any plugin answers at once, as it is: when the answer is there, what was sent before has been read.
   * @throws CheckFailed
   */
  async barrier(conversation: Conversation): Promise<void> {
    const { name, params } = this.harmless();
    await conversation.request(name, params);
  }

  /** A request that can always be made: `ping` where there is one, otherwise a method that does not exist. */
  harmless(): { readonly name: string; readonly params: object } {
    return { name: this.subject.canPing ? "ping" : this.nowhere(), params: {} };
  }

  /** A method that it does not have, of an api that it has. */
  nowhere(): string {
    const [api] = this.subject.apis;
    const taken = new Set([...(api?.methods ?? []), ...(api?.events ?? [])].map(({ name }) => name));
    let name = "nothing";
    while (taken.has(name)) name += "x";
    return `${api?.name ?? "nowhere"}.${name}`;
  }

  /** What was seen last. */
  evidence(): Evidence {
    const last = this.#conversations.at(-1);
    const received = last?.lastReceived;
    const stderr = last?.stderrTail ?? "";
    return { ...(received === undefined ? {} : { received }), ...(stderr === "" ? {} : { stderr }) };
  }

  #note(offence: Offence): void {
    const { offences } = this.#run;
    if (offences.length < mostOffences) offences.push(offence);
  }

  kill(): void {
    for (const { process } of this.#conversations) process.kill();
  }

  async close(): Promise<void> {
    await Promise.all(this.#conversations.map((each) => each.close()));
  }
}

/** The result. @throws CheckFailed for an error */
export function succeeded(name: string, answer: Answer): unknown {
  if (answer.kind === "error") fail(`${name} was answered with ${showError(answer.error)}`);
  return answer.result;
}

/** An object, as members may be added to it. @throws CheckFailed */
export function emptyResult(name: string, answer: Answer): void {
  const result = succeeded(name, answer);
  if (!isObject(result)) fail(`${name} was answered with ${show(result)}, not with {}`);
}
