/** What a check is, and what comes of one. */
import type { Bench } from "./bench.ts";

/** Groups in the order in which they are told. */
export const groups = [
  "Handshake",
  "Configuration",
  "Messages",
  "Framing",
  "Calls",
  "Streams",
  "Events and services",
  "Leaving",
  "Under load",
  "Throughout",
] as const;
export type Group = (typeof groups)[number];

/** `error`: the protocol demands it. `warning`: it advises it; the run as a whole does not fail for that. */
export type Severity = "error" | "warning";

/** What must have been shown to work before: that it answers `initialize`, describes itself, can be activated. */
export type Need = "nothing" | "initialize" | "description" | "activate";

export interface CheckInfo {
  /** Stable: `--only` takes it, and readers of `--json` match on it. */
  readonly id: string;
  /** What a plugin does that passes. */
  readonly title: string;
  readonly group: Group;
  readonly severity: Severity;
}

export interface Check extends CheckInfo {
  readonly needs: Need;
  /** What to change in a plugin that fails, in one sentence, for any language. A failure may know better. */
  readonly fix: string;
  /** Nothing else runs meanwhile: it measures. */
  readonly alone?: boolean;
  /** @throws CheckFailed, CheckSkipped */
  run(bench: Bench): Promise<void>;
}

/** What was seen of a plugin that failed. */
export interface Evidence {
  /** The last message of the plugin, cut. */
  readonly received?: string;
  /** The end of what it wrote to stderr. */
  readonly stderr?: string;
}

export type CheckResult = CheckInfo & {
  /** How long it took, in milliseconds. */
  readonly ms: number;
} & (
    | { readonly status: "passed" }
    | {
        readonly status: "skipped";
        readonly reason: string;
        /** The check that failed, without which there is nothing to look at. */
        readonly blockedBy?: string;
      }
    | {
        readonly status: "failed";
        readonly reason: string;
        readonly fix: string;
        readonly evidence: Evidence;
      }
  );

export interface Summary {
  readonly passed: number;
  /** Checks of severity `error` that failed. */
  readonly failed: number;
  /** Checks of severity `warning` that failed. */
  readonly warnings: number;
  readonly skipped: number;
}

export function summaryOf(results: readonly CheckResult[]): Summary {
  const count = (status: CheckResult["status"], severity?: Severity): number =>
    results.filter((each) => each.status === status && (severity ?? each.severity) === each.severity).length;
  return {
    passed: count("passed"),
    failed: count("failed", "error"),
    warnings: count("failed", "warning"),
    skipped: count("skipped"),
  };
}

/** The plugin does not do what the check is about. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";
  readonly fix: string | undefined;

  constructor(reason: string, fix?: string) {
    super(reason);
    this.fix = fix;
  }
}

/** The check does not apply to this plugin. */
export class CheckSkipped extends Error {
  override readonly name = "CheckSkipped";
}

export function fail(reason: string, fix?: string): never {
  throw new CheckFailed(reason, fix);
}

export function skip(reason: string): never {
  throw new CheckSkipped(reason);
}
