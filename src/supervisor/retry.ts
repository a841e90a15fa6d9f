/** Calls that are sent again when a crash takes them along. */
import type { PluginSpec } from "../../protocol/config.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { ErrorCode, RpcError } from "../../protocol/error.ts";
import type { PluginState } from "../../protocol/state.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import type { JsonText } from "../wire/peer.ts";
import { endedCall, refusal } from "./call.ts";
import type { CallOutcome, RoutedCall, RouteOptions, Settle } from "./call.ts";
import { WaitingCalls } from "./waiting.ts";
import type { Release } from "./waiting.ts";

const mostRetries = 3;
/** Never after a timeout: the plugin may be at it still. */
const lost: ReadonlySet<string> = new Set<ErrorCode>(["plugin_crashed", "plugin_hung", "plugin_unavailable"]);
/** From these it may come back by itself; `serving` is what a dying one is called until its report is written. */
const returning: ReadonlySet<PluginState> = new Set<PluginState>(["starting", "backoff", "serving", "idle"]);

export interface RetryWorld {
  readonly plugin: string;
  readonly deadlines: Deadlines;
  readonly spec: () => PluginSpec;
  readonly state: () => PluginState;
  readonly serves: () => boolean;
  /** Starts it, where it is idle. */
  readonly start: () => void;
  /** One attempt. */
  readonly send: Release;
}

export class Retries {
  readonly #world: RetryWorld;
  readonly #waiting: WaitingCalls;

  constructor(world: RetryWorld) {
    this.#world = world;
    this.#waiting = new WaitingCalls(world.plugin, world.deadlines);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** A process serves. */
  release(): void {
    this.#waiting.release((...call) => this.#world.send(...call));
  }

  /** The plugin's state is another one. */
  changed(): void {
    if (this.#waiting.size === 0) return;
    const state = this.#world.state();
    if (state === "idle") this.#world.start();
    else if (!returning.has(state)) {
      const { plugin } = this.#world;
      this.#waiting.refuse(
        refusal("plugin_unavailable", `${plugin} is ${state}, and does not come back by itself`),
      );
    }
  }

  call(method: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    if (options.onItem !== undefined) {
      settle(refusal("invalid_params", `a stream can not be retried: ${method}`));
      return endedCall;
    }
    const { deadlines, spec, send, serves, state } = this.#world;
    const { totalMs, callMs } = spec().timeouts;
    const dueAt = deadlines.now() + (options.totalTimeout ?? totalMs ?? callMs);
    let attempts = 0;
    let wasSent = false;
    let retries = 0;
    let made = 0;
    let current: RoutedCall = endedCall;
    /** What is refused ends within `make`, and may have been followed by the next one by then. */
    const track = (make: () => RoutedCall): void => {
      const turn = ++made;
      const call = make();
      if (turn === made) current = call;
    };
    const timed = (): RouteOptions => ({ ...options, totalTimeout: Math.max(1, dueAt - deadlines.now()) });
    const attempt = (outcome: CallOutcome): void => {
      if ("result" in outcome) return settle(outcome);
      const { code, settlement } = BulkheadError.from(outcome.error);
      if (settlement !== "not_sent") attempts++;
      wasSent ||= settlement === "maybe_executed";
      if (
        !lost.has(code) ||
        settlement === "answered" ||
        retries === mostRetries ||
        !returning.has(state())
      ) {
        return settle({ error: told(outcome.error, attempts, wasSent) });
      }
      retries++;
      // Who waits for a start is not silent: only the total time counts.
      track(() =>
        serves()
          ? send(method, params, timed(), attempt)
          : this.#waiting.add(method, params, timed(), attempt, spec(), Infinity),
      );
    };
    track(() => send(method, params, timed(), attempt));
    return { cancel: () => current.cancel(), grant: () => undefined };
  }
}

/** What was lost before counts: an attempt that was not sent is not all that there was. */
function told(error: RpcError, attempts: number, wasSent: boolean): RpcError {
  const { data } = error;
  if (typeof data !== "object" || data === null || BulkheadError.from(error).settlement === "answered")
    return error;
  return { ...error, data: { ...data, attempts, ...(wasSent ? { settlement: "maybe_executed" } : {}) } };
}
