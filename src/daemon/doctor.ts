/** What the daemon knows about its own health, for `bulkhead doctor`. */
import { readdirSync, readFileSync } from "node:fs";
import type { Check } from "../../protocol/control-results.ts";
import { findGuard } from "../io/process/guard.ts";
import { probe } from "../io/sandbox/probe.ts";
import type { Notice } from "./notices.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

/** Of all descriptors: from here on it is said. */
const nearlyAll = 0.9;

/** `file`: the configuration in use. */
export async function doctor(
  supervisor: Supervisor,
  file: string | null,
  problems: readonly string[],
  notices: readonly Notice[],
): Promise<Check[]> {
  return [
    journal(supervisor),
    surroundings(notices),
    descriptors(),
    guard(supervisor),
    ...(await probe(findGuard())),
    configuration(file, problems),
    plugins(supervisor),
  ];
}

function journal({ journal }: Supervisor): Check {
  const name = "journal";
  if (journal.ok) return { name, level: "ok", message: "crashes and restarts are written to disk" };
  return {
    name,
    level: "fail",
    message: `crash reports are not durable: ${journal.problem ?? "the journal can not be written"}`,
    advice: "Make room on the disk, or see that the state directory can be written.",
  };
}

function line({ at, message, count }: Notice): string {
  return `${new Date(at).toISOString()} ${message}${count > 1 ? ` (${count} times)` : ""}`;
}

function surroundings(notices: readonly Notice[]): Check {
  const name = "surroundings";
  if (notices.length === 0) return { name, level: "ok", message: "nothing has gone wrong around the daemon" };
  return {
    name,
    level: notices.every(({ ok }) => ok) ? "ok" : "warn",
    message: notices.map(line).join("\n"),
    ...(notices.every(({ ok }) => ok)
      ? {}
      : { advice: "See that it can not happen again; more is in the daemon's log." }),
  };
}

/** Newcomers are turned away without a word when there are none: libuv takes them and closes them at once. */
function descriptors(): Check {
  const name = "descriptors";
  const advice = "Give the daemon more (ulimit -n 4096, or LimitNOFILE= of its unit), and start it again.";
  try {
    const used = readdirSync("/proc/self/fd").length;
    const limit = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    const message = `${used} of ${limit ?? "any number"} are in use`;
    if (limit === undefined || used < Number(limit) * nearlyAll) return { name, level: "ok", message };
    return { name, level: "warn", message, advice };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "EMFILE" && code !== "ENFILE")
      return { name, level: "ok", message: "not known on this system" };
    const message = `none is left (${code}): clients are turned away, and no plugin can be started`;
    return { name, level: "fail", message, advice };
  }
}

function guard({ isolation }: Supervisor): Check {
  const lost = Object.entries(isolation)
    .filter(([, holds]) => !holds)
    .map(([what]) => what);
  if (lost.length === 0) return { name: "guard", level: "ok", message: "every plugin runs under the guard" };
  return {
    name: "guard",
    level: "warn",
    message: `the daemon runs without the guard; not guaranteed: ${lost.join(", ")}`,
    advice: "Build it (bulkhead doctor --build-guard needs a C compiler) and restart the daemon.",
  };
}

function configuration(file: string | null, problems: readonly string[]): Check {
  const name = "config";
  if (file === null) {
    const advice = "Write a bulkhead.toml, then: bulkhead down; bulkhead up -d --config FILE";
    return { name, level: "warn", message: "the daemon runs without one, so there are no plugins", advice };
  }
  if (problems.length === 0) return { name, level: "ok", message: file };
  return {
    name,
    level: "fail",
    message: problems.join("\n"),
    advice: "Correct the file, then: bulkhead config reload",
  };
}

function plugins(supervisor: Supervisor): Check {
  const failed = supervisor.list().filter(({ state }) => state === "failed");
  if (failed.length === 0) return { name: "plugins", level: "ok", message: "none has failed" };
  return {
    name: "plugins",
    level: "warn",
    message: failed.map(({ id, error, why }) => `${id}: ${error?.message ?? why}`).join("\n"),
    advice: `bulkhead status ${failed[0]?.id ?? ""}`,
  };
}
