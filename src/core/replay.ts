/** What of a crash can be tried again, and what the trials say. Pure. */
import type { CrashReport, LostCall } from "../../protocol/state.ts";

export interface ReplayCall {
  /** As the report lists it, from 1. */
  readonly n: number;
  readonly method: string;
  /** JSON text; undefined: it had none. */
  readonly params: string | undefined;
}

export interface ReplayPlan {
  readonly calls: readonly ReplayCall[];
  /** Those that can not be made as they were, and why. */
  readonly left: readonly { readonly n: number; readonly method: string; readonly why: string }[];
}

/** Those that the plugin may have seen; or the one that is chosen, whether it has or not. */
export function replayPlan(report: CrashReport, chosen?: number): ReplayPlan {
  const calls: ReplayCall[] = [];
  const left: { n: number; method: string; why: string }[] = [];
  for (const [index, call] of report.lostCalls.entries()) {
    const n = index + 1;
    const { method } = call;
    if (chosen === undefined ? call.settlement === "not_sent" : n !== chosen) continue;
    const why = obstacle(call);
    if (why === null) calls.push({ n, method, params: textOf(call) });
    else left.push({ n, method, why });
  }
  return { calls, left };
}

function textOf({ params }: LostCall): string | undefined {
  return params?.kept === "whole" ? params.text : undefined;
}

function obstacle({ params }: LostCall): string | null {
  if (params === undefined) return "its params were not kept";
  if (params.kept === "head") return `only the beginning of its ${params.bytes} bytes was kept`;
  if (params.dataBytes > 0) return `${params.dataBytes} bytes of bulk data beside its params were not kept`;
  if (params.secrets.length > 0) return `secrets were taken out of it: ${params.secrets.join(", ")}`;
  return null;
}

/** `alone`: each of these is enough. `together`: none of them is. `none`: it does not crash any more. */
export type Verdict =
  | { readonly kind: "none" }
  | { readonly kind: "alone"; readonly calls: readonly number[] }
  | { readonly kind: "together" };

/** @param alone those that crashed it by themselves; asked for only where all of them did */
export function verdictOf(
  calls: readonly ReplayCall[],
  together: boolean,
  alone: readonly number[],
): Verdict {
  if (!together) return { kind: "none" };
  const [only] = calls;
  if (calls.length === 1 && only !== undefined) return { kind: "alone", calls: [only.n] };
  return alone.length === 0 ? { kind: "together" } : { kind: "alone", calls: alone };
}
