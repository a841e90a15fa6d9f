/** What came of streams, beside what the plugins were about to send. How they end, calls.ts looks at. */
import { isSettledAs, ofKind, tell } from "./call-records.ts";
import type { Call, CallRecords } from "./call-records.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";

export interface StreamFigures {
  readonly streams: number;
  readonly answered: number;
  /** Items that came. */
  readonly items: number;
  /** Items that a plugin was about to send, of streams that were lost, given up or left, and that did not come. */
  readonly lost: number;
}

export function auditStreams({ calls }: CallRecords): { violations: Violation[]; figures: StreamFigures } {
  const streams = ofKind(calls, "stream");
  const answered = streams.filter((call) => isSettledAs(call, "answered"));
  const broken = (rule: string, wrong: (call: Call) => boolean): Violation[] =>
    violation(rule, streams.filter(wrong).map(tell));
  const violations = [
    ...broken(
      "the items of a stream come in order, each once and none left out",
      ({ items }) => !items.every(({ seq, n }, index) => seq === index && n === index),
    ),
    ...broken("an item is of the stream that it comes to", ({ items, sent }) =>
      items.some(({ key }) => key !== sent.sent),
    ),
    ...broken("an item was recorded before it came", ({ items, recorded }) =>
      items.some(({ n }) => !recorded.has(n)),
    ),
    ...violation(
      "a stream that was answered has brought all its items",
      answered.filter((call) => call.items.length < wanted(call)).map(tell),
    ),
    ...broken(
      "of a stream that was not sent nothing comes",
      (call) => isSettledAs(call, "not_sent") && call.items.length + call.recorded.size > 0,
    ),
    ...broken("after the end of a stream nothing comes", ({ items }) =>
      items.some(({ isAfterTheEnd }) => isAfterTheEnd),
    ),
    ...broken("no item comes beyond the credit", ({ items }) =>
      items.some(({ allowed }, index) => allowed !== null && index >= allowed),
    ),
  ];
  const items = sum(streams, (call) => call.items.length);
  const figures = {
    streams: streams.length,
    answered: answered.length,
    items,
    lost: sum(streams, ({ recorded }) => recorded.size) - items,
  };
  return { violations, figures };
}

/** One that has been left ends with its answer all the same, where that was there already. */
function wanted({ recorded, sent }: Call): number {
  return Math.min(recorded.size, sent.leaveAfter ?? Infinity);
}

function sum(calls: readonly Call[], count: (call: Call) => number): number {
  return calls.reduce((before, call) => before + count(call), 0);
}
