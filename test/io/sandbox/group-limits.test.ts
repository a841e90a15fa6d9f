import * as fc from "fast-check";
import { expect, test } from "vitest";
import { controllers } from "../../../src/io/sandbox/delegation.ts";
import { held, isMember, settings, wanted } from "../../../src/io/sandbox/group-limits.ts";
import type { Grouped } from "../../../src/io/process/plugin-process.ts";
import { limitsEnforced } from "../../../src/io/sandbox/limits.ts";
import { defaults } from "../../../protocol/config.ts";

const both = [...controllers];

test("max_memory is memory without swap, and takes all of the processes along; processes are pids", () => {
  const all = wanted({ processes: 8 }, { memoryBytes: 4096 });
  expect(settings(all, both)).toEqual([
    { file: "memory.swap.max", value: "0" },
    { file: "memory.oom.group", value: "1" },
    { file: "memory.max", value: "4096" },
    { file: "pids.max", value: "8" },
  ]);
});

test("nothing is written for a limit that is not set, or without its controller", () => {
  expect(settings(wanted({ memory: 1, files: 2, cpu: 3 }, { files: 4, cpu: 0.5 }), both)).toEqual([]);
  const all = wanted({ processes: 8 }, { memoryBytes: 4096 });
  expect(settings(all, [])).toEqual([]);
  expect(settings(all, ["pids"]).map(({ file }) => file)).toEqual(["pids.max"]);
});

test("the two processes of a strict sandbox are not the plugin's", () => {
  expect(wanted({ processes: 1 }, {}, true).tasks).toBe(3);
});

test("what holds is what the group says, not what was asked for", () => {
  const all = wanted({ processes: 8 }, { memoryBytes: 5000 });
  expect(held(all, "4096\n", "8\n")).toEqual({ memoryBytes: 4096, tasks: 8 });
  expect(held(all, "max\n", undefined)).toEqual({ memoryBytes: null, tasks: null });
  expect(held(all, "8192\n", "9\n")).toEqual({ memoryBytes: null, tasks: null });
  expect(held(wanted(), "4096\n", "8\n")).toEqual({ memoryBytes: null, tasks: null });
  fc.assert(
    fc.property(fc.string(), fc.nat(), (text, most) => {
      const { memoryBytes } = held({ memoryBytes: most, tasks: undefined }, text, text);
      if (memoryBytes !== null) expect(memoryBytes).toBeLessThanOrEqual(most);
    }),
  );
});

test("a process is in a group, or below it, by its whole name", () => {
  expect(isMember("9:memory:/plugin-a-1-1\n0::/x/plugin-a-1-1\n", "plugin-a-1-1")).toBe(true);
  expect(isMember("0::/x/plugin-a-1-1/below\n", "plugin-a-1-1")).toBe(true);
  expect(isMember("0::/x/plugin-a-1-10\n", "plugin-a-1-1")).toBe(false);
  expect(isMember("9:memory:/plugin-a-1-1\n0::/\n", "plugin-a-1-1")).toBe(false);
  expect(isMember("", "plugin-a-1-1")).toBe(false);
});

test("a limit that its group holds is shown as that; the others as before", () => {
  const limits = {
    ...defaults.limits,
    process: { processes: 8, memory: 1 },
    usage: { memoryBytes: 256 * 1024 * 1024, cpu: 1 },
  };
  const group = {
    limits: { memoryBytes: 256 * 1024 * 1024, tasks: 8 },
    escapable: false,
    exceeded: () => null,
  };
  const shown = (of?: Grouped) =>
    new Map(limitsEnforced(limits, true, of, true).map(({ item, holds, why }) => [item, { holds, why }]));
  expect(shown(group).get("limits.max_memory")).toEqual({
    holds: true,
    why: "a control group: 256 MiB at most for all its processes together, with what they have in files of memory",
  });
  expect(shown(group).get("limits.processes")).toMatchObject({ holds: true });
  const strict = { ...group, limits: { ...group.limits, tasks: 10 } };
  expect(shown(strict).get("limits.processes")?.why).toMatch(/10 .* 2 of them its sandbox's/);
  expect(shown({ ...group, escapable: true }).get("limits.processes")?.why).toMatch(/could change that/);
  const none = { ...group, limits: { memoryBytes: null, tasks: null } };
  expect(shown(none)).toEqual(shown());
  expect(shown().get("limits.processes")).toMatchObject({ holds: false });
  expect(shown().get("limits.max_memory")?.why).toMatch(/every second/);
  for (const item of ["limits.memory", "limits.max_cpu"])
    expect(shown(group).get(item)).toEqual(shown().get(item));
});
