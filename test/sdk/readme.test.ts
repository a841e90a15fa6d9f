/** The README keeps its word. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { Host, root, sdk } from "./host.ts";

const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-sdk-readme-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Against the sources instead of the built package; zod is the very one of the sources, lest tsc compare two of them. */
symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
const examples = [...readFileSync(path.join(sdk, "README.md"), "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, text = ""], index) => {
    const file = path.join(folder, `example${index}.mts`);
    const entry = JSON.stringify(path.join(sdk, "index.ts"));
    writeFileSync(file, text.replace('"bulkhead/plugin"', entry));
    return file;
  },
);

test("the first example is a whole plugin", async () => {
  const host = await Host.ready(examples[0] ?? "");
  expect(await host.call("min.min", { a: 1, b: 2 })).toBe(1);
  expect(await host.failure("min.min", { a: "1", b: 2 })).toMatchObject({ data: { path: "/a" } });
});

test("the example of a call does what it says", async () => {
  const host = await Host.ready(examples[1] ?? "");
  const file = path.join(folder, "three.txt");
  writeFileSync(file, "1\n2\n3\n");
  expect(await host.call("files.lines", { path: file })).toBe(3);
  expect(await host.failure("files.lines", { path: "/nowhere" })).toMatchObject({
    data: { code: "no_such_file" },
  });
});

test("the example with bytes takes and gives them", async () => {
  const host = await Host.ready(examples[2] ?? "");
  expect(await host.call("image.invert", { pixels: "AP8B" })).toEqual({ pixels: "/wD+" });
});

test("every example type-checks", async () => {
  const compilerOptions = {
    rootDir: "/",
    typeRoots: [path.join(root, "node_modules/@types")],
    rewriteRelativeImportExtensions: false,
  };
  const config = { extends: path.join(root, "tsconfig.json"), compilerOptions, include: ["*.mts"] };
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config));
  const run = promisify(execFile);
  const errors = await run(path.join(root, "node_modules/.bin/tsc"), ["-p", folder]).then(
    () => "",
    ({ stdout }: { stdout: string }) => stdout,
  );
  expect(errors).toBe("");
  expect(examples).toHaveLength(6);
});
