/** All lives of one plugin: runs the machine's effects, keeps the history, routes calls to the session that serves. */
import type { PluginSpec } from "../../protocol/config.ts";
import { errors } from "../../protocol/error.ts";
import type { Description } from "../../protocol/description.ts";
import type { CrashReport, Decision, EventBody, LogLine, PluginState, PluginStatus, SessionState } from "../../protocol/state.ts";
import { nearest } from "../../protocol/nearest.ts";
import { newPlugin, pluginStep } from "../core/plugin-state.ts";
import type { Plugin as Machine, PluginEffect, PluginEvent } from "../core/plugin-state.ts";
import { freshHistory } from "../core/policy.ts";
import type { History } from "../core/policy.ts";
import type { Journal, PluginRow } from "../io/journal.ts";
import type { LogQuery, PluginLog } from "../io/logfile.ts";
import { watchFile } from "../io/watch.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import type { CallOptions, Settle } from "./call.ts";
import { refusal } from "./call.ts";
import { conclude, crashEvents, writeCrash } from "./crash.ts";
import type { Dialect } from "./dialect.ts";
import type { Events } from "./events.ts";
import type { SessionEnd } from "./session.ts";
import { Session } from "./session.ts";
import { WaitingCalls } from "./waiting.ts";

export interface PluginSurroundings {
  readonly guard: string | undefined;
  readonly deadlines: Deadlines;
  readonly dialect: Dialect;
  readonly journal: Journal;
  readonly log: PluginLog;
  readonly dataDir: string;
  /** Unix time, milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly events: Events;
}

export class Plugin {
  readonly id: string;
  #spec: PluginSpec;
  readonly #around: PluginSurroundings;
  #machine: Machine;
  #history: History;
  #restarts: number;
  readonly #sessions = new Map<number, Session>();
  readonly #waiting: WaitingCalls;
  readonly #queue: PluginEvent[] = [];
  #running = false;
  #retry: { timer: NodeJS.Timeout; at: number } | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #watch: { close(): void } | null = null;
  #lastCrash: CrashReport | null;
  #description: Description | null = null;
  #executable: string | null = null;
  #lastCallAt = 0;
  #answered = 0;
  #failed = 0;
  readonly #changed = new Set<() => void>();

  constructor(spec: PluginSpec, row: PluginRow, lastCrash: CrashReport | null, around: PluginSurroundings) {
    this.id = spec.id;
    this.#spec = spec;
    this.#around = around;
    this.#machine = newPlugin(row.generation, row.disabled);
    this.#history = { failures: row.failures, attempt: row.attempt };
    this.#restarts = row.restarts;
    this.#lastCrash = lastCrash;
    this.#waiting = new WaitingCalls(spec.id, around.deadlines, spec.limits.waiting, 2 * spec.limits.frameBytes);
  }

  get spec(): PluginSpec {
    return this.#spec;
  }

  get state(): PluginState {
    return this.#machine.state;
  }

  /** Of the session that serves, or of the last one that did. */
  get description(): Description | null {
    return this.#current()?.agreement?.description ?? this.#description;
  }

  /** SHA-256 of the executable of the last session. */
  get executableHash(): string | null {
    return this.#executable;
  }

  get quiet(): boolean {
    return this.#sessions.size === 0;
  }

  logs(query: LogQuery): Promise<LogLine[]> {
    return this.#around.log.read(query);
  }

  call(method: string, params: Buffer | undefined, options: CallOptions, settle: Settle): void {
    const counted: Settle = (outcome) => {
      if ("result" in outcome) this.#answered++;
      else this.#failed++;
      settle(outcome);
    };
    const session = this.#current();
    if (session !== null) this.#send(session, method, params, options, counted);
    else this.#callWithoutSession(method, params, options, counted);
  }

  #callWithoutSession(method: string, params: Buffer | undefined, options: CallOptions, settle: Settle): void {
    if (this.#machine.state === "idle") this.dispatch({ type: "start", by: "call" });
    if (this.#machine.state === "starting") {
      this.#waiting.add(method, params, options, settle, this.#spec.timeouts.callMs);
    } else {
      settle(this.#unavailable());
    }
  }

  #send(session: Session, method: string, params: Buffer | undefined, options: CallOptions, settle: Settle): void {
    this.#lastCallAt = this.#around.now();
    const methods = session.agreement?.methods;
    if (methods !== undefined && !methods.has(method)) {
      const near = nearest(method, [...methods.keys()]);
      const detail = { methods: [...methods.keys()].slice(0, 50), ...(near === undefined ? {} : { nearest: near }) };
      const meant = near === undefined ? "" : `; did you mean ${near}?`;
      settle(refusal("method_not_found", `${this.id} has no method ${method}${meant}`, { detail }));
      return;
    }
    session.call(method, params, options, settle);
  }

