/** A run of the checks on an executable, as the command line would make one. */
import type { CheckResult } from "../../src/check/check.ts";
import { runChecks } from "../../src/check/run.ts";
import { Subject } from "../../src/check/subject.ts";
import type { Params } from "../../src/check/subject.ts";
import { specFrom } from "../../src/io/config/spec.ts";

export interface CheckedOptions {
  readonly args?: readonly string[];
  readonly config?: Params;
  readonly given?: ReadonlyMap<string, Params>;
  readonly only?: readonly string[];
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
  readonly onResult?: (result: CheckResult) => void;
}

export async function checked(command: string, options: CheckedOptions = {}): Promise<CheckResult[]> {
  const { args = [], config = {}, given = new Map(), only = [], patienceMs = 20_000, signal } = options;
  const base = { dir: process.cwd(), env: process.env, platform: process.platform };
  const spec = specFrom("checked", { command, args: [...args] }, base);
  const subject = new Subject(spec, (_schema, defaults) => ({ ...defaults, ...config }), given);
  const run = { subject, version: "1.0.0", patienceMs, offences: [], ...(signal && { signal }) };
  const results: CheckResult[] = [];
  for await (const result of runChecks(run, only)) {
    results.push(result);
    options.onResult?.(result);
  }
  return results;
}

/** Warnings included. */
export function failedIds(results: readonly CheckResult[]): string[] {
  return results.filter(({ status }) => status === "failed").map(({ id }) => id);
}
