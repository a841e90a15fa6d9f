/** What makes two calls the same one, for the quarantine. */
import { createHmac } from "node:crypto";
import { canonical } from "../core/json-value.ts";
import { longestKept } from "../core/lost-params.ts";
import type { CallIdentity } from "../core/quarantine.ts";
import type { JsonText } from "../wire/peer.ts";

/** However the params are written; longer ones only as they are written, because reading them takes its time. */
export function identityOf(key: string, method: string, params: JsonText | undefined): CallIdentity {
  const written = params ?? "{}";
  const text = written.length <= longestKept ? readable(written.toString("utf8")) : written;
  return { method, params: createHmac("sha256", key).update(text).digest("hex").slice(0, 32) };
}

function readable(text: string): string {
  try {
    return canonical(JSON.parse(text));
  } catch {
    // Nested deeper than this can be read.
    return text;
  }
}
