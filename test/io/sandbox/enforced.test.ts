import { describe, expect, test } from "vitest";
import { walls } from "../../../src/io/sandbox/enforced.ts";
import { limitsEnforced } from "../../../src/io/sandbox/limits.ts";
import { confinementIn } from "../../../src/io/sandbox/observe.ts";
import { defaults } from "../../../protocol/config.ts";

const grants = { read: [], write: [], devices: [], network: false };
const apart = new Set(["user", "mnt", "pid", "net", "ipc", "uts"] as const);
const confined = { noNewPrivileges: true, filtered: true, capable: false, apart };
const holding = (all: readonly { item: string; holds: boolean }[]) =>
  all.filter(({ holds }) => holds).map(({ item }) => item);

test("a process that has gone proves nothing", () => {
  const all = walls({ mode: "strict", grants }, { confinement: null, landlock: 0 });
  expect(holding(all)).toEqual(["environment"]);
});

test("a process that shares a namespace is not behind the wall that this is", () => {
  const shared = new Set([...apart].filter((each) => each !== "net" && each !== "pid"));
  const all = walls({ mode: "strict", grants }, { confinement: { ...confined, apart: shared }, landlock: 0 });
  expect(all.filter(({ holds }) => !holds).map(({ item }) => item)).toEqual(["network", "processes"]);
});

describe("basic, by the version of Landlock", () => {
  const bare = { ...confined, apart: new Set<never>() };
  test.each([
    [0, false, false],
    [2, false, false],
    [3, true, false],
    [5, true, false],
    [6, true, true],
  ])("%i: files %s, processes %s", (landlock, files, processes) => {
    const all = walls({ mode: "basic", grants }, { confinement: bare, landlock });
    const holds = (item: string) => all.find((each) => each.item === item)?.holds;
    expect([holds("files"), holds("processes")]).toEqual([files, processes]);
  });
});

test("the kernel's words", () => {
  const status = "Name:\tNoNewPrivs: 1\nCapEff:\t0000000000000400\nNoNewPrivs:\t0\nSeccomp:\t2\n";
  expect(confinementIn(status)).toEqual({ noNewPrivileges: false, filtered: true, capable: true });
});

test("limits hold by the guard, those of the user's processes not for root, and samples where the system tells", () => {
  const limits = { ...defaults.limits, process: { memory: 1, processes: 2 }, usage: { cpu: 1 } };
  const unmet = (guarded: boolean, isRoot: boolean) =>
    limitsEnforced(limits, guarded, undefined, isRoot)
      .filter(({ holds }) => !holds)
      .map(({ item }) => item);
  expect(unmet(true, false)).toEqual(process.platform === "linux" ? [] : ["limits.max_cpu"]);
  expect(unmet(true, true)).toContain("limits.processes");
  expect(unmet(false, false)).toEqual(expect.arrayContaining(["limits.memory", "limits.processes"]));
});
