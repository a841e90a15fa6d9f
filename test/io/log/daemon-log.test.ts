import { execFileSync, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDaemonLog, shortForm } from "../../../src/io/log/daemon-log.ts";

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daemon-log-"));
  file = join(dir, "daemon.log");
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function entries(): unknown[] {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line): unknown => JSON.parse(line));
}

it("a line is in the file when the call returns", () => {
  const { logger, close } = openDaemonLog({ file, level: "info", alsoStderr: false });
  logger.debug("not at this level");
  logger.info({ plugin: "min" }, "started");
  expect(entries()).toMatchObject([{ level: "info", pid: process.pid, plugin: "min", msg: "started" }]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  close();
});

it("the last line before a kill is there", () => {
  const source = new URL("../../../src/io/log/daemon-log.ts", import.meta.url).href;
  const program = `
    import { openDaemonLog } from ${JSON.stringify(source)};
    const { logger } = openDaemonLog({ file: ${JSON.stringify(file)}, level: "info", alsoStderr: true });
    logger.warn({ plugin: "min" }, "last words");
    process.kill(process.pid, "SIGKILL");`;
  const { signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  expect(signal).toBe("SIGKILL");
  expect(entries()).toMatchObject([{ msg: "last words" }]);
  expect(stderr).toMatch(/^\d\d:\d\d:\d\d warn {2}last words plugin=min\n/m);
});

it("secrets are not written", () => {
  const { logger, close } = openDaemonLog({ file, level: "info", alsoStderr: false });
  const env = { API_KEY: "hunter2" };
  logger.info(
    { env, token: "hunter2", spec: { env, password: "hunter2", deeper: { secret: "hunter2" } } },
    "spawn",
  );
  expect(readFileSync(file, "utf8")).not.toContain("hunter2");
  close();
});

it("a large file is moved aside, and one old file is kept", () => {
  writeFileSync(file, "x".repeat(1000));
  const { logger, close } = openDaemonLog({ file, level: "info", alsoStderr: false, maxBytes: 1000 });
  for (let n = 0; n < 100; n += 1) logger.info(`line ${n}`);
  close();
  expect(readdirSync(dir).sort()).toStrictEqual(["daemon.log", "daemon.log.1"]);
  expect(entries().at(-1)).toMatchObject({ msg: "line 99" });
  for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThan(1200);
});

it("a full disk ends nothing", () => {
  symlinkSync("/dev/full", file);
  const { logger, close } = openDaemonLog({ file, level: "info", alsoStderr: false });
  for (let n = 0; n < 100; n += 1) logger.info("x".repeat(10_000));
  expect(close).not.toThrow();
});

it("a directory or a named pipe in its place is an error that names it", () => {
  const failure = (reason: string) =>
    expect.objectContaining({
      code: "daemon_failed",
      message: expect.stringContaining(`the log ${file} can't be opened: ${reason}`),
    });
  const open = () => openDaemonLog({ file, level: "info", alsoStderr: false });
  mkdirSync(file);
  expect(open).toThrow(failure("it is a directory"));
  rmSync(file, { recursive: true });
  execFileSync("mkfifo", [file]);
  expect(open).toThrow(failure("it is a named pipe"));
  file = join(dir, "missing", "daemon.log");
  expect(open).toThrow(failure("ENOENT"));
});

it("a file that can not be begun anew ends nothing, and goes on when it can", () => {
  const { logger, close } = openDaemonLog({ file, level: "info", alsoStderr: false, maxBytes: 100 });
  logger.info("x".repeat(100));
  rmSync(dir, { recursive: true });
  logger.info("lost");
  mkdirSync(dir);
  logger.info("kept");
  expect(entries()).toMatchObject([{ msg: "kept" }]);
  close();
});

it("the short form is one readable line", () => {
  const line =
    '{"level":"error","time":"2026-11-20T08:30:00.123Z","pid":1,"plugin":"min","n":{"a":1},"msg":"gone"}\n';
  expect(shortForm(line)).toBe('08:30:00 error gone plugin=min n={"a":1}\n');
});
