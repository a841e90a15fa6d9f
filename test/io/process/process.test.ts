import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createReadStream,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
} from "node:fs";
import { chmod, copyFile, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { findGuard, isolation, spawnProcess } from "../../../src/io/process/process.ts";
import type { PluginProcess, ProcessSpec } from "../../../src/io/process/plugin-process.ts";
import type { SpawnFailure } from "../../../src/io/process/spawn-failure.ts";
import {
  compile,
  GUARD_SOURCE,
  makeFifo,
  PLUGIN_SOURCE,
  SUPERVISOR,
  temporaryDirectory,
} from "../../fixtures/process/compile.ts";

const linux = process.platform === "linux";
const directory = temporaryDirectory();
const plugin = join(directory, "plugin");
const guard = join(directory, "guard");
let fifos = 0;

beforeAll(() => {
  compile(PLUGIN_SOURCE, plugin);
  if (linux) compile(GUARD_SOURCE, guard, "-O2");
});
afterAll(() => rmSync(directory, { recursive: true }));

type Overrides = Partial<ProcessSpec>;

function specify(args: string[], overrides: Overrides): ProcessSpec {
  return { command: plugin, args, cwd: directory, env: {}, guard: undefined, ...overrides };
}

async function start(args: string[], overrides: Overrides): Promise<PluginProcess> {
  const result = await spawnProcess(specify(args, overrides));
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.message}`);
  return result.process;
}

async function refusal(args: string[], overrides: Overrides): Promise<SpawnFailure> {
  const result = await spawnProcess(specify(args, overrides));
  if (!result.ok) return result.failure;
  result.process.kill();
  throw new Error("it was started");
}

/** Runs to the end: output and exit. */
async function run(args: string[], overrides: Overrides) {
  const plugged = await start(args, overrides);
  const [stdout, exit, gone] = await Promise.all([text(plugged.stdout), plugged.exited, plugged.gone]);
  return { stdout, exit, gone, plugged };
}

/** The first line, and then the stream flows on unread. */
async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  return "";
}

/** A FIFO that processes hold open: the lines they write to it, and the moment when the last of them is gone. */
function watchHolders() {
  fifos += 1;
  const path = makeFifo(directory, `fifo${fifos}`);
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const reader = createInterface({ input: createReadStream(path) });
  reader.on("line", (line) => {
    lines.push(line);
    waiting.splice(0).forEach((wake) => wake());
  });
  const allGone = new Promise<void>((resolve) => reader.once("close", resolve));
  const count = async (wanted: number) => {
    while (lines.length < wanted) await new Promise<void>((wake) => waiting.push(wake));
    return lines.map(Number);
  };
  return { path, count, allGone };
}

const ways: [string, string | undefined][] = [["without a guard", undefined]];
if (linux) ways.unshift(["with the guard", guard]);

describe.each(ways)("a process %s", (_, way) => {
  test.each([0, 3, 255])("tells its exit code %i", async (code) => {
    const { exit, gone } = await run(["exit", String(code)], { guard: way });
    expect(exit).toMatchObject({ code, signal: null, core: false });
    expect(gone).toEqual({ killed: 0, left: 0 });
  });

  test.each([
    [["segv"], "SIGSEGV"],
    [["abort"], "SIGABRT"],
    [["raise", "9"], "SIGKILL"],
    [["raise", "29"], "SIGIO"],
  ])("killed by a signal (%s) names it", async (args, signal) => {
    const { exit } = await run(args, { guard: way, limits: { core: 0 } });
    expect(exit).toMatchObject({ code: null, signal, core: false });
  });

  test("is given its arguments unchanged", async () => {
    const args = ["args", "", "two words", "$HOME *", "ä🙂", "--"];
    const { stdout } = await run(args, { guard: way });
    expect(stdout).toBe([plugin, ...args].map((arg) => `${arg}\0`).join(""));
  });

  test("has exactly the environment that it was given", async () => {
    expect((await run(["env"], { guard: way })).stdout).toBe("");
    const { stdout } = await run(["env"], { guard: way, env: { A: "1", PATH: "/nowhere", Ü: "x=y\nz" } });
    expect(stdout.split("\0").sort()).toEqual(["", "A=1", "PATH=/nowhere", "Ü=x=y\nz"]);
  });

  test("runs in its working directory", async () => {
    expect((await run(["cwd"], { guard: way })).stdout).toBe(`${directory}\n`);
  });

  test.runIf(linux)("starts with no signal blocked or ignored", async () => {
    const { stdout } = await run(["signals"], { guard: way });
    expect(stdout).toMatch(/^SigBlk:\t0+\nSigIgn:\t0+\n$/);
  });

  test("leads a process group, outside the supervisor's session", async () => {
    const { stdout, plugged } = await run(["ids"], { guard: way });
    const [pid, parent, group, session] = stdout.split(" ").map(Number);
    expect(pid).toBe(plugged.pid);
    expect(parent).toBe(plugged.guardPid ?? process.pid);
    expect(group).toBe(pid);
    expect(session).toBe(plugged.guardPid ?? pid);
  });

  test("echoes a megabyte through the raw pipes and sees the end of its input", async () => {
    const plugged = await start(["echo"], { guard: way });
    const sent = Buffer.alloc(1 << 20, "é");
    plugged.stdin.end(sent);
    expect(await text(plugged.stdout)).toBe(sent.toString());
    expect(await plugged.exited).toMatchObject({ code: 0 });
  });

  test("loses no output, even if it ends before anybody looks", async () => {
    for (let round = 0; round < 20; round += 1) {
      expect((await run(["flood", "5000"], { guard: way })).stdout).toHaveLength(5000);
    }
  });

  test("that closed its input does not hurt who writes to it", async () => {
    const plugged = await start(["deaf"], { guard: way });
    expect(await firstLine(plugged.stdout)).toBe("ready");
    const failed = new Promise((resolve) => plugged.stdin.write("x".repeat(1 << 20), resolve));
    expect(await failed).toMatchObject({ code: "EPIPE" });
    plugged.kill();
    expect(await plugged.exited).toMatchObject({ signal: "SIGKILL" });
  });

  test("obeys terminate(), which a stubborn one ignores until kill()", async () => {
    const polite = await start(["wait"], { guard: way });
    expect(await firstLine(polite.stdout)).toBe("ready");
    polite.terminate();
    expect(await polite.exited).toMatchObject({ code: null, signal: "SIGTERM" });

    const stubborn = await start(["stubborn"], { guard: way });
    expect(await firstLine(stubborn.stdout)).toBe("ready");
    stubborn.terminate();
    stubborn.kill();
    expect(await stubborn.exited).toMatchObject({ code: null, signal: "SIGKILL" });
    expect(await stubborn.gone).toMatchObject({ left: 0 });
  });

  test("tells its exit while a grandchild holds the pipes, and the grandchild is killed", async () => {
    const holders = watchHolders();
    const plugged = await start(["orphan", holders.path], { guard: way });
    expect(await plugged.exited).toMatchObject({ code: 7 });
    await holders.allGone;
    expect(await plugged.gone).toMatchObject({ left: 0 });
    expect(await text(plugged.stdout)).toBe("");
  });

  test("can be told to go again and again, also when it is gone", async () => {
    const plugged = await start(["wait"], { guard: way });
    plugged.kill();
    plugged.kill();
    await plugged.gone;
    plugged.terminate();
    plugged.kill();
    plugged.stdin.write("too late");
    expect(await plugged.exited).toMatchObject({ signal: "SIGKILL" });
  });

  test("has the SHA-256 of its executable", async () => {
    const { plugged } = await run(["exit", "0"], { guard: way });
    expect(plugged.sha256).toBe(sha256(plugin));
  });

  test("is the new program once its file was replaced by rename, also while the old one runs", async () => {
    const command = join(directory, `replaced ${way === undefined ? "ä" : "ö"}`);
    await copyFile(plugin, command);
    const old = await start(["wait"], { guard: way, command });
    expect(await firstLine(old.stdout)).toBe("ready");
    await copyFile("/bin/echo", `${command}.new`);
    await rename(`${command}.new`, command);
    const { stdout, plugged } = await run(["hello"], { guard: way, command });
    expect(stdout).toBe("hello\n");
    expect(plugged.sha256).toBe(sha256("/bin/echo"));
    old.kill();
    expect(await old.exited).toMatchObject({ signal: "SIGKILL" });
  });

  test("may be a script or a symbolic link", async () => {
    const script = join(directory, "a script");
    await writeFile(script, '#!/bin/sh\necho "$0" "$@"\n', { mode: 0o755 });
    const link = join(directory, way === undefined ? "link 1" : "link 2");
    await symlink(script, link);
    expect((await run(["x"], { guard: way, command: link })).stdout).toBe(`${link} x\n`);
  });

  test.runIf(linux)("leaves neither a descriptor nor a zombie behind in 50 rounds", async () => {
    await run(["exit", "0"], { guard: way });
    await refusal([], { guard: way, command: directory });
    const before = resources();
    for (let round = 0; round < 50; round += 1) {
      const { plugged } = await run(["exit", "1"], { guard: way });
      await plugged.gone;
      if (round % 10 === 0) await refusal([], { guard: way, command: directory });
    }
    expect(resources()).toEqual(before);
  });
});

describe.runIf(linux)("only with the guard", () => {
  test("no descriptor but 0, 1 and 2 reaches the plugin", async () => {
    const leaked = openSync("/dev/null", "r");
    expect(leaked).toBeGreaterThan(2);
    expect((await run(["fds"], { guard })).stdout).toBe("0\n1\n2\n");
  });

  test("an exit comes with CPU time and peak memory", async () => {
    const { exit } = await run(["malloc", String(64 << 20)], { guard });
    expect(exit.code).toBe(0);
    expect(exit.userMicros! + exit.systemMicros!).toBeGreaterThan(0);
    expect(exit.peakMemoryBytes).toBeGreaterThan(64 << 20);
    expect(exit.peakMemoryBytes).toBeLessThan(128 << 20);
  });

  test("the core flag says whether a core file was written", async () => {
    const cwd = join(directory, "core");
    await mkdir(cwd);
    const { exit } = await run(["abort"], { guard, cwd, limits: { core: 64 << 20 } });
    expect(exit.signal).toBe("SIGABRT");
    const elsewhere = /[|/]/.test(readFileSync("/proc/sys/kernel/core_pattern", "utf8"));
    expect(exit.core).toBe(elsewhere ? exit.core : readdirSync(cwd).length > 0);
  });

  test("a memory limit makes an allocation fail", async () => {
    const limits = { memory: 32 << 20 };
    expect((await run(["malloc", String(64 << 20)], { guard, limits })).stdout).toBe("refused\n");
    expect((await run(["malloc", String(8 << 20)], { guard, limits })).stdout).toBe("granted\n");
  });

  test("the other limits hold as well", async () => {
    const limits = { files: 17, cpu: 9, fileSize: 123_000, core: 0, processes: 1000 };
    const { stdout } = await run(["-c", "ulimit -n; ulimit -t; ulimit -f; ulimit -c"], {
      guard,
      limits: { ...limits, fileSize: 512 * 100 },
      command: "/bin/sh",
    });
    expect(stdout.split("\n")).toEqual(["17", "9", "100", "0", ""]);
  });

  test("kill() reaches what escaped by setsid and double fork", async () => {
    const holders = watchHolders();
    const plugged = await start(["escape", holders.path], { guard });
    expect(await holders.count(4)).toContain(plugged.pid);
    plugged.kill();
    expect(await plugged.exited).toMatchObject({ signal: "SIGKILL" });
    expect(await plugged.gone).toEqual({ killed: 4, left: 0 });
    await holders.allGone;
  });

  test("a plugin that ends takes along what it had started", async () => {
    const holders = watchHolders();
    const plugged = await start(["abandon", holders.path], { guard });
    expect(await plugged.exited).toMatchObject({ code: 0 });
    expect(await plugged.gone).toMatchObject({ left: 0 });
    await holders.allGone;
  });

  test("a process that never stays the same one is caught", async () => {
    const holders = watchHolders();
    const plugged = await start(["hydra", holders.path], { guard });
    await holders.count(1);
    plugged.kill();
    expect(await plugged.gone).toMatchObject({ left: 0 });
    await holders.allGone;
  });

  test.each(["running", "stopped"])(
    "SIGKILL of the supervisor of a %s guard takes along every descendant",
    async (state) => {
      const holders = watchHolders();
      const args = [SUPERVISOR, guard, plugin, "escape", holders.path];
      const supervisor = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const [pid, guardPid] = (await firstLine(supervisor.stdout)).split(" ").map(Number);
      expect(await holders.count(4)).toContain(pid);
      if (state === "stopped") process.kill(guardPid!, "SIGSTOP");
      supervisor.kill("SIGKILL");
      await holders.allGone;
    },
  );

  test("one that uses up its CPU time dies of a signal that says so", async () => {
    expect((await run(["spin"], { guard, limits: { cpu: 1 } })).exit.signal).toBe("SIGXCPU");
  });

  test("a plugin that kills its guard dies with it, and all is settled", async () => {
    const holders = watchHolders();
    const plugged = await start(["kill-parent", holders.path], { guard });
    plugged.stdin.end("now");
    expect(await plugged.exited).toMatchObject({ code: null, signal: "SIGKILL", guardLost: true });
    expect(await plugged.gone).toMatchObject({ left: 0 });
    await holders.allGone;
  });

  test("a plugin that stops its guard is killed all the same", async () => {
    const plugged = await start(["stop-parent"], { guard });
    plugged.stdin.end("now");
    expect(await firstLine(plugged.stdout)).toBe("stopped");
    plugged.kill();
    expect(await plugged.exited).toMatchObject({ signal: "SIGKILL" });
    expect(await plugged.gone).toEqual({ killed: 1, left: 0 });
  });

  test("a start that gets nowhere can be given up, and leaves nothing behind", async () => {
    const holders = watchHolders();
    const abort = new AbortController();
    const stuck = refusal([], { guard: await stuckGuard(holders.path), signal: abort.signal });
    await holders.count(1);
    abort.abort();
    expect(await stuck).toMatchObject({
      code: "spawn_failed",
      detail: { stage: "aborted" },
      transient: true,
    });
    await holders.allGone;
    const late = await refusal(["wait"], { guard, signal: AbortSignal.abort() });
    expect(late).toMatchObject({ detail: { stage: "aborted" } });
  });

  test("what runs was executed from its descriptor, under its own name", async () => {
    const plugged = await start(["wait"], { guard });
    expect(await firstLine(plugged.stdout)).toBe("ready");
    expect(readlinkSync(`/proc/${plugged.pid}/exe`)).toBe(plugin);
    expect(readFileSync(`/proc/${plugged.pid}/cmdline`, "utf8")).toBe(`${plugin}\0wait\0`);
    plugged.kill();
    await plugged.gone;
  });
});

describe("what can't be started", () => {
  test.each(ways)("a missing file %s", async (_, way) => {
    const failure = await refusal([], { guard: way, command: join(directory, "missing") });
    expect(failure).toMatchObject({
      code: "executable_not_found",
      detail: { errno: "ENOENT" },
      transient: false,
    });
    const below = await refusal([], { guard: way, command: join(plugin, "below") });
    expect(below).toMatchObject({ code: "executable_not_found", detail: { errno: "ENOTDIR" } });
  });

  test("a directory, a device, a named pipe", async () => {
    const message = expect.stringContaining("a directory");
    expect(await refusal([], { command: directory })).toMatchObject({ code: "not_a_file", message });
    expect(await refusal([], { command: "/dev/null" })).toMatchObject({ code: "not_a_file" });
    expect(await refusal([], { command: makeFifo(directory, "pipe") })).toMatchObject({ code: "not_a_file" });
  });

  test("symbolic links in a loop, and a name that no file can have", async () => {
    const command = join(directory, "around");
    await symlink(command, command);
    const message = expect.stringContaining("lead in a loop");
    expect(await refusal([], { command })).toMatchObject({ code: "not_executable", message });
    const long = join(directory, "x".repeat(5000));
    expect(await refusal([], { command: long })).toMatchObject({ code: "executable_not_found" });
  });

  test.runIf(linux).each(ways)("a script that is its own interpreter %s", async (_, way) => {
    const command = join(directory, "ouroboros");
    await writeFile(command, `#!${command}\n`, { mode: 0o755 });
    const message = expect.stringContaining("#! lines lead in a loop");
    expect(await refusal([], { guard: way, command })).toMatchObject({
      code: "not_executable",
      message,
      detail: { stage: "exec", errno: "ELOOP" },
      transient: false,
    });
  });

  test.each(ways)("arguments or an environment that no process can have %s", async (_, way) => {
    const huge = ["x".repeat(8 << 20)];
    expect(await refusal(huge, { guard: way })).toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("too large for this system"),
      detail: { errno: "E2BIG" },
      transient: false,
    });
    const cut = { code: "config_invalid", message: expect.stringContaining("NUL"), transient: false };
    expect(await refusal(["a\0b"], { guard: way })).toMatchObject(cut);
    expect(await refusal([], { guard: way, env: { A: "a\0b" } })).toMatchObject(cut);
    expect(await refusal([], { guard: way, cwd: "/\0" })).toMatchObject(cut);
  });

  test.runIf(linux).each(ways)(
    "one that takes too long to read, when nobody waits any more %s",
    async (_, way) => {
      // Of a tebibyte in which there is nothing: it would be read for many minutes.
      const command = await file("endless", "#!/bin/sh\n");
      truncateSync(command, 2 ** 40);
      const abort = new AbortController();
      const failure = refusal([], { guard: way, command, signal: abort.signal });
      while (!isOpen(command)) await new Promise(setImmediate);
      abort.abort();
      expect(await failure).toMatchObject({
        code: "spawn_failed",
        detail: { stage: "aborted" },
        transient: true,
      });
      expect(isOpen(command)).toBe(false);
    },
  );

  test("a file without execute permission", async () => {
    const command = await file("plain", readFileSync(plugin), 0o644);
    const message = expect.stringContaining("no execute permission");
    expect(await refusal([], { command })).toMatchObject({
      code: "not_executable",
      message,
      transient: false,
    });
  });

  test.each([
    ["text", "hello\n", "a text file without a #! line"],
    ["empty", "", "an empty file"],
    ["data", "\x01\x02\x03\xff", "a data file"],
    ["archive.a", "!<arch>\nrest", "an archive"],
    ["plugin.exe", "MZ\x90\0", "a Windows executable"],
    ["module.wasm", "\0asm\x01\0\0\0", "a WebAssembly module"],
    ["cut", "\x7fELF\x02\x01", "a truncated ELF file"],
    ["script", "#!/no/such/interpreter\n", "does not exist, /no/such/interpreter"],
    ["dos", "#!/bin/sh\r\necho\r\n", "a carriage return"],
  ])("%s, with what it looks like", async (name, content, words) => {
    const command = await file(name, Buffer.from(content, "latin1"));
    const message = expect.stringContaining(words);
    expect(await refusal([], { command })).toMatchObject({
      code: "not_executable",
      message,
      transient: false,
    });
  });

  test.runIf(linux)("a shared library, an object file, a missing loader", async () => {
    const source = await file("library.c", "int answer(void) { return 42; }\n", 0o644);
    const library = compile(source, join(directory, "library.so"), "-shared", "-fPIC");
    const object = compile(source, join(directory, "object.o"), "-c");
    await chmod(object, 0o755);
    const foreign = compile(
      PLUGIN_SOURCE,
      join(directory, "foreign"),
      "-Wl,--dynamic-linker=/lib/no-such-loader",
    );
    for (const [command, words] of [
      [library, "a shared library"],
      [object, "an object file"],
      [foreign, "/lib/no-such-loader"],
    ] as const) {
      const message = expect.stringContaining(words);
      expect(await refusal([], { command })).toMatchObject({ code: "not_executable", message });
    }
  });

  test.runIf(linux)("executables of every other kind of linking are no libraries", async () => {
    for (const flags of [["-static"], ["-static-pie"], ["-no-pie"], ["-pie", "-fPIE"]]) {
      const command = compile(PLUGIN_SOURCE, join(directory, `linked${flags[0]}`), ...flags);
      expect((await run(["exit", "4"], { command, guard })).exit.code).toBe(4);
    }
  });

  test.runIf(linux)("one for another architecture, with both names", async () => {
    const [other, machine] = process.arch === "arm64" ? ["x64", 62] : ["arm64", 183];
    const detail = { expected: process.arch, actual: other };
    expect(await refusal([], { command: await patched("machine", 18, [machine, 0]) })).toMatchObject({
      code: "wrong_architecture",
      detail,
      transient: false,
    });
    const unknown = await refusal([], { command: await patched("unknown", 18, [0xfe, 0xfe]) });
    expect(unknown.detail?.actual).toContain("65278");
    const bigEndian = await refusal([], { command: await patched("endian", 5, [2]) });
    expect(["wrong_architecture", "not_executable"]).toContain(bigEndian.code);
  });

  test("one flipped byte, when the checksum is pinned", async () => {
    const expected = sha256(plugin);
    const pinned = { guard: linux ? guard : undefined, sha256: expected.toUpperCase() };
    expect((await run(["exit", "5"], pinned)).exit.code).toBe(5);
    const image = readFileSync(plugin);
    image[image.length - 1] = image.at(-1)! ^ 1;
    const command = await file("flipped", image);
    const actual = createHash("sha256").update(image).digest("hex");
    expect(await refusal([], { ...pinned, command })).toMatchObject({
      code: "checksum_mismatch",
      detail: { expected, actual },
      transient: false,
    });
  });

  test.each(ways)("one in a working directory that is missing or none %s", async (_, way) => {
    const missing = await refusal([], { guard: way, cwd: join(directory, "nowhere") });
    expect(missing).toMatchObject({ code: "spawn_failed", detail: { stage: "cwd", errno: "ENOENT" } });
    const none = await refusal([], { guard: way, cwd: plugin });
    expect(none).toMatchObject({ code: "spawn_failed", detail: { stage: "cwd", errno: "ENOTDIR" } });
  });

  test.runIf(linux)("one that is open for writing, which may pass", async () => {
    const command = await file("busy", readFileSync(plugin));
    const writer = spawn("/bin/sh", ["-c", `exec 3>>"$1"; echo open; read wait`, "sh", command]);
    expect(await firstLine(writer.stdout)).toBe("open");
    for (const [, way] of ways) {
      const failure = await refusal([], { guard: way, command });
      expect(failure).toMatchObject({ code: "spawn_failed", detail: { errno: "ETXTBSY" }, transient: true });
    }
    writer.stdin.end();
  });

  test.runIf(linux)("one whose guard is missing, does not know a limit, or dies", async () => {
    const missing = await refusal([], { guard: join(directory, "no-guard") });
    expect(missing).toMatchObject({ code: "spawn_failed", detail: { stage: "guard", errno: "ENOENT" } });
    const usage = await refusal([], { guard, limits: { memory: 1.5 } });
    expect(usage).toMatchObject({ code: "spawn_failed", detail: { stage: "usage" }, transient: false });
    const died = await refusal([], { guard: await file("dies", "#!/bin/sh\nexit 1\n") });
    expect(died).toMatchObject({ code: "spawn_failed", detail: { stage: "guard" }, transient: true });
  });
});

