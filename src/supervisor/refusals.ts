/** Why a call does not go to a plugin that serves. */
import { nearest } from "../../protocol/nearest.ts";
import type { Agreement } from "./agreement.ts";
import { refusal } from "./call.ts";

type Refused = ReturnType<typeof refusal>;

/** How many methods a refusal names. */
const listedMethods = 50;

export function changed(plugin: string, { fingerprint }: Agreement): Refused {
  const message = `${plugin} describes itself in another way than when its contract was compared`;
  return refusal("contract_changed", message, { detail: { fingerprint } });
}

export function undeclared(plugin: string, method: string, methods: readonly string[]): Refused {
  const near = nearest(method, methods);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  const detail = {
    methods: methods.slice(0, listedMethods),
    ...(near === undefined ? {} : { nearest: near }),
  };
  return refusal("method_not_found", `${plugin} has no method ${method}${meant}`, { detail });
}

export function notIdempotent(plugin: string, method: string): Refused {
  const message = `${method} of ${plugin} is not described as idempotent, so it can not be retried`;
  return refusal("invalid_params", message);
}

export function isStream(plugin: string, method: string): Refused {
  return refusal("stream_required", `${method} of ${plugin} is a stream, and was called without credit`);
}
