/** Runs checks: those that the others build on first, then several at once, then those that measure, one by one. */
import { BulkheadError } from "../../protocol/error.ts";
import { nearest } from "../../protocol/nearest.ts";
import { Bench } from "./bench.ts";
import type { Run } from "./bench.ts";
import { CheckFailed, CheckSkipped } from "./check.ts";
import type { Check, CheckResult, Need } from "./check.ts";
import { checks } from "./checks.ts";

/** Each is a process of the plugin or two. */
const atOnce = 4;

/** What nothing can be said without. */
const foundations: readonly Need[] = ["initialize", "description", "activate"];

const missing: Readonly<Record<Need, string>> = {
  nothing: "",
  initialize: "it did not answer initialize",
  description: "it did not describe itself as it should",
  activate: "it could not be activated",
};

/**
 * Results in the order of the checks, each as soon as those before it are there.
 *
 * @param only ids of checks, or names of groups; all when there are none. A check that these build on is told of only
 *   if it fails
 * @throws {BulkheadError} the reason of `run.signal`, `usage` for a name that is none, and for a configuration or a call that does not fit the plugin
 */
export async function* runChecks(run: Run, only: readonly string[] = []): AsyncGenerator<CheckResult> {
  const selected = selectedBy(only);
  const isSelected = (check: Check): boolean => selected.includes(check);
  const failed = new Set<Need>();
  const founding = checks.filter(({ id }) => foundations.some((each) => each === id));
  for (const check of founding) {
    const result = await perform(check, run, failed);
    if (result.status !== "passed") failed.add(needOf(check));
    if (isSelected(check) || result.status === "failed") yield result;
    if (check.id === "description" && result.status === "passed") requireFitting(run);
  }

  const rest = selected.filter((each) => !founding.includes(each));
  // What was seen throughout is worth as much as there was to see.
  const seen = rest.some(isLast) ? checks.filter((each) => !founding.includes(each)) : rest;
  const together = seen.filter((each) => each.alone !== true && !isLast(each));
  const results = new Map<Check, Promise<CheckResult>>();
  const lanes = run.subject.isExclusive ? 1 : atOnce;
  const queue = together.map((check) => {
    const { promise, resolve, reject } = Promise.withResolvers<CheckResult>();
    // Whoever waits for the results in order may not have come to this one yet.
    promise.catch(() => undefined);
    results.set(check, promise);
    return { check, resolve, reject };
  });
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await perform(next.check, run, failed).then(next.resolve, next.reject);
    }
  };
  const done = Promise.all(Array.from({ length: lanes }, lane));
  for (const check of rest) {
    const result = results.get(check);
    if (result === undefined) await done;
    yield await (result ?? perform(check, run, failed));
  }
}

/** They judge what all the others have seen. */
function isLast({ group }: Check): boolean {
  return group === "Throughout";
}

/** @throws {BulkheadError} `usage` */
function selectedBy(only: readonly string[]): readonly Check[] {
  if (only.length === 0) return checks;
  const names = new Set(checks.flatMap(({ id, group }) => [id, group.toLowerCase()]));
  const unknown = only.find((each) => !names.has(each.toLowerCase()));
  if (unknown !== undefined) {
    const near = nearest(unknown, names);
    const help = near === undefined ? "see: bulkhead check --list" : `did you mean ${near}?`;
    throw BulkheadError.of("usage", `there is no check ${unknown}; ${help}`);
  }
  const wanted = new Set(only.map((each) => each.toLowerCase()));
  return checks.filter(({ id, group }) => wanted.has(id) || wanted.has(group.toLowerCase()));
}

/** What was said on the command line about the plugin, now that it has described itself. */
function requireFitting({ subject }: Run): void {
  const wrong = subject.configMismatch;
  if (wrong !== undefined) {
    const what = `the plugin's configuration: ${wrong.path === "" ? "" : `${wrong.path} `}${wrong.message}`;
    throw BulkheadError.of("usage", `${what}; give one with --set key=value or --config-json`);
  }
  const callable = [...subject.methods.keys(), ...subject.events.map(([name]) => name)];
  for (const name of subject.given.keys()) {
    if (callable.includes(name)) continue;
    const near = nearest(name, callable);
    const help = near === undefined ? `it has ${callable.join(", ") || "none"}` : `did you mean ${near}?`;
    throw BulkheadError.of("usage", `the plugin has no method ${name}; ${help}`);
  }
}

async function perform(check: Check, run: Run, failed: ReadonlySet<Need>): Promise<CheckResult> {
  const { id, title, group, severity } = check;
  const info = { id, title, group, severity };
  const needed = foundations.slice(0, foundations.indexOf(check.needs) + 1);
  const lacking = needed.find((each) => failed.has(each));
  if (lacking !== undefined) {
    return { ...info, ms: 0, status: "skipped", reason: missing[lacking], blockedBy: lacking };
  }
  run.signal?.throwIfAborted();
  const bench = new Bench(id, run);
  const abort = (): void => bench.kill();
  run.signal?.addEventListener("abort", abort);
  const startedAt = performance.now();
  const elapsed = (): number => Math.round(performance.now() - startedAt);
  try {
    await check.run(bench);
    return { ...info, ms: elapsed(), status: "passed" };
  } catch (error) {
    run.signal?.throwIfAborted();
    const ms = elapsed();
    if (error instanceof CheckSkipped) return { ...info, ms, status: "skipped", reason: error.message };
    if (!(error instanceof CheckFailed)) throw error;
    const { message: reason, fix = check.fix } = error;
    return { ...info, ms, status: "failed", reason, fix, evidence: bench.evidence() };
  } finally {
    run.signal?.removeEventListener("abort", abort);
    await bench.close();
  }
}

function needOf({ id }: Check): Need {
  return foundations.find((each) => each === id) ?? "nothing";
}
