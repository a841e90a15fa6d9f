/** Whether the daemon dies of nothing but what is done to it, and says by name why it does not start. */
import type { Deed, Facts } from "../records.ts";
import { lossTimes } from "./losses.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";

/** As errors end on the command line: the code in brackets. */
const named = /\[[a-z_]+\]/;
/** What it found on the disk when it began, it may say after that has changed. */
const afterMs = 2000;

export function auditDaemons(deeds: readonly Deed[], { exit }: Facts): Violation[] {
  const died = deeds.filter(({ deed }) => deed === "daemon died");
  const refused = deeds.filter(({ deed, detail }) => deed === "daemon refused" && detail !== "killed");
  const times = lossTimes(deeds, afterMs);
  const left = deeds.filter((each) => each.deed === "daemon left" && !isGoodEnd(each, deeds));
  return [
    ...violation("the daemon dies of nothing but what is done to it", died.map(show)),
    ...violation(
      "the daemon starts where it has a disk",
      refused.filter(({ at }) => !times.some(({ from, to }) => at >= from && at <= to)).map(show),
    ),
    ...violation(
      "the daemon says by name why it does not start",
      refused.filter(({ detail }) => !named.test(String(detail))).map(show),
    ),
    ...violation("the daemon leaves with status 0 when it is asked to", [
      ...left.map(show),
      ...(exit === 0 ? [] : [`in the end: ${exit}`]),
    ]),
  ];
}

/** Who asks a second time wants it at once. */
function isGoodEnd(left: Deed, deeds: readonly Deed[]): boolean {
  if (left.detail === "0" || left.detail === "SIGKILL") return true;
  const asked = deeds.filter(({ deed, at }) => deed === "daemon stopped" && at <= left.at);
  const pid = asked.at(-1)?.detail;
  return left.detail === "130" && asked.filter(({ detail }) => detail === pid).length > 1;
}

function show({ at, detail }: Deed): string {
  return `at ${at}: ${detail}`;
}
