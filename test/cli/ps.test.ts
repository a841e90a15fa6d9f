import { expect, test } from "vitest";
import { psLines } from "../../src/cli/commands/ps.ts";
import { stopped } from "../helpers/plugin-status.ts";

const plain = { style: (_: unknown, text: string): string => text, width: 200 };

const wall = { item: "files", why: "" };

test("sandboxes have a column where there are any", () => {
  const lines = psLines(
    [
      stopped,
      { ...stopped, id: "strict", sandbox: { mode: "strict", enforced: [{ ...wall, holds: true }] } },
      { ...stopped, id: "basic", sandbox: { mode: "basic", enforced: [{ ...wall, holds: false }] } },
    ],
    plain,
    0,
  );
  expect(lines.map((line) => line.split(/ {2,}/)[7])).toEqual(["SANDBOX", "-", "strict", "basic 0/1"]);
});

test("and none where there are none", () => {
  expect(psLines([stopped], plain, 0)[0]).not.toContain("SANDBOX");
});
