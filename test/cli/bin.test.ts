/** scripts/bulkhead.cjs: what is said when it can not work yet, and how it finds a Node that is new enough. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text as readAll } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const original = fileURLToPath(new URL("../../scripts/bulkhead.cjs", import.meta.url));

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "bulkhead-bin-"));
  await mkdir(path.join(root, "scripts"));
  await copyFile(original, path.join(root, "scripts", "bulkhead.cjs"));
  await writeFile(
    path.join(root, "old.cjs"),
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.0.0" } });`,
  );
});

afterEach(() => rm(root, { recursive: true, force: true }));

function start(nodeOptions: string[], ...args: string[]) {
  const script = path.join(root, "scripts", "bulkhead.cjs");
  return spawn(process.execPath, [...nodeOptions, script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

async function run(nodeOptions: string[], ...args: string[]) {
  const child = start(nodeOptions, ...args);
  const status = new Promise((resolve) => child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  return { status: await status, stdout, stderr };
}

const old = (): string[] => ["--require", path.join(root, "old.cjs")];

/** A "Node" that says with which arguments it was started, and does as it is told. */
async function bringNode(script: string): Promise<void> {
  const directory = path.join(root, "node_modules", "node", "bin");
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, "node"), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(directory, "node"), 0o755);
}

test("without a build, one line says how to make one", async () => {
  expect(await run([], "ps")).toEqual({
    status: 2,
    stdout: "",
    stderr:
      "error: bulkhead is not built yet\n  try: npm run build (npm run demo and npm test build it too)\n",
  });
});

test("under a Node that is too old, one line says so", async () => {
  expect(await run(old(), "ps")).toMatchObject({
    status: 2,
    stderr: "error: bulkhead needs Node 24 or newer, this is 18.0.0\n  try: install a newer Node\n",
  });
});

test("under a Node that is too old, the package's own takes over, with its exit status", async () => {
  await bringNode('echo "$@"; exit 42');
  const script = path.join(root, "scripts", "bulkhead.cjs");
  expect(await run(old(), "ps", "--json")).toEqual({
    status: 42,
    stdout: `${script} ps --json\n`,
    stderr: "",
  });
});

test("signals reach the one that took over", async () => {
  await bringNode("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done");
  const child = start(old(), "up");
  const status = new Promise((resolve) => child.once("close", resolve));
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  expect(await status).toBe(7);
});
