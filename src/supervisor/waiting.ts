/** Calls that wait for a plugin to start: bounded in number, bytes and time. One client leaves room for others. */
import type { JsonText } from "../wire/peer.ts";
import type { PluginSpec } from "../../protocol/config.ts";
import { mayCall } from "../core/fair-window.ts";
import type { Deadline, Deadlines } from "../wire/deadlines.ts";
import { byteLength, MOST_CREDIT } from "../wire/peer.ts";
import type { RoutedCall, RouteOptions, CallOutcome, Settle } from "./call.ts";
import { endedCall, refusal } from "./call.ts";
import { Shares } from "./shares.ts";
import type { Share } from "./shares.ts";

interface Waiting extends RoutedCall {
  readonly method: string;
  readonly params: JsonText | undefined;
  readonly options: RouteOptions;
  readonly settle: Settle;
  readonly share: Share;
  readonly since: number;
  readonly deadline: Deadline;
  readonly onAbort: (() => void) | null;
  /** Credit that was granted before there was anybody to tell. */
  granted: number;
  /** What became of it. */
  routed: RoutedCall | null;
}

export type Release = (
  method: string,
  params: JsonText | undefined,
  options: RouteOptions,
  settle: Settle,
) => RoutedCall;

export class WaitingCalls {
  readonly #plugin: string;
  readonly #deadlines: Deadlines;
  readonly #calls = new Set<Waiting>();
  readonly #shares = new Shares();
  #bytes = 0;

  constructor(plugin: string, deadlines: Deadlines) {
    this.#plugin = plugin;
    this.#deadlines = deadlines;
  }

  get size(): number {
    return this.#calls.size;
  }

  /**
   * In bytes, they may hold as much as two frames.
   *
   * @param patienceMs for how long it waits at most, within its total time
   */
  add(
    method: string,
    params: JsonText | undefined,
    options: RouteOptions,
    settle: Settle,
    { limits, timeouts }: PluginSpec,
    patienceMs = options.idleTimeout ?? timeouts.callMs,
  ): RoutedCall {
    if (options.signal?.aborted === true) {
      settle(refusal("cancelled", `the call of ${method} was cancelled`));
      return endedCall;
    }
    const bytes = bytesOf(params, options);
    const share = this.#shares.of(options.client);
    const mayWait = mayCall(limits.waiting, share.calls, this.#calls.size);
    if (!mayWait || this.#bytes + bytes > 2 * limits.frameBytes) {
      settle(refusal("plugin_busy", `${this.#calls.size} calls wait for ${this.#plugin} to start already`));
      return endedCall;
    }
    const leave = (outcome: CallOutcome): void => {
      if (this.#take(call)) settle(outcome);
    };
    const total = options.totalTimeout ?? Infinity;
    const limit = Math.min(patienceMs, total);
    const since = this.#deadlines.now();
    const cancel = (): void => leave(refusal("cancelled", `the call of ${method} was cancelled`));
    const onAbort = options.signal === undefined ? null : cancel;
    const call: Waiting = {
      method,
      params,
      options,
      settle,
      share,
      since,
      deadline: this.#deadlines.add(since + limit, () =>
        leave(refusal("timeout", `${this.#plugin} was not ready in time for ${method}`)),
      ),
      onAbort,
      granted: 0,
      routed: null,
      cancel() {
        if (this.routed === null) cancel();
        else this.routed.cancel();
      },
      grant(n) {
        if (this.routed === null) this.granted += n;
        else this.routed.grant(n);
      },
    };
    if (onAbort !== null) options.signal?.addEventListener("abort", onAbort, { once: true });
    this.#calls.add(call);
    share.calls++;
    this.#bytes += bytes;
    return call;
  }

  /** Hands all of them on, or so many, oldest first, with what is left of their time. */
  release(to: Release, most = Infinity): void {
    const now = this.#deadlines.now();
    // Not those that come to wait while these are handed on.
    for (const call of [...this.#calls].slice(0, most)) {
      if (!this.#take(call)) continue;
      const { totalTimeout, credit } = call.options;
      const left =
        totalTimeout === undefined ? {} : { totalTimeout: Math.max(1, totalTimeout - (now - call.since)) };
      const more = credit === undefined ? {} : { credit: Math.min(credit + call.granted, MOST_CREDIT) };
      call.routed = to(call.method, call.params, { ...call.options, ...left, ...more }, call.settle);
    }
  }

  refuse(outcome: CallOutcome): void {
    for (const call of this.#calls) if (this.#take(call)) call.settle(outcome);
  }

  #take(call: Waiting): boolean {
    if (!this.#calls.delete(call)) return false;
    call.share.calls--;
    this.#bytes -= bytesOf(call.params, call.options);
    this.#deadlines.remove(call.deadline);
    if (call.onAbort !== null) call.options.signal?.removeEventListener("abort", call.onAbort);
    return true;
  }
}

function bytesOf(params: JsonText | undefined, { data }: RouteOptions): number {
  return (params === undefined ? 0 : byteLength(params)) + (data === undefined ? 0 : data.length);
}
