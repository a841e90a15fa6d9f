/** One life of a plugin: its process, its conversation, the calls it has taken, and what is left of it at the end. */
import type { PluginSpec } from "../../protocol/config.ts";
import type {
  EndCause,
  LostCall,
  ProcessExit,
  RecordedMessage,
  SessionState,
  StartFailure,
} from "../../protocol/state.ts";
import { newSession, sessionStep } from "../core/session-state.ts";
import type { Session as Machine, SessionEffect, SessionEvent, SessionTimer } from "../core/session-state.ts";
import { spawnProcess } from "../io/process.ts";
import type { PluginProcess } from "../io/process.ts";
import type { PluginLog } from "../io/logfile.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import type { Outcome } from "../wire/peer.ts";
import { Peer } from "../wire/peer.ts";
import type { RouteOptions, Settle } from "./call.ts";
import { refusal } from "./call.ts";
import type { Agreement, Dialect } from "./dialect.ts";
import { Recorder } from "./recorder.ts";
import { settlementOf } from "./settlement.ts";
import type { Ending } from "./settlement.ts";

/** After a process has left, its pipes may be held by a grandchild: how long their end is awaited. Milliseconds. */
const readOutMs = 250;
/** Between a closed stdout and the exit that is usually the reason for it. */
const streamEndMs = 1000;
/** Between a closed stdin and SIGTERM. */
const closedMs = 1000;
/** How long a ping may take that checks on a plugin after a call timed out. */
const pingMs = 5000;

export interface SessionSurroundings {
  readonly guard: string | undefined;
  readonly deadlines: Deadlines;
  readonly dialect: Dialect;
  readonly log: PluginLog;
  readonly dataDir: string;
  readonly now: () => number;
}

/** What is known when it is over, for the report. */
export interface SessionEnd {
  readonly cause: EndCause;
  readonly exit: ProcessExit | null;
  readonly uptimeMs: number;
  readonly readyMs: number | null;
  readonly lostCalls: readonly LostCall[];
  readonly messages: readonly RecordedMessage[];
  readonly stderrTail: readonly string[];
}

export interface SessionListener {
  state(from: SessionState, to: SessionState): void;
  ready(): void;
  noise(text: string): void;
  /** The lost calls are not settled yet: `settleLost` does that, once the report is written. */
  gone(from: SessionState, end: SessionEnd): void;
}

export class Session {
  readonly generation: number;
  readonly spec: PluginSpec;
  readonly #surroundings: SessionSurroundings;
  readonly #listener: SessionListener;
  readonly #recorder = new Recorder();
  /** Steady clock, milliseconds: lengths of time must not jump with the wall clock. */
  readonly #startedAt = performance.now();
  #machine: Machine = newSession;
  #process: PluginProcess | null = null;
  #peer: Peer | null = null;
  #agreement: Agreement | null = null;
  #exit: ProcessExit | null = null;
  #endedAt: number | null = null;
  #readyAt: number | null = null;
  #readySince: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #pinging = false;
  #saidDrained = false;
  /** The state that the listener knows. */
  #told: SessionState = "spawning";
  #ending: Ending | null = null;
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

  get state(): SessionState {
    return this.#machine.state;
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

  get agreement(): Agreement | null {
    return this.#agreement;
  }

  /** Unix time, milliseconds. */
  get readySince(): number | null {
    return this.#readySince;
  }

  get inFlight(): number {
    return this.#peer?.inFlight ?? 0;
  }

  /** Resolves when no process of this life is left. */
  async cleared(): Promise<void> {
    await this.#process?.gone;
  }

  stop(by: Extract<EndCause, { kind: "requested" }>["by"]): void {
    this.#dispatch({ type: "stop", by });
  }

  /** Sends a call of a method that stands in the agreement. */
  call(method: string, params: Buffer | undefined, options: RouteOptions, settle: Settle): void {
    const { limits } = this.spec;
    const peer = this.#peer;
    if (peer === null || this.#machine.force === "exited") {
      settle(refusal("plugin_unavailable", `${this.spec.id} has just gone`));
      return;
    }
    if (peer.inFlight >= limits.inFlight) {
      settle(refusal("plugin_busy", `${this.spec.id} has ${limits.inFlight} calls in flight already`));
      return;
    }
    const { callMs, totalMs } = this.spec.timeouts;
    const { signal, onProgress, idleTimeout = callMs, totalTimeout = totalMs } = options;
    const ctx = totalTimeout === undefined ? undefined : Buffer.from(`{"ms":${Math.round(totalTimeout)}}`);
    peer.call(method, params, { signal, onProgress, idleTimeout, totalTimeout, ctx }, (outcome) =>
      this.#settled(method, outcome, settle),
    );
  }

  /** Settles what was in flight when it ended. */
  settleLost(ending: Ending): void {
    this.#ending = ending;
    this.#peer?.settleLost();
    this.#peer?.destroy();
  }

  #settled(method: string, outcome: Outcome, settle: Settle): void {
    settle(settlementOf(this.spec.id, method, outcome, this.#ending));
    if (outcome.settlement !== "answered" && outcome.cause === "timeout") this.#suspect();
    if (this.#saidDrained) this.#checkDrained();
  }

  /** A plugin that answers `shutdown` too early still has the time that it was given for its calls. */
  #checkDrained(): void {
    if (this.#peer === null || this.#peer.inFlight === this.#peer.abandoned)
      this.#dispatch({ type: "drained" });
  }

  /** A call timed out: the plugin may be slow with it, or dead to the world. */
  #suspect(): void {
    const peer = this.#peer;
    if (peer === null || this.#pinging || this.state !== "ready") return;
    if (this.#agreement?.description.capabilities?.ping !== true) return;
    this.#pinging = true;
    void this.#surroundings.dialect.ping(peer, pingMs).then((alive) => {
      this.#pinging = false;
      if (!alive)
        this.#dispatch({
          type: "hung",
          detail: `a call timed out, and no answer to a ping for ${pingMs / 1000} s`,
        });
    });
  }

