import { expect, test } from "vitest";
import { costOf, costOfWork } from "../../src/daemon/request-cost.ts";

test("reading the disk or starting something costs more than what is known already", () => {
  for (const method of ["log.read", "crash.list", "crash.get", "event.read", "plugin.start", "config.reload"])
    expect(costOf(method)).toBe(costOfWork);
  for (const method of ["hello", "daemon.status", "plugin.list", "plugin.wait"])
    expect(costOf(method)).toBe(1);
});

test("a method that there is not costs something too", () => {
  for (const method of ["no.such", "__proto__", "constructor"]) expect(costOf(method)).toBe(1);
});
