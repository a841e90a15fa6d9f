/** All lives of one plugin, one after the other: runs the machine's effects and keeps the history. Knows nothing of calls. */
import type { PluginSpec } from "../../protocol/config.ts";
import type { Description } from "../../protocol/description.ts";
import type { CrashReport, Decision, EventBody, SessionState } from "../../protocol/state.ts";
import { newPlugin, pluginStep } from "../core/plugin-state.ts";
import type { Plugin as Machine, PluginEffect, PluginEvent } from "../core/plugin-state.ts";
import { freshHistory } from "../core/policy.ts";
import type { History } from "../core/policy.ts";
import { recentFailures } from "../core/recent-failures.ts";
import type { PluginRow } from "../io/journal/journal.ts";
import { fingerprint, watchFile } from "../io/watch.ts";
import type { Watch } from "../io/watch.ts";
import { conclude, crashEvents } from "./crash.ts";
import { descriptionKey } from "./description-key.ts";
import { Onlookers } from "./onlookers.ts";
import { withoutSecretsOf } from "./recorder.ts";
import { Scripts } from "./scripts.ts";
import type { SessionEnd } from "./session.ts";
import { Session } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

/** What the lives mean for the calls of the plugin. */
export interface LivesListener {
  /** Calls that wait go to the current session. `program`: a hash of what it runs; null: not known. */
  release(session: Session, program: string | null): void;
  /** Nothing is going to serve the calls that wait. */
  refuse(): void;
  /** The state is another one now. */
  changed(): void;
  /** Before the report is written, with the plugin's row. */
  crashed(program: string | null, end: SessionEnd, crash: CrashReport): void;
  /** For the plugin's row. */
  quarantine(): PluginRow["quarantine"];
}

export class Lives {
  spec: PluginSpec;
  /** Restarts after crashes, ever. */
  restarts: number;
  lastCrash: CrashReport | null;
  /** Of the last session that was ready: it outlives its process, so that `describe` needs none. */
  description: Description | null = null;
  executable: string | null = null;
  readonly #around: Surroundings;
  readonly #listener: LivesListener;
  readonly #sessions = new Map<number, Session>();
  readonly #scripts = new Scripts();
  readonly #queue: PluginEvent[] = [];
  /** Why what serves is to be replaced, as soon as that can begin. */
  #wanted: string | null = null;
  readonly #onlookers = new Onlookers();
  #machine: Machine;
  #history: History;
  #running = false;
  /** `at`: by the steady clock. */
  #retry: { timer: NodeJS.Timeout; at: number } | null = null;
  #watch: Watch | null = null;
  /** The executable as it was when it was last started. */
  #tried: Promise<string> = Promise.resolve("");

  constructor(
    spec: PluginSpec,
    row: PluginRow,
    lastCrash: CrashReport | null,
    around: Surroundings,
    listener: LivesListener,
  ) {
    this.spec = spec;
    this.restarts = row.restarts;
    this.lastCrash = lastCrash;
    this.#around = around;
    this.#listener = listener;
    this.#machine = newPlugin(row.generation, row.disabled);
    this.#history = { failures: row.failures, attempt: row.attempt };
  }

  get machine(): Machine {
    return this.#machine;
  }

  get current(): Session | null {
    return this.#session(this.#machine.current);
  }

  get candidate(): Session | null {
    return this.#session(this.#machine.candidate);
  }

  /** No process lives, and no report is being written. */
  get quiet(): boolean {
    return this.#sessions.size === 0;
  }

