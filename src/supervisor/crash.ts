/** From the end of a session to what is written and told about it. */
import type { CrashReport, Decision, EventBody } from "../../protocol/state.ts";
import type { History } from "../core/policy.ts";
import { classify, decide } from "../core/policy.ts";
import { examine, report } from "../core/report.ts";
import type { Session, SessionEnd } from "./session.ts";

/**
 * The report, with the policy's decision in it. `settled`: the decision when the policy is not to be asked, because
 * the session was leaving anyway, or another one serves.
 */
export function conclude(
  session: Session,
  end: SessionEnd,
  settled: Decision | null,
  past: History,
  at: number,
  random: () => number,
): { crash: CrashReport; history: History } {
  const { spec, generation, agreement } = session;
  const findings = examine(end.stderrTail, end.exit);
  const exitClass = classify(end.cause, end.exit, findings.diagnosis);
  const judged = { class: exitClass, cause: end.cause, exit: end.exit, readyMs: end.readyMs };
  const { decision, history } =
    settled === null
      ? decide(spec.restart, past, judged, at, random())
      : { decision: settled, history: past };
  const facts = {
    ...end,
    id: `${spec.id}-${generation}-${suffix(random())}`,
    plugin: spec.id,
    generation,
    at,
    class: exitClass === "requested" ? "transient" : exitClass,
    pid: session.pid,
    executable: { path: spec.command, sha256: session.sha256 },
    version: agreement?.description.plugin.version ?? null,
    profile: agreement?.description.build?.profile ?? null,
    decision,
  };
  return { crash: report(facts, findings), history };
}

/** Generations may repeat when a journal is lost; ids should not. */
function suffix(random: number): string {
  return Math.floor(random * 36 ** 4)
    .toString(36)
    .padStart(4, "0");
}

export function crashEvents(crash: CrashReport): EventBody[] {
  const { plugin, generation, decision, id, summary } = crash;
  const told: EventBody = {
    type: "session.crash",
    plugin,
    generation,
    report: id,
    summary,
    class: crash.class,
    lostCalls: crash.lostCallCount,
    durable: crash.durable,
  };
  switch (decision.action) {
    case "restart": {
      const { delayMs, attempt, why } = decision;
      return [told, { type: "plugin.restart", plugin, generation, delayMs, attempt, why, report: id }];
    }
    case "give_up":
      return [told, { type: "plugin.gave_up", plugin, code: decision.code, why: decision.why, report: id }];
    case "none":
      return [told];
  }
}
