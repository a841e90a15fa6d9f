import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { descriptionKey } from "../../src/supervisor/description-key.ts";

const cwd = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(cwd, { recursive: true }));

test("an executable by itself is known by its hash", async () => {
  expect(await descriptionKey("abc", { args: [], cwd })).toBe("abc");
});

test("an interpreter's programs are told apart, and so are two states of one of them", async () => {
  writeFileSync(path.join(cwd, "x.ts"), "1");
  const key = (arg: string) => descriptionKey("abc", { args: [arg], cwd });
  const first = await key("x.ts");
  expect(await key("x.ts")).toBe(first);
  expect(await key("y.ts")).not.toBe(first);
  writeFileSync(path.join(cwd, "x.ts"), "longer");
  expect(await key("x.ts")).not.toBe(first);
});