  /** Unix time of the next attempt, in backoff. */
  get retryAt(): number | null {
    if (this.#retry === null) return null;
    // The timer knows nothing of a wall clock that was set.
    return Math.round(this.#around.now() + Math.max(0, this.#retry.at - performance.now()));
  }

  /** Failures that count towards a crash loop now. */
  get recentFailures(): number {
    return recentFailures(this.#history.failures, this.spec.restart.windowMs, this.#around.now());
  }

  /** What happened before does not count against the plugin any more. */
  forgive(): void {
    this.#history = freshHistory;
  }

  /**
   * Runs a new process; what serves goes on until the new one is ready, unless two can not run at once. However often and
   * quickly this is asked for, what serves has one other process beside it at most, on its way in or out: the next one begins
   * when that is gone, with the specification as it is by then.
   */
  replace(why: string): void {
    this.forgive();
    this.#wanted = why;
    // Nobody has seen it, and nobody is going to: what it was started with is out of date.
    if (this.#isCrowded) this.candidate?.stop("reload");
    this.#work();
  }

  /** A replacement is on its way, or has still to begin. */
  get isReplacing(): boolean {
    const { state, candidate } = this.#machine;
    return this.#wanted !== null || candidate !== null || state === "starting";
  }

  /** A process is still leaving beside the one that serves: a replacement that is asked for now has to wait for it. */
  get isLeaving(): boolean {
    const { state, retiring } = this.#machine;
    return state === "serving" && retiring.length > 0;
  }

  /** Events go through one queue: an effect that causes another event never sees a half-made step. */
  dispatch(event: PluginEvent): void {
    this.#queue.push(event);
    this.#work();
  }

  #work(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) this.#step(next);
    } finally {
      this.#running = false;
    }
    this.#onlookers.look();
  }

  /** A replacement goes first: the end of a candidate that gives way to it must not be taken for the end of all. */
  #next(): PluginEvent | undefined {
    const why = this.#wanted;
    if (why === null || this.#isCrowded) return this.#queue.shift();
    this.#wanted = null;
    return { type: "replace", exclusive: this.description?.exclusive === true, why };
  }

  get #isCrowded(): boolean {
    return this.isLeaving || (this.#machine.state === "serving" && this.#machine.candidate !== null);
  }

  /** Resolves as soon as the predicate holds, looked at after every step. Rejects with the signal's reason. */
  until(holds: () => boolean, signal?: AbortSignal): Promise<void> {
    return this.#onlookers.until(holds, signal);
  }

  /** Ends them; resolves when no process is left. */
  async close(): Promise<void> {
    this.dispatch({ type: "stop", by: "supervisor" });
    const sessions = [...this.#sessions.values()];
    await this.until(() => this.quiet);
    await Promise.all(sessions.map((session) => session.cleared()));
    this.#watch?.close();
  }

  /** What survives the supervisor. */
  row(): PluginRow {
    const { failures, attempt } = this.#history;
    const quarantine = this.#listener.quarantine();
    return {
      id: this.spec.id,
      generation: this.#machine.generation,
      restarts: this.restarts,
      disabled: this.#machine.state === "disabled",
      failures: [...failures],
      attempt,
      ...(quarantine === undefined ? {} : { quarantine }),
    };
  }

  save(): void {
    void this.#around.journal.savePlugin(this.row());
  }

  #session(generation: number | null): Session | null {
    return generation === null ? null : (this.#sessions.get(generation) ?? null);
  }

  #step(event: PluginEvent): void {
    const { state: from } = this.#machine;
    const [after, effects] = pluginStep(this.#machine, event);
    const { state: to, why } = after;
    this.#machine = after;
    if (from !== to) {
      this.#around.events.tell({ type: "plugin.state", plugin: this.spec.id, from, to, why });
      this.#watchExecutable();
      this.#listener.changed();
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
      case "set_retry":
        this.#setRetry(effect.delayMs);
        return;
      case "clear_retry":
        clearTimeout(this.#retry?.timer);
        this.#retry = null;
        return;
      case "release_calls":
        if (this.current !== null) this.#listener.release(this.current, this.#scripts.program(this.current));
        return;
      case "refuse_calls":
        this.#listener.refuse();
        return;
    }
  }

  #setRetry(delayMs: number): void {
    const timer = setTimeout(() => {
      this.#retry = null;
      this.restarts++;
      this.dispatch({ type: "retry" });
    }, delayMs);
    this.#retry = { timer, at: performance.now() + delayMs };
  }

  #spawn(generation: number): void {
    const { guard, deadlines, dialect, log, dataDir, hidden, copies, services, now, events } = this.#around;
    const plugin = this.spec.id;
    this.#tried = fingerprint(this.spec.command);
    this.#scripts.begin(generation, this.spec);
    this.save();
    const session: Session = new Session(
      this.spec,
      generation,
      { guard, deadlines, dialect, log, dataDir, hidden, copies, services, now },
      {
        state: (from, to) =>
          events.tell({
            type: "session.state",
            plugin,
            generation,
            from,
            to,
            pid: session.pid,
            ...(to === "handshaking" ? whatRuns(session) : {}),
          }),
        ready: () => {
          this.#remember(session);
          this.dispatch({ type: "ready", generation });
        },
        noise: (text) => events.mention({ type: "session.noise", plugin, generation, text }),
        gone: (from, end) => void this.#gone(session, from, end),
      },
    );
    this.#sessions.set(generation, session);
  }

  #remember({ agreement, sha256, spec }: Session): void {
    const description = agreement?.description ?? null;
    this.description = description;
    this.executable = sha256;
    if (sha256 === null || description === null) return;
    void descriptionKey(sha256, spec).then((key) => this.#around.journal.saveDescription(key, description));
  }

  /**
   * The order of an end (invariant 1): the report and the decision, one transaction, the lost calls with the report's
   * id, the subscribers, the machine's effects.
   */
  async #gone(session: Session, from: SessionState, end: SessionEnd): Promise<void> {
    const { generation, pid } = session;
    const { events, journal, now, random } = this.#around;
    const { id: plugin } = this.spec;
    const left: EventBody = {
      type: "session.state",
      plugin,
      generation,
      from,
      to: "gone",
      pid,
      exit: end.exit,
    };
    // A configuration that it refuses can not be corrected without knowing what it describes.
    if (end.readyMs === null && session.agreement !== null && this.current === null) this.#remember(session);
    if (end.cause.kind === "requested") {
      session.settleLost({
        code: "plugin_unavailable",
        message: "was stopped before it answered",
        report: undefined,
      });
      // Stopped means that nothing of it is left, its descendants included.
      await session.cleared();
      this.#forget(generation);
      events.tell(left);
      this.dispatch({
        type: "gone",
        generation,
        decision: { action: "none", why: "" },
        message: "was stopped",
      });
      return;
    }
    const { crash, history } = conclude(
      session,
      { ...end, messages: withoutSecretsOf(session, end.messages) },
      this.#decided(generation),
      this.#history,
      now(),
      random,
    );
    this.#history = history;
    if (this.#machine.current === generation)
      this.#listener.crashed(this.#scripts.program(session), end, crash);
    const stamped = events.stamp(left, ...crashEvents({ ...crash, durable: true }));
    // The journal keeps nobody waiting for longer than a second, and goes on trying by itself.
    const durable = await journal.crash(crash, stamped.events, this.row());
    this.lastCrash = { ...crash, durable };
    const hung = end.cause.kind === "hung";
    session.settleLost({
      code: hung ? "plugin_hung" : "plugin_crashed",
      message: hung ? crash.summary : `crashed: ${crash.summary}`,
      report: crash.id,
    });
    this.#forget(generation);
    stamped.publish((event) => (event.type === "session.crash" ? { ...event, durable } : event));
    this.dispatch({ type: "gone", generation, decision: crash.decision, message: crash.summary });
  }

  #forget(generation: number): void {
    this.#sessions.delete(generation);
    this.#scripts.forget(generation);
  }

  /** What needs no policy: a session that was leaving anyway, or a candidate whose predecessor serves on. */
  #decided(generation: number): Decision | null {
    const { retiring, candidate } = this.#machine;
    if (retiring.includes(generation)) return { action: "none", why: "it was being stopped" };
    if (candidate === generation && this.current?.serves === true)
      return { action: "none", why: "the old process serves on" };
    return null;
  }

  /** A failed plugin waits for an operator, or for its file to change; with `watch`, a running one is replaced as well. */
  #watchExecutable(): void {
    this.#watch?.close();
    const { state } = this.#machine;
    const runs = state === "starting" || state === "serving" || state === "backoff";
    const awaited = state === "failed" || (runs && this.spec.watch);
    this.#watch = awaited
      ? watchFile(this.spec.command, () => this.replace("its executable changed"), { since: this.#tried })
      : null;
  }
}

/** For the record: each start with the hash of what was started. */
function whatRuns({ sha256, vouched }: Session): { sha256?: string; vouched?: readonly string[] } {
  return { ...(sha256 === null ? {} : { sha256 }), ...(vouched.length === 0 ? {} : { vouched }) };
}
