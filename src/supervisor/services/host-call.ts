/** `host.call`: a plugin calls another one, where its configuration says that it may. Params and result stay bytes. */
import type { JsonText } from "../../wire/peer.ts";
import { z } from "zod";
import { timeLeft } from "../../core/lineage.ts";
import { members } from "../../wire/peer.ts";
import type { CallOutcome, RouteOptions, Settle } from "../call.ts";
import { refusal } from "../call.ts";
import { misfit } from "./host-params.ts";
import { tooManyHops } from "./served.ts";
import type { HostCall } from "./services.ts";

export type Route = (
  target: string,
  params: JsonText | undefined,
  options: RouteOptions,
  settle: Settle,
) => unknown;

const longestTarget = 1024;
const address = z.string().regex(/^[^/]+\/.+$/, "must be plugin/api.method");

export function callPlugin(call: HostCall, route: Route, now: number): void {
  const { asker, request, lineage, signal, settle } = call;
  const [written, params] = members(request.params, "target", "params");
  const target = written === undefined ? undefined : textOf(written);
  const named = address.safeParse(target);
  if (!named.success) {
    settle(misfit(request.method, ["target"], "must be plugin/api.method"));
    return;
  }
  const { calls, id } = asker.spec;
  const plugin = named.data.slice(0, named.data.indexOf("/"));
  if (!calls.includes(plugin) && !calls.includes(named.data)) {
    settle(notGranted(id, named.data));
    return;
  }
  const circle = tooManyHops(lineage, named.data);
  if (circle !== undefined) {
    settle(circle);
    return;
  }
  if (params !== undefined && params[0] !== 0x7b && params[0] !== 0x5b) {
    settle(misfit(request.method, ["params"], "must be an object or an array"));
    return;
  }
  const options = {
    signal,
    totalTimeout: timeLeft(lineage, now),
    lineage,
    onProgress: (value: Buffer) => request.progress(value),
  };
  route(named.data, params, options, settle);
}

function textOf(slice: Buffer): unknown {
  return slice.length > longestTarget ? undefined : JSON.parse(slice.toString("utf8"));
}

function notGranted(plugin: string, target: string): CallOutcome {
  const message = `${plugin} may not call ${target}: add ${JSON.stringify(target)} to calls = [...] of [plugins.${plugin}]`;
  return refusal("service_not_granted", message);
}
