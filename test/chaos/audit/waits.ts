/** Whether each back-off was over when it was due: not before unless somebody asked, and then unless the daemon was over. */
import type { Deed, JournalEvent } from "../records.ts";
import { daemonEnds, lostRows } from "./losses.ts";
import { startsAfresh } from "./policy-model.ts";

/** A timer may be early by the clock's own grain, and late by what the machine has to do. */
const earlyMs = 25;
const lateMs = 4000;

/** `own`: events that concern the plugin, in the order of their positions. */
export function auditWaits(
  plugin: string,
  own: readonly JournalEvent[],
  deeds: readonly Deed[],
): { latestMs: number; problems: string[] } {
  const problems: string[] = [];
  let latestMs = 0;
  const ends = daemonEnds(deeds);
  const lost = lostRows(deeds);
  let delayMs = 0;
  for (const [index, event] of own.entries()) {
    if (event.type === "plugin.restart") delayMs = Number(event["delayMs"]);
    if (event.type !== "plugin.state" || event["to"] !== "backoff") continue;
    const due = event.at + delayMs;
    const where = `${plugin} waits ${delayMs} ms from ${event.at} (position ${event.seq})`;
    const length = own
      .slice(index + 1)
      .findIndex(({ type }) => type === "plugin.state" || type === "supervisor.started");
    const next = length < 0 ? undefined : own[index + 1 + length];
    if (next === undefined || next.type === "supervisor.started") {
      const end = ends.find((at) => at >= event.at) ?? Infinity;
      const isLost = lost.some(({ from, to }) => due >= from && event.at <= to);
      if (end > due + lateMs && !isLost) problems.push(`${where}, and no restart came`);
      continue;
    }
    const asked = own
      .slice(index + 1, index + 1 + length)
      .find((each) => each.type === "operator.action" || startsAfresh(each, plugin));
    if (asked !== undefined) {
      if (asked.at > due + lateMs) problems.push(`${where}, and no restart came before somebody asked`);
      continue;
    }
    const wasChanged = String(next["why"]).includes("configuration changed");
    if (wasChanged || next["to"] !== "starting") continue;
    if (next.at < due - earlyMs) problems.push(`${where}, and was started ${due - next.at} ms early`);
    if (next.at > due + lateMs) problems.push(`${where}, and was started ${next.at - due} ms late`);
    latestMs = Math.max(latestMs, next.at - due);
  }
  return { latestMs, problems };
}
