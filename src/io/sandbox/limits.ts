/** The limits that an entry sets, under their names there, each with whether it holds. */
import type { Limits } from "../../../protocol/config.ts";
import type { Enforced } from "../../../protocol/state.ts";
import type { Grouped } from "../process/plugin-process.ts";

/** `group`: of its process, where it has one. */
export function limitsEnforced(
  { process: limits, usage }: Limits,
  guarded: boolean,
  group?: Grouped,
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
  const memory = group?.limits.memoryBytes ?? null;
  const tasks = group?.limits.tasks ?? null;
  const together = (what: string) => ({
    holds: true,
    why: `a control group: ${what}${group?.escapable === true ? "; its user could change that" : ""}`,
  });
  const all = [
    ["memory", limits.memory, set],
    ["files", limits.files, set],
    ["cpu", limits.cpu, set],
    ["file_size", limits.fileSize, set],
    ["core", limits.core, set],
    [
      "processes",
      limits.processes,
      tasks !== null
        ? together(
            `${tasks} processes and threads at most, all together${ofSandbox(tasks, limits.processes)}`,
          )
        : guarded && isRoot
          ? uncounted
          : set,
    ],
    [
      "max_memory",
      usage.memoryBytes,
      memory !== null
        ? together(
            `${mebibytes(memory)} at most for all its processes together, with what they have in files of memory`,
          )
        : sampled,
    ],
    ["max_files", usage.files, sampled],
    ["max_cpu", usage.cpu, sampled],
  ] as const;
  return all.flatMap(([name, value, wall]) =>
    value === undefined ? [] : [{ item: `limits.${name}`, ...wall }],
  );
}

/** Those that a strict sandbox is made of are counted, and come on top. */
function ofSandbox(tasks: number, asked = tasks): string {
  return tasks > asked ? `, ${tasks - asked} of them its sandbox's` : "";
}

function mebibytes(bytes: number): string {
  return `${Number((bytes / 1024 / 1024).toFixed(1))} MiB`;
}
