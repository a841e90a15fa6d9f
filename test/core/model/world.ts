/**
 * A plugin as it would live: the machine of all lives, a machine of one life for each process that it spawns, the restart
 * policy, timers, and processes that do what they like. Everything that takes time waits until it is chosen.
 */
import { defaults } from "../../../protocol/config.ts";
import type { Decision, EndCause, PluginState } from "../../../protocol/state.ts";
import { newPlugin, pluginStep } from "../../../src/core/plugin-state.ts";
import type { Plugin, PluginEffect, PluginEvent } from "../../../src/core/plugin-state.ts";
import { classify, decide, freshHistory } from "../../../src/core/policy.ts";
import { newSession, sessionStep } from "../../../src/core/session-state.ts";
import type { Session, SessionEvent, SessionTimer } from "../../../src/core/session-state.ts";
import { eventLabel as pluginEvent, labelOf as pluginLabel } from "./plugin-labels.ts";
import { eventLabel as sessionEvent, labelOf as sessionLabel } from "./session-labels.ts";

/** Gives up soon, so that all it can decide comes up often. */
const policy = { ...defaults.restart, maxFailures: 1 };

interface Life {
  machine: Session;
  timer: SessionTimer | null;
  /** It obeys nothing but SIGKILL. */
  killed: boolean;
  /** Unix time. */
  readyAt: number | null;
  exitStatus: number;
}

/** Something that can happen now. */
export interface Choice {
  readonly name: string;
  readonly happen: () => void;
}

export class World {
  plugin: Plugin = newPlugin(0, false);
  readonly lives = new Map<number, Life>();
  /** What was found to be wrong. */
  readonly faults: string[] = [];
  /** Transitions of both machines, in the words of their models. */
  readonly taken = new Set<string>();
  retryArmed = false;
  /** The newest generation. */
  spawned = 0;
  /** Since an operator stopped or disabled it, nothing may start. */
  #held = false;
  #now = 1_700_000_000_000;
  #history = freshHistory;
  #reports: { readonly generation: number; readonly decision: Decision }[] = [];
  readonly #clearing = new Set<number>();
  readonly #queue: PluginEvent[] = [];
  #running = false;

  /** Nothing of it lives, and nothing is going to. */
  get isQuiet(): boolean {
    return this.lives.size === 0 && !this.retryArmed;
  }

  /** What brings processes nearer to ready. */
  progress(): Choice[] {
    return this.choices().filter(({ name }) => /: (spawned|initialized|activated)$/.test(name));
  }

