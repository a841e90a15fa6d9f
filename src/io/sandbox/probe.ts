/** What this machine can enforce, found out by trying. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Check } from "../../../protocol/control-results.ts";
import { spawnProcess } from "../process/process.ts";
import { delegation } from "./control-group.ts";
import type { Delegation } from "./control-group.ts";
import { controllers } from "./delegation.ts";
import { withoutBubblewrap, withoutGuard } from "./unavailable.ts";
import { findBubblewrap } from "./prepare.ts";

/** One line for each means. A trial takes some ten milliseconds. */
export async function probe(guard: string | undefined): Promise<Check[]> {
  const facts = guard === undefined ? undefined : await factsOf(guard);
  const checks = [await strict(guard), landlock(facts), seccomp(facts), await cgroup()];
  return checks.map((check) => ({ ...check, name: `sandbox: ${check.name}` }));
}

type Facts = ReadonlyMap<string, string>;

function landlock(facts: Facts | undefined): Check {
  const name = "Landlock";
  if (facts === undefined) return { name, level: "warn", message: "there is no guard to use it" };
  const version = Number(facts.get("landlock") ?? 0);
  if (version < 3) {
    const message = version === 0 ? "this kernel has none" : `only version ${version}`;
    const advice = "A basic sandbox does not keep files apart; a strict one does not need it.";
    return { name, level: "warn", message, advice };
  }
  if (version >= 6)
    return { name, level: "ok", message: `version ${version}: basic keeps files and signals apart` };
  return {
    name,
    level: "ok",
    message: `version ${version}: basic keeps files apart, signals from version 6 on`,
  };
}

function seccomp(facts: Facts | undefined): Check {
  const name = "seccomp";
  if (facts === undefined) return { name, level: "warn", message: "there is no guard to use it" };
  if (facts.get("seccomp") === "1") return { name, level: "ok", message: "the kernel takes filters" };
  const message = "the kernel takes no filter, or there is none for this processor";
  return { name, level: "warn", message, advice: "No strict sandbox without it; a basic one goes without." };
}

/** A strict sandbox like any other, with the guard's own probe as the plugin. */
async function strict(guard: string | undefined): Promise<Check> {
  const name = "strict";
  const missing = guard === undefined ? withoutGuard("strict") : withoutBubblewrap();
  if (guard === undefined || findBubblewrap() === undefined)
    return { name, level: "warn", message: missing.message };
  const dataDir = await mkdtemp(path.join(tmpdir(), "bulkhead-probe-"));
  try {
    const grants = { read: [], write: [], devices: [], network: false };
    const started = await spawnProcess({
      command: guard,
      args: ["--probe"],
      cwd: "/",
      env: {},
      sandbox: { mode: "strict", grants },
      dataDir,
      guard,
    });
    if (!started.ok) return { name, level: "warn", message: started.failure.message };
    const { stdout, stderr, exited } = started.process;
    stderr.resume();
    const facts = parse(await text(stdout));
    const { code } = await exited;
    const wrong = faultsOf(facts);
    if (code !== 0 || wrong.length > 0) {
      const message = `a trial of it went wrong: ${wrong.join(", ") || `status ${code}`}`;
      return { name, level: "fail", message };
    }
    const message = "a trial had files, processes and a network of its own, no capabilities, and a filter";
    return { name, level: "ok", message };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

function faultsOf(facts: Facts): string[] {
  const expected = [
    ["capabilities", /^0+$/, "it has capabilities"],
    ["no_new_privs", /^1$/, "it may gain privileges"],
    ["filter", /^2$/, "no filter is in force"],
  ] as const;
  return expected.flatMap(([name, pattern, fault]) => (pattern.test(facts.get(name) ?? "") ? [] : [fault]));
}

async function cgroup(): Promise<Check> {
  return cgroupCheck(await delegation());
}

/** Pure. Without one nothing is broken: limits go by samples, and by what the kernel counts for each process. */
export function cgroupCheck(delegated: Delegation): Check {
  const name = "cgroups";
  if (!delegated.ok) {
    const { why, advice } = delegated;
    return { name, level: "ok", message: `not delegated: ${why}; max_memory goes by samples`, advice };
  }
  const missing = controllers.filter((each) => !delegated.controllers.includes(each));
  const own = "each plugin has a group of its own";
  if (missing.length === 0)
    return { name, level: "ok", message: `${own}, which max_memory and processes hold for as a whole` };
  const message = `${own}, but the controller ${missing.join(" and ")} is not delegated`;
  return { name, level: "ok", message, advice: "In a systemd unit: Delegate=memory pids." };
}

async function factsOf(guard: string): Promise<Map<string, string>> {
  const answer = await promisify(execFile)(guard, ["--probe"], { timeout: 10_000 }).catch(() => ({
    stdout: "",
  }));
  return parse(answer.stdout);
}

function parse(lines: string): Map<string, string> {
  return new Map(
    lines.split("\n").flatMap((line) => {
      const space = line.lastIndexOf(" ");
      return space < 0 ? [] : [[line.slice(0, space), line.slice(space + 1)] as const];
    }),
  );
}
