/** What flowed through pipes: what the sinks took, beside what the sources offered and what the pipes say of themselves. */
import type { Executed, Facts, PipeRow } from "../records.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";

export interface PipeFigures {
  readonly pipes: number;
  /** Items that their sinks took, each counted once. */
  readonly delivered: number;
  /** Items that they took once more, and were told so. */
  readonly again: number;
}

type Taken = Extract<Executed, { did: "take" }>;

export function auditPipes(
  executed: readonly Executed[],
  rows: readonly PipeRow[],
  { pipes, stalled }: Facts,
): { violations: Violation[]; figures: PipeFigures } {
  const offered = new Set(
    executed.flatMap((each) =>
      each.did === "offer" && each.plugin === pipes[each.key]?.source ? [`${each.key} ${each.n}`] : [],
    ),
  );
  const takes = executed.filter((each) => each.did === "take");
  const takesOf = new Map(Object.keys(pipes).map((id) => [id, takes.filter(({ key }) => key === id)]));
  const inTurn = [...takesOf.values()].flatMap(withTheOneBefore);

  const violations = [
    ...violation(
      "a sink is only called through its pipe",
      takes.filter(({ key, plugin }) => plugin !== pipes[key]?.sink).map(show),
    ),
    ...violation(
      "what flows through a pipe comes in order, and nothing is left out",
      inTurn.filter(([one, last]) => one.n !== last && one.n !== last + 1).map(showBehind),
    ),
    ...violation(
      "what comes through a pipe once more says so",
      inTurn.filter(([one, last]) => one.n === last && !one.again).map(showBehind),
    ),
    ...violation(
      "what comes through a pipe was offered by its source",
      takes.filter(({ key, n }) => !offered.has(`${key} ${n}`)).map(show),
    ),
    ...violation(
      "a pipe outlives the daemon",
      Object.keys(pipes).filter((id) => !rows.some((row) => row.id === id)),
    ),
    ...violation(
      "a pipe says of itself what its sink took",
      rows
        .filter((row) => !isTrue(row, takesOf.get(row.id)?.at(-1)?.n ?? 0))
        .map((row) => JSON.stringify(row)),
    ),
    ...violation("every pipe goes on when nothing is broken any more", stalled),
  ];
  const delivered = [...takesOf.values()].reduce((sum, of) => sum + (of.at(-1)?.n ?? 0), 0);
  const figures = { pipes: takesOf.size, delivered, again: takes.filter(({ again }) => again).length };
  return { violations, figures };
}

/** It was paused, and nothing was on its way: what was taken last is what it is behind, and they were so many. */
function isTrue({ state, cursor, dispatched, delivered }: PipeRow, last: number): boolean {
  return state === "paused" && dispatched === null && Number(cursor ?? 0) === last && delivered === last;
}

/** Sources count from 1. */
function withTheOneBefore(of: readonly Taken[]): [one: Taken, last: number][] {
  return of.map((one, index) => [one, of[index - 1]?.n ?? 0]);
}

function show({ plugin, key, n, again }: Taken): string {
  return `${key}: ${plugin} took ${n}${again ? " again" : ""}`;
}

function showBehind([one, last]: [one: Taken, last: number]): string {
  return `${show(one)} behind ${last}`;
}