describe("findGuard", () => {
  test.runIf(linux)("takes BULKHEAD_GUARD when it can be executed, and none when it is empty", () => {
    expect(findGuard({ BULKHEAD_GUARD: guard })).toBe(guard);
    expect(findGuard({ BULKHEAD_GUARD: PLUGIN_SOURCE })).toBeUndefined();
    expect(findGuard({ BULKHEAD_GUARD: "" })).toBeUndefined();
  });

  test("isolation tells what holds with and without one", () => {
    expect(new Set(Object.values(isolation(guard)))).toEqual(new Set([true]));
    const held = Object.entries(isolation(undefined)).filter(([, holds]) => holds);
    expect(held).toEqual([["descriptorsClosed", true]]);
  });
});

/** A stand-in for a guard that is kept from its work until it is told to kill. */
async function stuckGuard(fifo: string): Promise<string> {
  const path = join(directory, "stuck");
  await writeFile(path, `#!/bin/sh\nexec 9>${fifo}\necho 1 >&9\nread command <&3\n`, { mode: 0o755 });
  return path;
}

async function file(name: string, content: string | Buffer, mode = 0o755): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

/** The test's own plugin with some bytes of its ELF header changed. */
async function patched(name: string, at: number, bytes: number[]): Promise<string> {
  const image = readFileSync(plugin);
  Buffer.from(bytes).copy(image, at);
  return file(name, image);
}

/** Whether this process has the file open. */
function isOpen(path: string): boolean {
  return readdirSync("/proc/self/fd").some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      // It was the descriptor of the listing itself.
      return false;
    }
  });
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** How many descriptors and which children this process has. */
function resources() {
  const children = execFileSync("ps", ["-o", "pid=,comm=", "--ppid", String(process.pid)], {
    encoding: "utf8",
  });
  const others = children.split("\n").filter((line) => !/\bps$/.test(line));
  return { descriptors: readdirSync("/proc/self/fd").length, children: others };
}
