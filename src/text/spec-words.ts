/** How a plugin is run, in words: its restart policy, its bounds, and what keeps it apart. Pure. */
import type { Limits, ProcessLimits, RestartPolicy, Timeouts, UsageLimits } from "../../protocol/config.ts";
import type { PluginStatus } from "../../protocol/state.ts";
import { bytes, duration, plural } from "./words.ts";

export function restartWords({ when, minDelayMs, maxDelayMs, maxFailures, windowMs }: RestartPolicy): string {
  const delays = `${duration(minDelayMs)} to ${duration(maxDelayMs)}`;
  return `${when}, ${delays}, at most ${maxFailures} failures in ${duration(windowMs)}`;
}

export function timeoutWords({ handshakeMs, callMs, totalMs, drainMs }: Timeouts): string {
  const total = totalMs === undefined ? "no total" : `${duration(totalMs)} total`;
  return `handshake ${duration(handshakeMs)}, call ${duration(callMs)} idle, ${total}, drain ${duration(drainMs)}`;
}

export function limitWords({ inFlight, waiting, frameBytes }: Limits): string {
  return `${inFlight} calls in flight, ${waiting} waiting, frames of ${bytes(frameBytes)}`;
}

/** Undefined: there are none. */
export function processLimitWords(limits: ProcessLimits): string | undefined {
  const { memory, files, processes, cpu, fileSize, core } = limits;
  const parts = [
    memory === undefined ? undefined : `memory ${bytes(memory)}`,
    files === undefined ? undefined : plural(files, "open file"),
    processes === undefined ? undefined : `${processes} processes of the user`,
    cpu === undefined ? undefined : `CPU time ${duration(cpu * 1000)}`,
    fileSize === undefined ? undefined : `files of ${bytes(fileSize)}`,
    core === undefined ? undefined : core === 0 ? "no core dumps" : `core dumps of ${bytes(core)}`,
  ];
  return parts.filter((part) => part !== undefined).join(", ") || undefined;
}

/** Of a plugin's processes together. Undefined: there are none. */
export function usageLimitWords({ memoryBytes, files, cpu }: UsageLimits = {}): string | undefined {
  const parts = [
    memoryBytes === undefined ? undefined : `memory ${bytes(memoryBytes)}`,
    files === undefined ? undefined : plural(files, "open descriptor"),
    cpu === undefined ? undefined : `${cpu} of a core`,
  ];
  return parts.filter((part) => part !== undefined).join(", ") || undefined;
}

/** What stands on a plugin's entry about its sandbox. */
export function sandboxWords({ mode, enforced }: NonNullable<PluginStatus["sandbox"]>): string {
  if (mode === "none") return "none: it may do whatever its user may";
  return enforced.length === 0 ? `${mode}; no process runs in it now` : mode;
}

/** Undefined: there are none. */
export function aliasWords(aliases: Readonly<Record<string, string>> = {}): string | undefined {
  const each = Object.entries(aliases).map(([name, api]) => `${name} (${api})`);
  return each.join(", ") || undefined;
}

/** In short: `orphansKilled, not resourceLimits`. */
export function isolationNames(isolation: Readonly<Record<string, boolean>>): string {
  return Object.entries(isolation)
    .map(([name, holds]) => (holds ? name : `not ${name}`))
    .join(", ");
}

/** What each item makes true of a plugin's processes; the daemon says which of them hold. */
const meanings: Readonly<Record<string, string>> = {
  orphansKilled: "dies with the daemon, even when that is killed",
  escapedDescendantsKilled: "descendants die with it, also those that left its process group",
  resourceLimits: "its limits of memory, files and CPU time are enforced",
  exitDetail: "CPU time, peak memory and core dumps are known when it ends",
  execOfHashedDescriptor: "the very bytes that were hashed are what runs (scripts run by their path)",
  descriptorsClosed: "no open file of the daemon reaches it",
};

/** Of an item that this version does not know, its name. */
export function isolationWords(name: string): string {
  return Object.hasOwn(meanings, name) ? (meanings[name] ?? name) : name;
}
