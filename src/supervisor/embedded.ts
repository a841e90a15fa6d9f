/** Calls and services of the program that embeds the supervisor: values outside, bytes inside. */
import type { CallOptions, ServiceContext, ServiceHandlers } from "../../protocol/caller.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { descend, timeLeft } from "../core/lineage.ts";
import type { Lineage } from "../core/lineage.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import { answerBy } from "../wire/handlers.ts";
import { boundsOf, bulkParams, paramsText, resultValue, toSlice } from "../wire/peer.ts";
import type { CallOutcome, RouteOptions, Settle } from "./call.ts";
import { refusal } from "./call.ts";
import type { Route } from "./services/host-call.ts";
import type { ProvidedCall, Provider } from "./services/provided.ts";
import { tooManyHops } from "./services/served.ts";

/** Of a call without any. */
export const noOptions: CallOptions = {};
const unbounded: RouteOptions = {};

export function routeOptions(options: CallOptions): RouteOptions {
  if (options === noOptions) return unbounded;
  const { signal, onProgress, fingerprint, bulk, retry } = options;
  const { idle, total } = boundsOf(options);
  return {
    signal,
    idleTimeout: idle,
    totalTimeout: total,
    onProgress: onProgress && ((value: Buffer) => onProgress(JSON.parse(value.toString("utf8")))),
    fingerprint,
    bulk,
    retry,
  };
}

type RouteAs<T> = (...call: [...Parameters<Route>]) => T;

/** A call of values. @throws BulkheadError `invalid_params` */
export function routeValues<T>(
  route: RouteAs<T>,
  target: string,
  params: unknown,
  options: RouteOptions,
  settle: Settle,
): T {
  if (options.bulk !== true) return route(target, paramsText(params), options, settle);
  const { text, data } = bulkParams(params, true);
  return route(target, text, { ...options, data }, settle);
}

/**
 * Not `async`: what such a function keeps while it waits is as much again as the call. That the error is made in `valueOf`
 * keeps the caller's own lines in its stack.
 *
 * @param inherited of the call that this one is made for
 */
export function callBy(
  route: Route,
  target: string,
  params: unknown,
  options: CallOptions,
  inherited?: Pick<RouteOptions, "lineage" | "totalTimeout" | "signal">,
): Promise<unknown> {
  try {
    const own = routeOptions(options);
    const all = inherited === undefined ? own : { ...own, ...inherited };
    const { promise, resolve } = Promise.withResolvers<CallOutcome>();
    routeValues(route, target, params, all, resolve);
    return promise.then(valueOf);
  } catch (error) {
    return Promise.reject(error);
  }
}

function valueOf(outcome: CallOutcome): unknown {
  if ("error" in outcome) throw BulkheadError.from(outcome.error);
  return resultValue(outcome.result, outcome.data);
}

export function embeddedProvider(handlers: ServiceHandlers, route: Route, deadlines: Deadlines): Provider {
  return {
    name: "the embedding program",
    call(asked, settle) {
      const ending = new AbortController();
      const release = (): void => {
        deadlines.remove(deadline);
        asked.signal.removeEventListener("abort", cancel);
      };
      const end = (code: "timeout" | "cancelled", what: string): void => {
        release();
        settle(refusal(code, `${asked.method} was ${what}`, { settlement: "maybe_executed" }));
        ending.abort();
      };
      const cancel = (): void => end("cancelled", "cancelled");
      // Not an AbortSignal.timeout: it knows 32 bits only, and stays for its whole time when the call is long over.
      const deadline = deadlines.add(deadlines.now() + asked.ms, () =>
        end("timeout", "not answered in time"),
      );
      if (asked.signal.aborted) {
        cancel();
        return;
      }
      asked.signal.addEventListener("abort", cancel, { once: true });
      const context = contextOf(asked, ending.signal, route, () => deadlines.now());
      void answerBy(handlers, asked.method, asked.params, context).then((outcome) => {
        release();
        settle(outcome);
      });
    },
  };
}

function contextOf(
  { plugin, lineage, progress }: ProvidedCall,
  signal: AbortSignal,
  route: Route,
  now: () => number,
): ServiceContext {
  return {
    signal,
    plugin,
    progress: (value) => progress(toSlice(value)),
    caller: {
      call: async (target, params = {}, options = {}) => {
        const child = descend(lineage, boundsOf(options).total, now());
        const circle = tooManyHops(child, target);
        if (circle !== undefined) throw BulkheadError.from(circle.error);
        const both = options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]);
        return callBy(route, target, params, options, { ...bounds(child, now()), signal: both });
      },
    },
  };
}

function bounds(lineage: Lineage, now: number): Pick<RouteOptions, "lineage" | "totalTimeout"> {
  return { lineage, totalTimeout: timeLeft(lineage, now) };
}
