import { expect, test } from "vitest";
import type { CrashReport, LostCall } from "../../protocol/state.ts";
import { replayPlan, verdictOf } from "../../src/core/replay.ts";

const whole = { kept: "whole", text: "{}", secrets: [], dataBytes: 0 } as const;
const call = (
  params: LostCall["params"],
  settlement: LostCall["settlement"] = "maybe_executed",
): LostCall => ({
  method: "a.b",
  settlement,
  ageMs: 1,
  ...(params === undefined ? {} : { params }),
});
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of a report is looked at
const report = (...lostCalls: LostCall[]) => ({ lostCalls }) as unknown as CrashReport;

test("calls that the plugin may have seen are made again, and a chosen one in any case", () => {
  const crash = report(call(whole), call(whole, "not_sent"), call({ ...whole, text: undefined }));
  expect(replayPlan(crash)).toEqual({
    calls: [
      { n: 1, method: "a.b", params: "{}" },
      { n: 3, method: "a.b", params: undefined },
    ],
    left: [],
  });
  expect(replayPlan(crash, 2).calls).toMatchObject([{ n: 2 }]);
});

test.each<[params: LostCall["params"], why: string]>([
  [undefined, "its params were not kept"],
  [
    { kept: "head", head: "{", bytes: 70_000, dataBytes: 0 },
    "only the beginning of its 70000 bytes was kept",
  ],
  [{ ...whole, dataBytes: 8 }, "8 bytes of bulk data beside its params were not kept"],
  [{ ...whole, secrets: ["/a", "/b"] }, "secrets were taken out of it: /a, /b"],
])("what is not as it was is left, with the reason: %j", (params, why) => {
  expect(replayPlan(report(call(params)))).toEqual({ calls: [], left: [{ n: 1, method: "a.b", why }] });
});

test("the verdict", () => {
  const one = { n: 1, method: "a.b", params: "{}" };
  const two = { ...one, n: 2 };
  expect(verdictOf([one, two], false, [])).toEqual({ kind: "none" });
  expect(verdictOf([one], true, [])).toEqual({ kind: "alone", calls: [1] });
  expect(verdictOf([one, two], true, [2])).toEqual({ kind: "alone", calls: [2] });
  expect(verdictOf([one, two], true, [])).toEqual({ kind: "together" });
});
