/** What a plugin does with its time, in words. Pure. */
import type { PluginStats } from "../../protocol/control-results.ts";
import { bytes, duration } from "./words.ts";

/** Calls in a second: `0.3`, `42`, `1200`. */
export function rate(perSecond: number): string {
  if (perSecond >= 9.95) return String(Math.round(perSecond));
  return perSecond.toFixed(1).replace(/\.0$/, "");
}

/** On average, over what is recent. */
export function callRate({ recent }: PluginStats): string {
  return rate(recent.calls / recent.seconds);
}

/** As exact as it is known: `85µs`, `1.2ms`, `340ms`, `1.2s`, `2m 5s`. */
export function latency(ms: number | null): string {
  if (ms === null) return "-";
  if (ms < 0.9995) return `${Math.round(ms * 1000)}µs`;
  if (ms < 999.5) return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)}ms`;
  return ms < 9950 ? `${(ms / 1000).toFixed(1)}s` : duration(ms);
}

export function memory({ process }: PluginStats): string {
  return process === null ? "-" : bytes(process.memoryBytes);
}

/** Of one core, `250%` are two and a half. */
export function cpuShare({ process }: PluginStats): string {
  return process === null || process.cpu === null ? "-" : `${Math.round(process.cpu * 100)}%`;
}