  /** Everything that can happen now. */
  choices(): Choice[] {
    return [...this.#operator(), ...this.#inevitable(), ...this.#misdeeds()];
  }

  /** What comes by itself, whatever plugins do not do. Restarts are no end: who wants the end stops it first. */
  inevitable(): Choice[] {
    return this.#inevitable();
  }

  do(event: PluginEvent): void {
    this.#queue.push(event);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    this.#running = false;
    this.#check();
  }

  #operator(): Choice[] {
    const act = (name: string, event: PluginEvent): Choice => ({ name, happen: () => this.do(event) });
    return [
      act("start", { type: "start", by: "operator" }),
      act("start by a call", { type: "start", by: "call" }),
      act("start by the supervisor", { type: "start", by: "supervisor" }),
      act("stop", { type: "stop", by: "operator" }),
      act("stop for want of calls", { type: "stop", by: "idle" }),
      act("stop by the supervisor", { type: "stop", by: "supervisor" }),
      act("restart", { type: "restart" }),
      act("enable", { type: "enable" }),
      act("disable", { type: "disable" }),
      act("reload", { type: "replace", exclusive: false, why: "changed" }),
      act("reload, exclusive", { type: "replace", exclusive: true, why: "changed" }),
      { name: "a minute passes", happen: () => (this.#now += 60_000) },
    ];
  }

  #inevitable(): Choice[] {
    const choices: Choice[] = [];
    if (this.retryArmed) choices.push({ name: "retry", happen: () => this.do({ type: "retry" }) });
    const [report] = this.#reports;
    // The journal writes one report after the other.
    if (report !== undefined) {
      choices.push({
        name: `report of ${report.generation}`,
        happen: () => {
          this.#reports.shift();
          this.lives.delete(report.generation);
          this.do({ type: "gone", ...report, message: "crashed" });
        },
      });
    }
    for (const generation of this.#clearing) {
      choices.push({
        name: `${generation} cleared`,
        happen: () => {
          this.#clearing.delete(generation);
          this.lives.delete(generation);
          const decision: Decision = { action: "none", why: "" };
          this.do({ type: "gone", generation, decision, message: "was stopped" });
        },
      });
    }
    for (const [generation, { machine, timer, killed }] of this.lives) {
      const act = (event: SessionEvent): Choice => ({
        name: `${generation}: ${event.type}`,
        happen: () => this.#happens(generation, event),
      });
      if (machine.state === "gone") continue;
      if (machine.force === "exited") choices.push(act({ type: "read_out" }));
      else if (killed) choices.push(act({ type: "exited", clean: false }));
      else if (machine.state === "spawning") choices.push(act({ type: "spawned" }));
      if (timer !== null) choices.push(act({ type: "timer", timer }));
    }
    return choices;
  }

  /** What a process can do, rightly or not. */
  #misdeeds(): Choice[] {
    return [...this.lives].flatMap(([generation, { machine }]) => {
      if (machine.state === "gone" || machine.force === "exited") return [];
      const act = (event: SessionEvent): Choice => ({
        name: `${generation}: ${event.type}`,
        happen: () => this.#happens(generation, event),
      });
      const spawning: SessionEvent[] = [
        { type: "start_failed", failure: { code: "spawn_failed", message: "no" } },
        { type: "start_failed", failure: { code: "executable_not_found", message: "no" } },
      ];
      if (machine.state === "spawning") return spawning.map(act);
      const events: SessionEvent[] = [
        { type: "initialized" },
        { type: "initialized" },
        { type: "activated" },
        { type: "activated" },
        { type: "start_failed", failure: { code: "config_invalid", message: "no" } },
        { type: "drained" },
        { type: "hung", detail: "" },
        { type: "over_limit", limit: "max_memory", detail: "" },
        { type: "violation", reason: "bad_json", detail: "" },
        { type: "stream_ended", stream: "stdout" },
        { type: "stream_ended", stream: "stdin" },
        { type: "exited", clean: true },
        { type: "exited", clean: false },
      ];
      return events.map(act);
    });
  }