  async #spawn(): Promise<void> {
    const { spec } = this;
    const { guard } = this.#surroundings;
    const spawned = await spawnProcess({
      command: spec.command,
      args: spec.args,
      cwd: spec.cwd,
      env: spec.env,
      limits: spec.limits.process,
      guard,
      // A hostile plugin can stop its guard before the guard reports it.
      signal: AbortSignal.timeout(spec.timeouts.handshakeMs),
      ...(spec.sha256 === undefined ? {} : { sha256: spec.sha256 }),
    });
    if (!spawned.ok) {
      const { code, message, detail } = spawned.failure;
      const failure: StartFailure = {
        code,
        message,
        ...(detail === undefined ? {} : { detail: { ...detail } }),
      };
      this.#dispatch({ type: "start_failed", failure });
      return;
    }
    this.#attach(spawned.process);
    this.#dispatch({ type: "spawned" });
  }

  #attach(process: PluginProcess): void {
    const { log, deadlines } = this.#surroundings;
    const { limits } = this.spec;
    this.#process = process;
    log.begin(this.generation, process.pid);
    this.#peer = new Peer({
      input: process.stdout,
      output: process.stdin,
      deadlines,
      limits: {
        frameBytes: limits.frameBytes,
        depth: limits.depth,
        // Answers to the handshake, a ping and a shutdown need room beside the calls.
        callsInFlight: limits.inFlight + 8,
        queueBytes: 2 * limits.frameBytes,
      },
      noise: "tolerate",
      holdOnEnd: true,
      onNoise: (bytes) => this.#noise(bytes),
      onViolation: ({ reason, detail }) => this.#dispatch({ type: "violation", reason, detail }),
      onAbandoned: (count) => {
        if (count * 2 >= limits.inFlight) {
          this.#dispatch({ type: "hung", detail: `${count} calls were given up and never answered` });
        }
      },
      onEnd: () => {
        this.#stdoutEnd.resolve();
        this.#dispatch({ type: "stream_ended" });
      },
      onMessage: (direction, body, bytes) => this.#recorder.record(direction, body, bytes, performance.now()),
    });
    process.stderr.on("data", (chunk: Buffer) => log.write(this.generation, chunk));
    process.stderr.once("close", () => this.#stderrEnd.resolve());
    process.stderr.once("end", () => this.#stderrEnd.resolve());
    void process.exited.then((exit) => {
      this.#exit = exit;
      this.#endedAt = performance.now();
      this.#dispatch({ type: "exited", clean: exit.code === 0 });
    });
  }

  #noise(bytes: Buffer): void {
    const text = bytes.toString("utf8");
    this.#surroundings.log.note(this.generation, `on stdout, which belongs to the protocol: ${text}`);
    this.#listener.noise(text);
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
        void this.#send(effect.message);
        return;
      case "close_stdin":
        void this.#peer?.end();
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

  async #send(message: "initialize" | "activate" | "shutdown" | "exit"): Promise<void> {
    const { dialect, dataDir } = this.#surroundings;
    const peer = this.#peer;
    if (peer === null) return;
    switch (message) {
      case "initialize": {
        const answer = await dialect.initialize(peer, this.spec, this.generation);
        if (answer.ok) {
          this.#agreement = answer.agreement;
          this.#dispatch({ type: "initialized" });
        } else if (answer.failure !== null) this.#dispatch({ type: "start_failed", failure: answer.failure });
        return;
      }
      case "activate": {
        if (this.#agreement === null) return;
        const failure = await dialect.activate(peer, this.spec, this.#agreement, dataDir);
        this.#dispatch(failure === null ? { type: "activated" } : { type: "start_failed", failure });
        return;
      }
      case "shutdown":
        await dialect.shutdown(peer, this.spec.timeouts.drainMs);
        this.#saidDrained = true;
        this.#checkDrained();
        return;
      case "exit":
        dialect.exit(peer);
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
    await Promise.race([Promise.all([this.#stdoutEnd.promise, this.#stderrEnd.promise]), patience.promise]);
    clearTimeout(timer);
    this.#dispatch({ type: "read_out" });
  }

  #finish(cause: EndCause): void {
    const { log } = this.#surroundings;
    const steady = performance.now();
    const endedAt = this.#endedAt ?? steady;
    const lost = [...(this.#peer?.pendingCalls() ?? [])].filter(
      (call) => !call.abandoned && call.method.includes("."),
    );
    log.end(this.generation, howItEnded(this.#exit));
    this.#listener.gone(this.#told, {
      cause,
      exit: this.#exit,
      uptimeMs: Math.round(endedAt - this.#startedAt),
      readyMs: this.#readyAt === null ? null : Math.round(endedAt - this.#readyAt),
      lostCalls: lost.map((call) => ({
        method: call.method,
        settlement: call.sent ? "maybe_executed" : "not_sent",
        ageMs: Math.round(steady - call.startedAt),
      })),
      messages: this.#recorder.messages(steady),
      stderrTail: log.tail(this.generation, 200),
    });
  }
}

function howItEnded(exit: ProcessExit | null): string {
  if (exit === null) return "never ran";
  return exit.signal === null ? `exit status ${exit.code}` : `killed by ${exit.signal}`;
}
