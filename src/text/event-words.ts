/** One event as one line. Pure. */
import type { SupervisorEvent } from "../../protocol/state.ts";
import type { Paint } from "./columns.ts";
import { terminalLine } from "./sanitize.ts";
import { dateTime, duration, plural } from "./words.ts";

export function eventLine(event: SupervisorEvent, style: Paint): string {
  const who = ("plugin" in event ? event.plugin : null) ?? "bulkhead";
  const text = terminalLine(eventWords(event));
  const loud =
    event.type === "session.crash" || event.type === "plugin.gave_up" || event.type === "config.rejected";
  return `${style("dim", dateTime(event.at))}  ${terminalLine(who)}  ${loud ? style("red", text) : text}`;
}

export function eventWords(event: SupervisorEvent): string {
  switch (event.type) {
    case "supervisor.started":
      return `started, version ${event.version}, pid ${event.pid}`;
    case "supervisor.stopped":
      return `stopped: ${event.reason}`;
    case "config.loaded":
      return `configuration loaded${changes(event)}`;
    case "config.rejected":
      return `configuration refused, the old one stays: ${event.message}`;
    case "plugin.state":
      return `${event.from} -> ${event.to}${event.why === "" ? "" : `: ${event.why}`}`;
    case "plugin.restart":
      return `restart ${event.attempt} in ${duration(event.delayMs)}: ${event.why}${reportOf(event.report)}`;
    case "plugin.gave_up":
      return `given up [${event.code}]: ${event.why}${reportOf(event.report)}`;
    case "session.state": {
      const process = event.pid === null ? "" : `, pid ${event.pid}`;
      const file = event.sha256 === undefined ? "" : `, SHA-256 ${event.sha256}`;
      const vouched = event.vouched === undefined ? "" : ` (${event.vouched.join(", ")})`;
      return `life ${event.generation}: ${event.from} -> ${event.to}${process}${file}${vouched}`;
    }
    case "session.crash": {
      const lost = event.lostCalls === 0 ? "" : `, ${plural(event.lostCalls, "call")} lost`;
      const durable = event.durable ? "" : ", report not yet on disk";
      return `crashed (${event.class}): ${event.summary}${lost}${durable}${reportOf(event.report)}`;
    }
    case "events.dropped":
      return `${plural(event.count, "event")} came faster than they were read, and were left out`;
    case "session.noise":
      return `stray text on stdout: ${event.text}`;
    case "plugin.event":
      return `event ${event.event} ${JSON.stringify(event.params)}`;
    case "subscription.ended":
      return `not told of ${event.event} any more in this life: ${event.why}`;
    case "pipe.state": {
      const why = event.why === "" ? "" : `: ${event.why}`;
      if (event.from === null) return `pipe ${event.pipe}${why}`;
      return `pipe ${event.pipe}: ${event.from} -> ${event.to ?? "removed"}${why}`;
    }
    case "pipe.redelivered": {
      const item = event.cursor === null ? "an item" : `the item at ${event.cursor}`;
      return `pipe ${event.pipe}: ${item} was delivered again`;
    }
    case "plugin.trusted": {
      const { previous } = event;
      const before = previous === null ? "" : `, before: ${acceptedFile(previous)}`;
      return `operator: trusts SHA-256 ${acceptedFile(event)}${before}`;
    }
    case "plugin.distrusted":
      return `operator: no longer trusts SHA-256 ${event.sha256}`;
    case "operator.action":
      return `operator: ${event.action}`;
    default:
      return event satisfies never;
  }
}

function acceptedFile({ sha256, version }: { sha256: string; version: string | null }): string {
  return version === null ? sha256 : `${sha256}, version ${version}`;
}

function reportOf(report: string | null): string {
  return report === null ? "" : ` (bulkhead crashes ${report})`;
}

function changes(lists: { added: string[]; removed: string[]; changed: string[]; errors: string[] }): string {
  const parts = (["added", "removed", "changed", "errors"] as const)
    .filter((name) => lists[name].length > 0)
    .map((name) => `${name} ${lists[name].join(", ")}`);
  return parts.length === 0 ? ", nothing changed" : `: ${parts.join("; ")}`;
}
