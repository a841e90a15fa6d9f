import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { page } from "../../src/tui/pager.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function pager(name: string, script: string): NodeJS.ProcessEnv {
  const file = path.join(directory, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return { ...process.env, PAGER: file };
}

test("a text is in a file for as long as the pager looks at it", async () => {
  const copy = path.join(directory, "copy");
  const env = pager("reader", `echo "$1" "$2" >'${copy}'; cat "$2" >>'${copy}'`);
  await page("one\ntwo\n", { ...env, PAGER: `${env["PAGER"]} -S` });
  const [words = "", ...lines] = readFileSync(copy, "utf8").split("\n");
  const [option, file = ""] = words.split(" ");
  expect(option).toBe("-S");
  expect(lines).toEqual(["one", "two", ""]);
  expect(existsSync(file)).toBe(false);
});

test("there may be no pager of that name, and then its name is told", async () => {
  await expect(page("text", { PAGER: "bulkhead-no-such-pager" })).rejects.toThrow(
    "there is no pager bulkhead-no-such-pager: set PAGER to one",
  );
});

test("a pager that fails is told of, with how it ended", async () => {
  await expect(page("text", pager("failing", "exit 3"))).rejects.toThrow(/failing left: exit status 3$/);
  await expect(page("text", pager("killed", "kill -KILL $$"))).rejects.toThrow(/killed left: SIGKILL$/);
});

test("ctrl+c in a pager is the pager's alone", async () => {
  const before = process.listenerCount("SIGINT");
  // As a terminal does it: to every process that it has.
  await page("text", pager("interrupted", `kill -INT ${process.pid}`));
  expect(process.listenerCount("SIGINT")).toBe(before);
});
