import { expect, test } from "vitest";
import { BulkheadError } from "../../../../protocol/error.ts";
import { pageLines } from "../../../../src/tui/screens/plugins/pages.ts";
import { plain } from "../../hostile.ts";
import { away, factsOf, now } from "../../samples.ts";

const size = { columns: 80, rows: 21 };
const page = (facts: Parameters<typeof pageLines>[0]): string =>
  (pageLines(facts, size) ?? []).map(plain).join("\n");

test("without a daemon it is said how to start one", () => {
  expect(page(factsOf(away))).toMatch(/No daemon answers\.[^]* {2}bulkhead up -d\n/);
});

test("with one of another version it is said what helps, and starting it is not", () => {
  const error = BulkheadError.of("incompatible_client", "the daemon speaks control protocol 9 to 9");
  const words = page(
    factsOf({ type: "connection", connection: { state: "away", since: now, next: now + 2000, error } }),
  );
  expect(words).toContain("the daemon speaks control protocol 9 to 9");
  expect(words).toContain("Use the bulkhead that belongs to the running daemon");
  expect(words).not.toContain("bulkhead up");
});
