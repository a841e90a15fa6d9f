/** One life of a plugin: runs the effects of its machine on a process, and knows what is left of it at the end. */
import type { JsonText, PendingCall } from "../wire/peer.ts";
import type { PluginSpec } from "../../protocol/config.ts";
import type { EndCause, Enforced, ProcessExit, SessionState } from "../../protocol/state.ts";
import { describeExit } from "../core/exit.ts";
import type { Facts } from "../core/report.ts";
import { newSession, sessionStep } from "../core/session-state.ts";
import type { Session as Machine, SessionEffect, SessionEvent, SessionTimer } from "../core/session-state.ts";
import type { PluginLog } from "../io/log/logfile.ts";
import { paced } from "../io/paced.ts";
import { spawnProcess } from "../io/process/process.ts";
import type { PluginProcess, SpawnResult } from "../io/process/plugin-process.ts";
import { limitsEnforced } from "../io/sandbox/limits.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import type { RoutedCall, RouteOptions, Settle } from "./call.ts";
import { endedCall, refusal } from "./call.ts";
import { Conversation } from "./conversation.ts";
import type { Activation, Agreement, Dialect } from "./dialect.ts";
import type { Services } from "./services/services.ts";
import type { Ending } from "./settlement.ts";
import { UsageWatch } from "./usage-watch.ts";

/** After a process has left, its pipes may be held by a grandchild: how long their end is awaited. Milliseconds. */
const readOutMs = 250;
/** Between a closed stdout and the exit that is usually the reason for it. Milliseconds. */
const streamEndMs = 1000;
/** Between a closed stdin and SIGTERM. Milliseconds. */
const closedMs = 1000;
/** Between the end of the time for a start and what becomes of giving it up. Milliseconds. */
const givingUpMs = 1000;
/** A Rust double panic prints eighty lines of backtrace, and Go more. */
const tailLines = 200;

export interface SessionSurroundings {
  readonly guard: string | undefined;
  readonly deadlines: Deadlines;
  readonly dialect: Dialect;
  readonly log: PluginLog;
  readonly dataDir: string;
  /** What no grant of a sandbox opens. */
  readonly hidden: readonly string[];
  readonly copies: string;
  readonly services: Services;
  readonly now: () => number;
}

/** What is known when it is over, for the report. */
export type SessionEnd = Pick<
  Facts,
  "cause" | "exit" | "uptimeMs" | "readyMs" | "lostCalls" | "messages" | "stderrTail"
> & {
  /** What the plugin may have died of. */
  readonly unanswered: readonly PendingCall[];
};

export interface SessionListener {
  state(from: SessionState, to: SessionState): void;
  ready(): void;
  noise(text: string): void;
  /** The lost calls are not settled yet: `settleLost` does that, once the report is written. */
  gone(from: SessionState, end: SessionEnd): void;
}

export class Session {
  readonly generation: number;
  /** What its process runs with. */
  spec: PluginSpec;
  readonly #surroundings: SessionSurroundings;
  readonly #listener: SessionListener;
  /** Steady clock, milliseconds: lengths of time must not jump with the wall clock. */
  readonly #startedAt = performance.now();
  readonly #starting = new AbortController();
  #machine: Machine = newSession;
  #process: PluginProcess | null = null;
  #conversation: Conversation | null = null;
  #exit: ProcessExit | null = null;
  #endedAt: number | null = null;
  #readyAt: number | null = null;
  #readySince: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #watch: UsageWatch | undefined;
  /** The state that the listener knows. */
  #told: SessionState = "spawning";
  readonly #stdoutEnd = Promise.withResolvers<void>();
  readonly #stderrEnd = Promise.withResolvers<void>();