  #step(event: PluginEvent): void {
    const before = this.plugin;
    const name = pluginEvent(before, event);
    if (name !== null) this.taken.add(`plugin, ${pluginLabel(before)}: ${name}`);
    if (event.type === "retry") this.retryArmed = false;
    this.#hold(event);
    const [after, effects] = pluginStep(before, event);
    this.plugin = after;
    for (const effect of effects) this.#run(effect, event, before.state);
    if ((after.state === "backoff") !== this.retryArmed)
      this.#fault(`${after.state}, and a retry is ${this.retryArmed ? "" : "not "}set`);
    // Calls wait in `starting` only; elsewhere they were released or refused, or wait on in vain.
    const settled = effects.some(({ type }) => type === "release_calls" || type === "refuse_calls");
    if (before.state === "starting" && after.state !== "starting" && !settled)
      this.#fault("calls that wait were forgotten");
  }

  #hold(event: PluginEvent): void {
    const { state } = this.plugin;
    if (event.type === "disable" || (event.type === "stop" && event.by !== "idle")) this.#held = true;
    else if (event.type === "enable") this.#held &&= state !== "disabled";
    else if (event.type === "restart" || (event.type === "start" && event.by === "operator"))
      this.#held &&= state === "disabled";
  }

  #run(effect: PluginEffect, event: PluginEvent, from: PluginState): void {
    switch (effect.type) {
      case "spawn":
        this.#spawn(effect.generation, event.type === "replace" && from === "serving");
        return;
      case "stop_session":
        if (!this.lives.has(effect.generation)) this.#fault(`a stop of ${effect.generation}, which is gone`);
        this.#happens(effect.generation, { type: "stop", by: effect.by });
        return;
      case "set_retry":
        this.retryArmed = true;
        return;
      case "clear_retry":
        this.retryArmed = false;
        return;
      case "release_calls":
        if (!this.#serves()) this.#fault("calls were released to a process that is not ready");
        return;
      case "refuse_calls":
        return;
    }
  }

  #spawn(generation: number, isReload: boolean): void {
    if (this.#held) this.#fault(`${generation} was started although the plugin was stopped`);
    if (generation !== this.spawned + 1) this.#fault(`generation ${generation} after ${this.spawned}`);
    if (this.lives.size > 0 && !isReload) this.#fault("two processes, and nobody has asked for a reload");
    this.spawned = generation;
    this.lives.set(generation, {
      machine: newSession,
      timer: null,
      killed: false,
      readyAt: null,
      exitStatus: 0,
    });
  }

  #happens(generation: number, event: SessionEvent): void {
    const life = this.lives.get(generation);
    if (life === undefined) return;
    if (event.type === "timer") life.timer = null;
    if (event.type === "exited") life.exitStatus = event.clean ? 0 : 1;
    this.taken.add(`session, ${sessionLabel(life.machine)}: ${sessionEvent(event)}`);
    const [after, effects] = sessionStep(life.machine, event);
    life.machine = after;
    for (const effect of effects) {
      switch (effect.type) {
        case "set_timer":
          life.timer = effect.timer;
          break;
        case "clear_timer":
          life.timer = null;
          break;
        case "kill":
          life.killed = true;
          break;
        case "ready":
          if (life.readyAt !== null) this.#fault(`${generation} was ready twice`);
          life.readyAt = this.#now;
          this.do({ type: "ready", generation });
          break;
        case "gone":
          this.#gone(generation, life, effect.cause);
          break;
        default:
      }
    }
  }

  /** As `Lives` does it: a requested end waits for the descendants, any other for its report. */
  #gone(generation: number, { readyAt, exitStatus }: Life, cause: EndCause): void {
    if (cause.kind === "requested") {
      this.#clearing.add(generation);
      return;
    }
    const { retiring, candidate } = this.plugin;
    const isNeedless = retiring.includes(generation) || (candidate === generation && this.#serves());
    if (isNeedless) {
      this.#reports.push({ generation, decision: { action: "none", why: "it serves on, or was leaving" } });
      return;
    }
    const exit = { code: exitStatus, signal: null, core: false };
    const readyMs = readyAt === null ? null : this.#now - readyAt;
    const end = { class: classify(cause, exit), cause, exit, readyMs };
    const { decision, history } = decide(policy, this.#history, end, this.#now, 0.5);
    this.#history = history;
    this.#reports.push({ generation, decision });
  }

  #serves(): boolean {
    const life = this.plugin.current === null ? undefined : this.lives.get(this.plugin.current);
    return life?.machine.state === "ready";
  }

  #check(): void {
    const { state, current, candidate, retiring, failure } = this.plugin;
    const known = [current, candidate, ...retiring].filter((each) => each !== null);
    const alive = [...this.lives.keys()];
    if (new Set(known).size !== known.length) this.#fault(`one process in two roles: ${known.join(", ")}`);
    if (known.length !== alive.length || !known.every((each) => this.lives.has(each)))
      this.#fault(`knows ${known.join(", ")}, and there are ${alive.join(", ")}`);
    if ((state === "serving") !== (current !== null)) this.#fault(`${state}, current ${current}`);
    if (current !== null && typeof this.lives.get(current)?.readyAt !== "number")
      this.#fault(`calls go to ${current}, which has never been ready`);
    if (candidate !== null && state !== "starting" && state !== "serving")
      this.#fault(`${state} with a candidate`);
    if (state === "starting" && candidate === null && retiring.length === 0)
      this.#fault("starting, and nothing is on its way");
    if ((state === "failed") !== (failure !== null)) this.#fault(`${state}, failure ${failure?.code}`);
    for (const each of retiring) {
      const machine = this.lives.get(each)?.machine;
      if (machine !== undefined && machine.cause === null) this.#fault(`${each} retires, and was not told`);
    }
  }

  #fault(what: string): void {
    this.faults.push(what);
  }
}
