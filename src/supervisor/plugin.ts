/** One plugin as its callers see it: calls go to the session that serves, or wait for it, or are refused. */
import type { JsonText } from "../wire/peer.ts";
import type { PluginSpec } from "../../protocol/config.ts";
import type { Described } from "../../protocol/caller.ts";
import type { PluginStats } from "../../protocol/control-results.ts";
import type { Description } from "../../protocol/description.ts";
import { errors } from "../../protocol/error.ts";
import type { CrashReport, LogLine, PluginState, PluginStatus } from "../../protocol/state.ts";
import { sameButLocked, sameSpec } from "../io/config/config.ts";
import type { PluginRow } from "../io/journal/journal.ts";
import type { LogQuery } from "../io/log/logfile.ts";
import { describedAs, describedUnstarted } from "./agreement.ts";
import type { CallOutcome, RoutedCall, RouteOptions, Settle } from "./call.ts";
import { endedCall, refusal } from "./call.ts";
import { CallStatistics, noCalls } from "./call-statistics.ts";
import { IdleWatch } from "./idle.ts";
import { Lives } from "./lives.ts";
import { hand, tryOut } from "./settings/reconfigure.ts";
import type { Refusal } from "./settings/reconfigure.ts";
import type { Surroundings } from "./surroundings.ts";
import { PluginQuarantine } from "./quarantine.ts";
import { changed, isStream, notIdempotent, undeclared } from "./refusals.ts";
import { eventsOf } from "./offers.ts";
import { statusOf } from "./plugin-status.ts";
import { Retries } from "./retry.ts";
import type { Session } from "./session.ts";
import { RelayCheck } from "./relay-check.ts";
import { UsageMeter } from "./usage-meter.ts";
import { WaitingCalls } from "./waiting.ts";

/** Between two looks at whether there is room for an event. Milliseconds. */
const fullMs = 100;

export class Plugin {
  readonly id: string;
  readonly #around: Surroundings;
  readonly #lives: Lives;
  readonly #waiting: WaitingCalls;
  /** Calls that may have killed it. */
  readonly quarantine: PluginQuarantine;
  readonly #retries: Retries;
  readonly #idle: IdleWatch;
  #check: RelayCheck | null = null;
  readonly #usage = new UsageMeter();
  #answered = 0;
  #failed = 0;
  /** Made by its first call. */
  #statistics: CallStatistics | null = null;

