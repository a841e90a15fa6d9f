/** One plugin as its callers see it: calls go to the session that serves, or wait for it, or are refused. */
import type { PluginSpec } from "../../protocol/config.ts";
import type { Description } from "../../protocol/description.ts";
import { errors } from "../../protocol/error.ts";
import { nearest } from "../../protocol/nearest.ts";
import type { CrashReport, LogLine, PluginState, PluginStatus } from "../../protocol/state.ts";
import type { PluginRow } from "../io/journal/journal.ts";
import type { LogQuery } from "../io/log/logfile.ts";
import type { RouteOptions, Settle } from "./call.ts";
import { refusal } from "./call.ts";
import { IdleWatch } from "./idle.ts";
import { Lives } from "./lives.ts";
import type { Surroundings } from "./lives.ts";
import type { Session } from "./session.ts";
import { WaitingCalls } from "./waiting.ts";

/** How many methods a refusal names. */
const listedMethods = 50;

export class Plugin {
  readonly id: string;
  readonly #around: Surroundings;
  readonly #lives: Lives;
  readonly #waiting: WaitingCalls;
  readonly #idle: IdleWatch;
  #answered = 0;
  #failed = 0;

  constructor(spec: PluginSpec, row: PluginRow, lastCrash: CrashReport | null, around: Surroundings) {
    this.id = spec.id;
    this.#around = around;
    this.#waiting = new WaitingCalls(spec.id, around.deadlines);
    this.#lives = new Lives(spec, row, lastCrash, around, {
      release: (session) =>
        this.#waiting.release((method, params, options, settle) =>
          this.#send(session, method, params, options, settle),
        ),
      refuse: () => this.#waiting.refuse(this.#unavailable()),
      changed: () => this.#watchIdleness(),
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

  /** No process lives, and no report is being written. */
  get quiet(): boolean {
    return this.#lives.quiet;
  }

  call(method: string, params: Buffer | undefined, options: RouteOptions, settle: Settle): void {
    const counted: Settle = (outcome) => {
      this.#idle.touch();
      if ("result" in outcome) this.#answered++;
      else this.#failed++;
      settle(outcome);
    };
    // Counted from here: the time that a call waits for a start is its caller's as well.
    const bounded = { ...options, totalTimeout: options.totalTimeout ?? this.spec.timeouts.totalMs };
    const session = this.#lives.current;
    if (session !== null) this.#send(session, method, params, bounded, counted);
    else this.#callWithoutSession(method, params, bounded, counted);
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
    this.#lives.spec = spec;
    this.#lives.forgive();
    const exclusive = this.description?.exclusive === true;
    this.#lives.dispatch({ type: "replace", exclusive, why: "its configuration changed" });
    if (spec.start === "auto") this.start("supervisor");
    this.#watchIdleness();
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
    const { machine, current, candidate, lastCrash, description, spec, executable } = this.#lives;
    const { state, why, failure, generation } = machine;
    const session = current ?? candidate;
    return {
      id: this.id,
      state,
      why,
      pid: session?.pid ?? null,
      guardPid: session?.guardPid ?? null,
      generation,
      readySince: current?.readySince ?? null,
      restarts: this.#lives.restarts,
      recentFailures: this.#lives.recentFailures,
      retryAt: this.#lives.retryAt,
      error: failure === null ? null : { ...failure, hint: errors[failure.code].hint },
      lastCrash:
        lastCrash === null ? null : { id: lastCrash.id, at: lastCrash.at, summary: lastCrash.summary },
      version: description?.plugin.version ?? null,
      profile: description?.build?.profile ?? null,
      apis:
        current?.agreement?.apis ?? description?.apis.map(({ name, version }) => ({ name, version })) ?? [],
      calls: {
        inFlight: current?.inFlight ?? 0,
        waiting: this.#waiting.size,
        answered: this.#answered,
        failed: this.#failed,
      },
      executable: spec.command,
      sha256: session?.sha256 ?? executable,
    };
  }

  #callWithoutSession(
    method: string,
    params: Buffer | undefined,
    options: RouteOptions,
    settle: Settle,
  ): void {
    this.start("call");
    if (this.state === "starting") this.#waiting.add(method, params, options, settle, this.spec);
    else settle(this.#unavailable());
  }

  #send(
    session: Session,
    method: string,
    params: Buffer | undefined,
    options: RouteOptions,
    settle: Settle,
  ): void {
    this.#idle.touch();
    const methods = session.agreement?.methods;
    if (methods?.has(method) === true) session.call(method, params, options, settle);
    else settle(this.#undeclared(method, [...(methods?.keys() ?? [])]));
  }

  #undeclared(method: string, methods: readonly string[]) {
    const near = nearest(method, methods);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    const detail = {
      methods: methods.slice(0, listedMethods),
      ...(near === undefined ? {} : { nearest: near }),
    };
    return refusal("method_not_found", `${this.id} has no method ${method}${meant}`, { detail });
  }

  #unavailable() {
    const { retryAt, machine } = this.#lives;
    const { state, why, failure } = machine;
    return refusal("plugin_unavailable", `${this.id} is ${state}: ${failure?.message ?? why}`, {
      ...(retryAt === null ? {} : { retryAfterMs: Math.max(0, retryAt - this.#around.now()) }),
      ...(failure === null ? {} : { detail: { code: failure.code } }),
    });
  }

  #watchIdleness(): void {
    const { idleStopMs } = this.spec;
    if (this.state === "serving" && idleStopMs !== undefined) this.#idle.start(idleStopMs);
    else this.#idle.stop();
  }
}
