import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kept, learn, noFacts, statusOf } from "../../src/tui/facts.ts";
import { crashReport, factsOf, published, serving } from "./samples.ts";

const events = (...seqs: readonly number[]) => ({ type: "events", events: seqs.map(published) }) as const;

describe("events", () => {
  test("are added at the end, and the oldest go", () => {
    const facts = factsOf(events(1, 2), events(3));
    expect(facts.events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const many = learn(facts, events(...Array.from({ length: kept.events }, (_, at) => at + 4)));
    expect(many.events).toHaveLength(kept.events);
    expect(many.events[0]?.seq).toBe(4);
    expect(many.events.at(-1)?.seq).toBe(kept.events + 3);
  });

  test("that the journal does not keep push out none that it keeps, however many they are", () => {
    const passing = events(...Array.from({ length: 2 * kept.events }, () => 0));
    const { events: all } = factsOf(events(1, 2), passing);
    expect(all.filter(({ seq }) => seq > 0).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(all).toHaveLength(2 + kept.passing);
  });

  test("of another journal take the place of those that are known", () => {
    const facts = learn(factsOf(events(70, 71)), { ...events(1, 2), isAfresh: true });
    expect(facts.events.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test("of another journal take its reports along", () => {
    const reports = { type: "reports", reports: [crashReport("chaos-1-abcd")] } as const;
    expect(factsOf(reports, { ...events(), isAfresh: true }).reports).toEqual([]);
    expect(factsOf(reports, events(1)).reports).toHaveLength(1);
  });

  test("are never more than are kept", () => {
    const batches = fc.array(fc.nat(1500), { maxLength: 6 });
    fc.assert(
      fc.property(batches, (sizes) => {
        const facts = factsOf(
          ...sizes.map((size) => events(...Array.from({ length: size }, (_, at) => at + 1))),
        );
        const all = sizes.reduce((sum, size) => sum + size, 0);
        expect(facts.events).toHaveLength(Math.min(all, kept.events));
      }),
    );
  });
});

describe("reports", () => {
  test("are merged by their ids, newest first, and the new word of one counts", () => {
    const early = crashReport("a", { at: 1, durable: false });
    const facts = factsOf(
      { type: "reports", reports: [early, crashReport("b", { at: 3 })] },
      { type: "reports", reports: [crashReport("c", { at: 2 }), { ...early, durable: true }] },
    );
    expect(facts.reports.map(({ id }) => id)).toEqual(["b", "c", "a"]);
    expect(facts.reports[2]?.durable).toBe(true);
  });

  test("are each there once, in their order, and never more than are kept", () => {
    const report = fc.record({ id: fc.integer({ min: 0, max: 700 }).map(String), at: fc.nat(1000) });
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(report, { selector: ({ id }) => id, maxLength: 300 })),
        (batches) => {
          const { reports } = factsOf(
            ...batches.map((batch) => ({
              type: "reports" as const,
              reports: batch.map(({ id, at }) => crashReport(id, { at })),
            })),
          );
          expect(new Set(reports.map(({ id }) => id)).size).toBe(reports.length);
          expect(reports.length).toBeLessThanOrEqual(kept.reports);
          expect(reports.every(({ at }, index) => at >= (reports[index + 1]?.at ?? 0))).toBe(true);
        },
      ),
    );
  });
});

test("what is learnt of one thing leaves the others as they are", () => {
  const before = factsOf(serving("min"), events(1));
  const after = learn(before, { type: "time", now: 42 });
  expect(after.now).toBe(42);
  expect(after.plugins).toBe(before.plugins);
  expect(after.events).toBe(before.events);
});

test("a plugin is found by its id, and nothing is before it is known", () => {
  expect(statusOf(factsOf(serving("min", "chaos")), "chaos")?.id).toBe("chaos");
  expect(statusOf(factsOf(serving("min")), "chaos")).toBeUndefined();
  expect(statusOf(noFacts("", 0), "chaos")).toBeUndefined();
  expect(statusOf(noFacts("", 0), null)).toBeUndefined();
});
