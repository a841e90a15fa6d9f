import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { notify } from "../../src/daemon/notify.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterEach(() => {
  delete process.env["NOTIFY_SOCKET"];
  rmSync(directory, { recursive: true, force: true });
});

/** Stands in for systemd: Node can not receive datagrams on a Unix socket either. */
const receiver = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
print(repr(s.recv(4096)), flush=True)
`;

/** In CI nothing is skipped: there the test says what is missing by failing. */
const has = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;
const testable = process.env["CI"] !== undefined || (has("python3") && has("systemd-notify"));

test.skipIf(!testable)("the service manager is told", async () => {
  const socket = path.join(directory, "notify");
  const python = spawn("python3", ["-c", receiver, socket], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(python.stdout);
  await once(lines, "line");
  const told = once(lines, "line");
  process.env["NOTIFY_SOCKET"] = socket;
  await notify("READY=1");
  expect(String((await told)[0])).toContain("READY=1");
});

test("without a service manager nothing happens", async () => {
  await expect(notify("READY=1")).resolves.toBeUndefined();
});