  constructor(spec: PluginSpec, row: PluginRow, lastCrash: CrashReport | null, around: Surroundings) {
    this.id = spec.id;
    this.#around = around;
    this.#waiting = new WaitingCalls(spec.id, around.deadlines);
    const { deadlines } = around;
    this.quarantine = new PluginQuarantine(row.quarantine, {
      plugin: spec.id,
      deadlines,
      spec: () => this.spec,
      inFlight: () => this.#lives.current?.inFlight ?? 0,
      send: (...call) => this.#passLate(...call),
      again: (...call) => this.#route(...call),
      note: (text) => this.note(text),
      save: () => this.#lives.save(),
    });
    this.#retries = new Retries({
      plugin: spec.id,
      deadlines,
      spec: () => this.spec,
      state: () => this.state,
      serves: () => this.serves,
      start: () => this.start("call"),
      send: (...call) => this.#route(...call),
    });
    this.#lives = new Lives(spec, row, lastCrash, around, {
      release: (session, program) => {
        this.quarantine.started(program);
        this.#waiting.release((method, params, options, settle) =>
          this.#send(session, method, params, options, settle),
        );
        this.#retries.release();
      },
      refuse: () => {
        this.#waiting.refuse(this.#unavailable());
        this.quarantine.left();
      },
      changed: () => {
        this.#watchIdleness();
        this.#retries.changed();
      },
      crashed: (program, end, crash) => this.quarantine.crashed(end, program, crash),
      quarantine: () => this.quarantine.kept,
    });
    this.#idle = new IdleWatch(
      () => (this.#lives.current?.inFlight ?? 0) > 0,
      () => this.#lives.dispatch({ type: "stop", by: "idle" }),
    );
  }

  get spec(): PluginSpec {
    return this.#lives.spec;
  }

  get state(): PluginState {
    return this.#lives.machine.state;
  }

  /** Of the session that serves, or of the last one that did. */
  get description(): Description | null {
    return this.#lives.description;
  }

  /** As agreed on with the session that serves; else what the last one that did would be agreed on. */
  get described(): Described | null {
    const agreement = this.#lives.current?.agreement ?? null;
    if (agreement !== null) return describedAs(agreement);
    return this.description === null ? null : describedUnstarted(this.description, this.spec.apis);
  }

  /** No process lives, and no report is being written. */
  get quiet(): boolean {
    return this.#lives.quiet;
  }

  call(method: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    // From here: the time that a call waits for a start is its caller's as well.
    const startedAt = this.#around.deadlines.now();
    const counted: Settle = (outcome) => {
      this.#touch();
      this.#count(outcome, startedAt);
      settle(outcome);
      this.quarantine.settled();
    };
    const bounded = this.#bounded(options);
    if (options.retry === true) return this.#retries.call(method, params, bounded, counted);
    return this.#route(method, params, bounded, counted);
  }

  /** The life that calls go to; null: none. */
  get life(): number | null {
    return this.#lives.machine.current;
  }

  /** Calls go to a process that takes them. */
  get serves(): boolean {
    return this.#lives.current?.serves === true;
  }

  /** Starts it where a call would; resolves when it serves, or nothing is on its way there any more. */
  async awake(): Promise<void> {
    if (this.state === "idle") this.start("call");
    await this.until(() => this.state !== "starting" && this.state !== "backoff" && !this.#leaves());
  }

  /**
   * Tells it of an event that it has described, as soon as it has room for that: that others call it a lot is not its fault.
   * No call of anybody: it is not counted.
   */
  deliver(event: string, params: Buffer, options: RouteOptions, settle: Settle): void {
    this.#touch();
    const session = this.#lives.current;
    if (session === null) return settle(this.#unavailable());
    const again = (): void => {
      // A new life may want something else.
      if (this.#wants(event)) this.deliver(event, params, options, settle);
      else settle(this.#unavailable());
    };
    const later = (): void => void setTimeout(again, fullMs).unref();
    if (this.quarantine.isTrial) return later();
    session.call(event, params, options, (outcome) => {
      if ("error" in outcome && outcome.error.code === errors.plugin_busy.number) later();
      else settle(outcome);
    });
  }

  #wants(event: string): boolean {
    return this.description !== null && eventsOf(this.description, this.spec.apis).has(event);
  }

  /** A remark in its log. */
  note(text: string): void {
    this.#around.log.note(this.#lives.machine.generation, text);
  }

  /** What an earlier supervisor heard of it, until it speaks for itself. */
  recall(description: Description): void {
    this.#lives.description ??= description;
  }

  /** Starts it where it may start by itself: not when an operator stopped it, and not after a failure. */
  start(by: "supervisor" | "call"): void {
    this.#lives.dispatch({ type: "start", by });
  }

  /** An operator begins again: what happened before does not count any more. */
  operate(action: "start" | "stop" | "restart" | "enable" | "disable"): void {
    if (action !== "stop" && action !== "disable") this.#lives.forgive();
    const byOperator = action === "start" || action === "stop";
    this.#lives.dispatch(byOperator ? { type: action, by: "operator" } : { type: action });
    this.#lives.save();
  }

  /** Runs the new entry: what serves goes on until the new process is ready. */
  replace(spec: PluginSpec): void {
    const { current, candidate } = this.#lives;
    this.#lives.spec = spec;
    // Taken back before anything came of it: what serves never ran with anything else.
    const runs = candidate === null && current?.serves === true && sameSpec(current.spec, spec);
    if (!runs) this.#lives.replace("its configuration changed");
    if (spec.start === "auto") this.start("supervisor");
    this.#watchIdleness();
  }

  /** Runs the new entry, in the running process where that takes it. Resolves to why the old one stays in force. */
  adopt(spec: PluginSpec): Promise<Refusal | null> {
    const { current } = this.#lives;
    const { locked, refused } = spec.trust;
    const isAccepted = !refused && (locked === undefined || locked.sha256 === current?.sha256);
    // What runs goes on: the next start asks for it.
    if (current !== null && isAccepted && sameButLocked(this.spec, spec)) {
      this.#lives.spec = spec;
      current.spec = spec;
      return Promise.resolve(null);
    }
    return hand(this.#lives, spec, (each) => this.replace(each));
  }

  /** Gives it another configuration, and waits for what comes of it: on a refusal the old one is in force. */
  async configure(config: PluginSpec["config"]): Promise<Refusal | null> {
    // A replacement that had to wait its turn could not be told from one that is not needed.
    await this.until(() => !this.#lives.isLeaving);
    return tryOut(this.#lives, { ...this.spec, config }, (each) => this.replace(each));
  }

  /** Replaces what serves without dropping a call. Resolves to why the new process does not serve, or to null. */
  async roll(): Promise<string | null> {
    const before = this.#lives.machine.generation;
    this.#lives.replace("restarted by the operator");
    await this.until(() => !this.#lives.isReplacing);
    const { current, why } = this.#lives.machine;
    return current !== null && current > before ? null : why;
  }

  until(holds: () => boolean, signal?: AbortSignal): Promise<void> {
    return this.#lives.until(holds, signal);
  }

  /** Stops it; resolves when no process is left. The plugin is not used afterwards. */
  async close(): Promise<void> {
    await this.#lives.close();
    this.#idle.stop();
    await this.#around.log.close();
  }

  row(): PluginRow {
    return this.#lives.row();
  }

  logs(query: LogQuery): Promise<LogLine[]> {
    return this.#around.log.read(query);
  }

  status(): PluginStatus {
    const { current } = this.#lives;
    return statusOf(this.#lives, {
      inFlight: current?.inFlight ?? 0,
      waiting: this.#waiting.size + this.#retries.waiting + this.quarantine.waiting,
      answered: this.#answered,
      failed: this.#failed,
    });
  }

  /** Calls, latency, memory and CPU. */
  async stats(): Promise<PluginStats> {
    const { current, candidate } = this.#lives;
    const { pid = null, guardPid = null } = current ?? candidate ?? {};
    const root = guardPid === null ? (pid === null ? null : { plugin: pid }) : { guard: guardPid };
    const process = root === null ? null : await this.#usage.sample(root);
    const figures = this.#statistics?.figures(this.#around.deadlines.now()) ?? noCalls;
    return { plugin: this.id, ...figures, process };
  }

  #count(outcome: CallOutcome, startedAt: number): void {
    const now = this.#around.deadlines.latest;
    this.#statistics ??= new CallStatistics(now);
    if ("result" in outcome) {
      this.#answered++;
      this.#statistics.answered(now, now - startedAt);
      return;
    }
    this.#failed++;
    if (outcome.error.code === errors.cancelled.number) this.#statistics.cancelled(now);
    else this.#statistics.failed(now);
  }

  /** Nothing is copied for a call that brings its own bound, or for a plugin that sets none. */
  #bounded(options: RouteOptions): RouteOptions {
    const { totalMs } = this.spec.timeouts;
    return totalMs === undefined || options.totalTimeout !== undefined
      ? options
      : { ...options, totalTimeout: totalMs };
  }

  #route(method: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    const session = this.#lives.current;
    if (session !== null) return this.#send(session, method, params, options, settle);
    return this.#callWithoutSession(method, params, options, settle);
  }

  #callWithoutSession(
    method: string,
    params: JsonText | undefined,
    options: RouteOptions,
    settle: Settle,
  ): RoutedCall {
    this.start("call");
    if (this.state === "starting") return this.#waiting.add(method, params, options, settle, this.spec);
    settle(this.#unavailable());
    return endedCall;
  }

  #send(
    session: Session,
    method: string,
    params: JsonText | undefined,
    options: RouteOptions,
    settle: Settle,
  ): RoutedCall {
    this.#touch();
    const refused = this.#refused(session, method, options);
    if (refused !== undefined) settle(refused);
    else if (this.quarantine.isQuiet) return this.#pass(method, params, options, settle);
    else return this.quarantine.admit(method, params, options, settle);
    return endedCall;
  }

  /** Why the agreement that is in force does not let it through; undefined: it does. */
  #refused({ agreement }: Session, method: string, options: RouteOptions) {
    const found = agreement?.methods.get(method);
    const { fingerprint, credit, onItem } = options;
    if (agreement !== null && fingerprint !== undefined && fingerprint !== agreement.fingerprint) {
      return changed(this.id, agreement);
    }
    if (found === undefined) return undeclared(this.id, method, [...(agreement?.methods.keys() ?? [])]);
    if (options.retry === true && found.idempotent !== true) return notIdempotent(this.id, method);
    const isRead = credit !== undefined && onItem !== undefined;
    return found.item !== undefined && !isRead ? isStream(this.id, method) : undefined;
  }

  /** It was held back, and another process may serve by now. */
  #passLate(method: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    const session = this.#lives.current;
    const refused = session === null ? undefined : this.#refused(session, method, options);
    if (refused === undefined) return this.#pass(method, params, options, settle);
    settle(refused);
    return endedCall;
  }

  #pass(method: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    const session = this.#lives.current;
    if (session === null) {
      settle(this.#unavailable());
      return endedCall;
    }
    const { agreement, spec } = session;
    // It may be read as a stream, but nothing can come.
    const isPlain = options.onItem === undefined || agreement?.methods.get(method)?.item !== undefined;
    const wanted = isPlain ? options : { ...options, credit: undefined, onItem: undefined };
    if (spec.validate === "edges" || agreement === null) return session.call(method, params, wanted, settle);
    this.#check = RelayCheck.of(this.#check, this.id, agreement.methods);
    return this.#check.call(session, method, params, wanted, settle);
  }

  /** Its process is dying, and that is not told yet. */
  #leaves(): boolean {
    return this.#lives.current?.serves === false;
  }

  #unavailable() {
    const { retryAt, machine } = this.#lives;
    const { state, why, failure } = machine;
    return refusal("plugin_unavailable", `${this.id} is ${state}: ${failure?.message ?? why}`, {
      ...(retryAt === null ? {} : { retryAfterMs: Math.max(0, retryAt - this.#around.now()) }),
      ...(failure === null ? {} : { detail: { code: failure.code } }),
    });
  }

  /** Costs a clock reading, and most plugins run on without calls. */
  #touch(): void {
    if (this.spec.idleStopMs !== undefined) this.#idle.touch();
  }

  #watchIdleness(): void {
    const { idleStopMs } = this.spec;
    if (this.state === "serving" && idleStopMs !== undefined) this.#idle.start(idleStopMs);
    else this.#idle.stop();
  }
}