  constructor(
    spec: PluginSpec,
    generation: number,
    surroundings: SessionSurroundings,
    listener: SessionListener,
  ) {
    this.spec = spec;
    this.generation = generation;
    this.#surroundings = surroundings;
    this.#listener = listener;
    void this.#spawn();
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  get guardPid(): number | null {
    return this.#process?.guardPid ?? null;
  }

  get sha256(): string | null {
    return this.#process?.sha256 ?? null;
  }

  /** What says that it may be run. */
  get vouched(): readonly string[] {
    return this.#process?.vouched ?? [];
  }

  /** What keeps its process from the machine; nothing, while there is none. */
  get enforced(): readonly Enforced[] {
    if (this.#process === null) return [];
    const { guard } = this.#surroundings;
    const limits = limitsEnforced(this.spec.limits, guard !== undefined, this.#process.group);
    return [...this.#process.enforced, ...limits];
  }

  get agreement(): Agreement | null {
    return this.#conversation?.agreement ?? null;
  }

  /** Unix time, milliseconds. */
  get readySince(): number | null {
    return this.#readySince;
  }

  /** It takes calls. One that is dying does not, although nobody has been told yet. */
  get serves(): boolean {
    return this.#machine.state === "ready" && this.#conversation?.ended === false;
  }

  get inFlight(): number {
    return this.#conversation?.inFlight ?? 0;
  }

  /** Resolves when no process of this life is left. */
  async cleared(): Promise<void> {
    await this.#process?.gone;
  }

  stop(by: Extract<EndCause, { kind: "requested" }>["by"]): void {
    // Only what has no process yet is given up: the machine stops the rest step by step.
    this.#starting.abort();
    this.#dispatch({ type: "stop", by });
  }

  /** Makes a call of a method that stands in the agreement. */
  call(method: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    if (this.#conversation !== null && this.serves) {
      return this.#conversation.call(method, params, options, settle);
    }
    settle(refusal("plugin_unavailable", `${this.spec.id} is just leaving`));
    return endedCall;
  }

  /** Hands its process another configuration; nothing else of the specification differs. */
  async configure(spec: PluginSpec): Promise<Activation> {
    const answer = (await this.#conversation?.configure(spec)) ?? { ok: false, failure: null };
    if (!answer.ok) return answer;
    this.spec = spec;
    this.#surroundings.log.note(this.generation, "took another configuration");
    return answer;
  }

  /** Settles what was in flight when it ended. */
  settleLost(ending: Ending): void {
    this.#conversation?.settleLost(ending);
  }

  async #spawn(): Promise<void> {
    const { handshakeMs } = this.spec.timeouts;
    const late = Promise.withResolvers<SpawnResult>();
    const failure = {
      code: "spawn_failed",
      message: `could not be started within ${handshakeMs} ms`,
    } as const;
    // What is given up says itself what kept it, unless that keeps it from saying so.
    const timer = setTimeout(
      () => late.resolve({ ok: false, failure: { ...failure, transient: true } }),
      handshakeMs + givingUpMs,
    );
    const process = this.#start();
    const spawned = await Promise.race([process, late.promise]);
    clearTimeout(timer);
    if (spawned.ok) {
      this.#attach(spawned.process);
      this.#dispatch({ type: "spawned" });
      return;
    }
    // Nobody waits for what comes after all.
    void process.then((result) => result.ok && result.process.kill());
    const { code, message, detail } = spawned.failure;
    const told = { code, message, ...(detail === undefined ? {} : { detail: { ...detail } }) };
    this.#dispatch({ type: "start_failed", failure: told });
  }

  #start(): Promise<SpawnResult> {
    const { command, args, cwd, env, limits, sha256, trust, sandbox, timeouts } = this.spec;
    const { copies, dataDir, hidden, guard } = this.#surroundings;
    return spawnProcess({
      command,
      args,
      cwd,
      env,
      limits: limits.process,
      usage: limits.usage,
      trust,
      copies,
      sandbox,
      dataDir,
      hidden,
      guard,
      // A hostile plugin can stop its guard before the guard reports it.
      signal: AbortSignal.any([this.#starting.signal, AbortSignal.timeout(timeouts.handshakeMs)]),
      ...(sha256 === undefined ? {} : { sha256 }),
    });
  }

  #attach(process: PluginProcess): void {
    const { log, deadlines, dialect, dataDir, services } = this.#surroundings;
    const { spec, generation } = this;
    this.#process = process;
    log.begin(generation, process.pid);
    this.#conversation = new Conversation(process, {
      spec,
      generation,
      dialect,
      deadlines,
      dataDir,
      onEvent: (event) => this.#dispatch(event),
      onNoise: (text) => {
        log.note(generation, `on stdout, which belongs to the protocol: ${text}`);
        this.#listener.noise(text);
      },
      onEnd: this.#stdoutEnd.resolve,
      onRequest: (request, served) => services.serve({ spec, generation, log, served }, request),
    });
    paced(process.stderr, (piece) => log.write(generation, piece));
    process.stderr.once("close", this.#stderrEnd.resolve);
    process.stderr.once("end", this.#stderrEnd.resolve);
    const { pid, guardPid } = process;
    const root = guardPid === undefined ? { plugin: pid } : { guard: guardPid };
    const { memoryBytes: _, ...others } = spec.limits.usage;
    // What its control group holds it to needs no samples, which count shared memory for each process.
    const sampled = (process.group?.limits.memoryBytes ?? null) === null ? spec.limits.usage : others;
    this.#watch = UsageWatch.of(root, sampled, (over) => this.#dispatch({ type: "over_limit", ...over }));
    void process.exited.then((exit) => {
      this.#watch?.stop();
      this.#exit = exit;
      this.#endedAt = performance.now();
      const over = process.group?.exceeded() ?? null;
      if (over !== null) this.#dispatch({ type: "over_limit", ...over });
      this.#dispatch({ type: "exited", clean: exit.code === 0 });
    });
  }

  #dispatch(event: SessionEvent): void {
    const before = this.#machine;
    const [after, effects] = sessionStep(before, event);
    this.#machine = after;
    // An exit is not told before its report is written: whoever is told of `gone` tells the rest.
    if (before.state !== after.state && after.force !== "exited" && after.state !== "gone") {
      this.#told = after.state;
      this.#listener.state(before.state, after.state);
    }
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: SessionEffect): void {
    switch (effect.type) {
      case "send":
        void this.#conversation?.send(effect.message);
        return;
      case "close_stdin":
        this.#conversation?.closeInput();
        return;
      case "terminate":
        this.#process?.terminate();
        return;
      case "kill":
        this.#process?.kill();
        return;
      case "set_timer":
        this.#setTimer(effect.timer);
        return;
      case "clear_timer":
        clearTimeout(this.#timer);
        return;
      case "read_out":
        void this.#readOut();
        return;
      case "ready":
        this.#readyAt = performance.now();
        this.#readySince = this.#surroundings.now();
        this.#listener.ready();
        return;
      case "gone":
        this.#finish(effect.cause);
        return;
    }
  }

  #setTimer(timer: SessionTimer): void {
    const { handshakeMs, drainMs, terminateMs } = this.spec.timeouts;
    const ms = {
      handshake: handshakeMs,
      drain: drainMs,
      closed: closedMs,
      terminated: terminateMs,
      stream_end: streamEndMs,
    };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#dispatch({ type: "timer", timer }), ms[timer]);
  }

  /** Answers that are still in the pipe count, and so do the last words on stderr. */
  async #readOut(): Promise<void> {
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, readOutMs);
    const ends = Promise.all([this.#stdoutEnd.promise, this.#stderrEnd.promise]);
    await Promise.race([ends, patience.promise]);
    clearTimeout(timer);
    this.#dispatch({ type: "read_out" });
  }

  #finish(cause: EndCause): void {
    const { log } = this.#surroundings;
    const endedAt = this.#endedAt ?? performance.now();
    // A descendant may hold the other end for as long as it likes.
    this.#process?.stderr.destroy();
    log.end(this.generation, this.#exit === null ? "never ran" : describeExit(this.#exit));
    this.#listener.gone(this.#told, {
      cause,
      exit: this.#exit,
      uptimeMs: Math.round(endedAt - this.#startedAt),
      readyMs: this.#readyAt === null ? null : Math.round(endedAt - this.#readyAt),
      lostCalls: this.#conversation?.lostCalls() ?? [],
      unanswered: this.#conversation?.unanswered() ?? [],
      messages: this.#conversation?.messages() ?? [],
      stderrTail: log.tail(this.generation, tailLines),
    });
  }
}
