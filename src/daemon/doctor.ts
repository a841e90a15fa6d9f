/** What the daemon knows about its own health, for `bulkhead doctor`. */
import type { Check } from "../../protocol/control-results.ts";
import { findGuard } from "../io/process/guard.ts";
import { probe } from "../io/sandbox/probe.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

/** `file`: the configuration in use. */
export async function doctor(
  supervisor: Supervisor,
  file: string | null,
  problems: readonly string[],
): Promise<Check[]> {
  return [
    journal(supervisor),
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

function guard({ isolation }: Supervisor): Check {
  const lost = Object.entries(isolation)
    .filter(([, holds]) => !holds)
    .map(([what]) => what);
  if (lost.length === 0) return { name: "guard", level: "ok", message: "every plugin runs under the guard" };
  return {
    name: "guard",
    level: "warn",
    message: `the daemon runs without the guard; not guaranteed: ${lost.join(", ")}`,
    advice: "Build it (npm run build:native needs a C compiler) and restart the daemon.",
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
