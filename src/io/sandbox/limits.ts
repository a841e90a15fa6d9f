/** The limits that an entry sets, under their names there, each with whether it holds. */
import type { Limits } from "../../../protocol/config.ts";
import type { Enforced } from "../../../protocol/state.ts";

export function limitsEnforced(
  { process: limits, usage }: Limits,
  guarded: boolean,
  isRoot = process.getuid?.() === 0,
): Enforced[] {
  const set = {
    holds: guarded,
    why: guarded ? "the kernel holds every process to it" : "only the guard can set it, and there is none",
  };
  const uncounted = {
    holds: false,
    why: "the daemon runs as root, whose processes the kernel does not count",
  };
  const sampled = {
    holds: process.platform === "linux",
    why: "looked at every second: a short peak may pass",
  };
  const all = [
    ["memory", limits.memory, set],
    ["files", limits.files, set],
    ["cpu", limits.cpu, set],
    ["file_size", limits.fileSize, set],
    ["core", limits.core, set],
    ["processes", limits.processes, guarded && isRoot ? uncounted : set],
    ["max_memory", usage.memoryBytes, sampled],
    ["max_files", usage.files, sampled],
    ["max_cpu", usage.cpu, sampled],
  ] as const;
  return all.flatMap(([name, value, wall]) =>
    value === undefined ? [] : [{ item: `limits.${name}`, ...wall }],
  );
}