  #unavailable() {
    const { state, why, failure } = this.#machine;
    const retryAfterMs = this.#retry === null ? {} : { retryAfterMs: Math.max(0, this.#retry.at - this.#around.now()) };
    const message = failure === null ? why : failure.message;
    return refusal("plugin_unavailable", `${this.id} is ${state}: ${message}`, {
      ...retryAfterMs,
      ...(failure === null ? {} : { detail: { code: failure.code } }),
    });
  }

  /** Control events go through one queue: an effect that causes another event never sees a half-made step. */
  dispatch(event: PluginEvent): void {
    this.#queue.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#running = false;
    }
    for (const waiter of [...this.#changed]) waiter();
  }

  /** Runs the new entry; only a change of how the process is run asks for a new process. */
  replaceSpec(spec: PluginSpec): void {
    this.#spec = spec;
    this.#history = freshHistory;
    this.dispatch({ type: "replace", exclusive: this.description?.exclusive === true, why: "its configuration changed" });
  }

  /** An operator begins again: what happened before does not count against the plugin any more. */
  operate(action: "start" | "stop" | "restart"): void {
    if (action !== "stop") this.#history = freshHistory;
    this.dispatch(action === "restart" ? { type: "restart" } : { type: action, by: "operator" });
  }

  setDisabled(disabled: boolean): void {
    this.dispatch({ type: disabled ? "disable" : "enable" });
    void this.#around.journal.savePlugin(this.row());
  }

  /** Resolves as soon as the predicate holds, looked at after every step. */
  until(holds: () => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#changed.delete(look);
        signal?.removeEventListener("abort", abort);
      };
      const look = (): void => {
        if (!holds()) return;
        done();
        resolve();
      };
      const abort = (): void => {
        done();
        reject(signal?.reason as Error);
      };
      this.#changed.add(look);
      signal?.addEventListener("abort", abort, { once: true });
      look();
    });
  }

  /** Stops everything and resolves when no process is left. The plugin is not used afterwards. */
  async close(): Promise<void> {
    this.dispatch({ type: "stop", by: "supervisor" });
    const sessions = [...this.#sessions.values()];
    await this.until(() => this.quiet);
    await Promise.all(sessions.map((session) => session.cleared()));
    this.#unwatch();
    clearTimeout(this.#idleTimer);
    await this.#around.log.close();
  }

  status(): PluginStatus {
    const { state, why, failure, generation } = this.#machine;
    const session = this.#current() ?? this.#session(this.#machine.candidate);
    const { windowMs } = this.#spec.restart;
    const now = this.#around.now();
    const crash = this.#lastCrash;
    const description = this.description;
    return {
      id: this.id,
      state,
      why,
      pid: session?.pid ?? null,
      guardPid: session?.guardPid ?? null,
      generation,
      readySince: this.#current()?.readySince ?? null,
      restarts: this.#restarts,
      recentFailures: this.#history.failures.filter((at) => now - at < windowMs).length,
      retryAt: this.#retry?.at ?? null,
      error: failure === null ? null : { ...failure, hint: errors[failure.code].hint },
      lastCrash: crash === null ? null : { id: crash.id, at: crash.at, summary: crash.summary },
      version: description?.plugin.version ?? null,
      profile: description?.build?.profile ?? null,
      apis: this.#current()?.agreement?.apis ?? description?.apis.map(({ name, version }) => ({ name, version })) ?? [],
      calls: {
        inFlight: session?.inFlight ?? 0,
        waiting: this.#waiting.size,
        answered: this.#answered,
        failed: this.#failed,
      },
      executable: this.#spec.command,
      sha256: session?.sha256 ?? this.#executable,
    };
  }

  #current(): Session | null {
    return this.#session(this.#machine.current);
  }

  #session(generation: number | null): Session | null {
    return generation === null ? null : (this.#sessions.get(generation) ?? null);
  }

  #step(event: PluginEvent): void {
    const before = this.#machine;
    const [after, effects] = pluginStep(before, event);
    this.#machine = after;
    if (before.state !== after.state) {
      this.#around.events.tell({
        type: "plugin.state", plugin: this.id, from: before.state, to: after.state, why: after.why,
      });
      this.#watchWhileFailed();
      this.#watchIdleness();
    }
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: PluginEffect): void {
    switch (effect.type) {
      case "spawn":
        this.#spawn(effect.generation);
        return;
      case "stop_session":
        this.#sessions.get(effect.generation)?.stop(effect.by);
        return;
      case "set_retry": {
        const timer = setTimeout(() => {
          this.#retry = null;
          this.#restarts++;
          this.dispatch({ type: "retry" });
        }, effect.delayMs);
        this.#retry = { timer, at: this.#around.now() + effect.delayMs };
        return;
      }
      case "clear_retry":
        clearTimeout(this.#retry?.timer);
        this.#retry = null;
        return;
      case "release_calls": {
        const session = this.#current();
        if (session === null) return;
        this.#waiting.release((method, params, options, settle) => this.#send(session, method, params, options, settle));
        return;
      }
      case "refuse_calls":
        this.#waiting.refuse(this.#unavailable());
        return;
    }
  }

  #spawn(generation: number): void {
    const { guard, deadlines, dialect, log, dataDir, now, journal, events } = this.#around;
    void journal.savePlugin(this.row());
    const session: Session = new Session(
      this.#spec,
      generation,
      { guard, deadlines, dialect, log, dataDir, now },
      {
        state: (from, to) =>
          events.tell({ type: "session.state", plugin: this.id, generation, from, to, pid: session.pid }),
        ready: () => {
          this.#remember(session);
          this.dispatch({ type: "ready", generation });
        },
        noise: (text) => events.mention({ type: "session.noise", plugin: this.id, generation, text }),
        gone: (from, end) => void this.#gone(session, from, end),
      },
    );
    this.#sessions.set(generation, session);
  }

  /** A description outlives its process, so that `describe` and a lazy start need none. */
  #remember(session: Session): void {
    const { journal } = this.#around;
    this.#description = session.agreement?.description ?? null;
    this.#executable = session.sha256;
    if (session.sha256 !== null && this.#description !== null) {
      void journal.saveDescription(session.sha256, this.#description);
    }
  }

  /**
   * The order of an end (invariant 1): the report and the decision, one transaction, the lost calls with the report's
   * id, the machine's effects, the subscribers.
   */
  async #gone(session: Session, from: SessionState, end: SessionEnd): Promise<void> {
    const { generation, pid } = session;
    const { events, journal, now, random } = this.#around;
    const left: EventBody = { type: "session.state", plugin: this.id, generation, from, to: "gone", pid };
    if (end.cause.kind === "requested") {
      session.settleLost({ crashed: false, message: "was stopped before it answered", report: undefined });
      this.#sessions.delete(generation);
      events.tell(left);
      this.dispatch({ type: "gone", generation, decision: { action: "none", why: "" }, message: "was stopped" });
      return;
    }
    const { crash, history } = conclude(session, end, this.#settledDecision(generation), this.#history, now(), random);
    this.#history = history;
    const stamped = events.stamp([left, ...crashEvents({ ...crash, durable: true })]);
    const durable = await writeCrash(journal, crash, stamped, this.row());
    this.#lastCrash = { ...crash, durable };
    session.settleLost({ crashed: true, message: `crashed: ${crash.summary}`, report: crash.id });
    this.#sessions.delete(generation);
    // Before the machine moves on: subscribers see events in the order of their positions.
    events.publish(stamped.map((event) => (event.type === "session.crash" ? { ...event, durable } : event)));
    this.dispatch({ type: "gone", generation, decision: crash.decision, message: crash.summary });
  }

  /** What needs no policy: a session that was leaving anyway, or a candidate whose predecessor serves on. */
  #settledDecision(generation: number): Decision | null {
    const { retiring, candidate, current } = this.#machine;
    if (retiring.includes(generation)) return { action: "none", why: "it was being stopped" };
    if (candidate === generation && current !== null) return { action: "none", why: "the old process serves on" };
    return null;
  }

  /** What survives the supervisor. */
  row(): PluginRow {
    return {
      id: this.id,
      generation: this.#machine.generation,
      restarts: this.#restarts,
      disabled: this.#machine.state === "disabled",
      failures: [...this.#history.failures],
      attempt: this.#history.attempt,
    };
  }

  /** A permanent failure waits for the operator, or for the file to change. */
  #watchWhileFailed(): void {
    this.#unwatch();
    if (this.#machine.state !== "failed") return;
    this.#watch = watchFile(this.#spec.command, () => {
      this.#history = freshHistory;
      this.dispatch({ type: "replace", exclusive: false, why: "its executable changed" });
    });
  }

  #unwatch(): void {
    this.#watch?.close();
    this.#watch = null;
  }

  #watchIdleness(): void {
    clearTimeout(this.#idleTimer);
    const { idleStopMs } = this.#spec;
    if (this.#machine.state !== "serving" || idleStopMs === undefined) return;
    this.#lastCallAt = this.#around.now();
    const look = (): void => {
      const idleFor = this.#around.now() - this.#lastCallAt;
      const busy = (this.#current()?.inFlight ?? 0) > 0;
      if (!busy && idleFor >= idleStopMs) this.dispatch({ type: "stop", by: "idle" });
      else this.#idleTimer = setTimeout(look, busy ? idleStopMs : Math.max(1, idleStopMs - idleFor));
    };
    this.#idleTimer = setTimeout(look, idleStopMs);
  }
}
