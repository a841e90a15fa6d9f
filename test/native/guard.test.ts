import { spawn } from "node:child_process";
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { copyFile, rename, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import {
  compile,
  GUARD_SOURCE,
  makeFifo,
  PLUGIN_SOURCE,
  temporaryDirectory,
} from "../fixtures/process/compile.ts";
import { delegable } from "../fixtures/sandbox/delegated.ts";

/** native/guard.c, by what it says on its status channel; built plainly and with the sanitizers. */

const directory = temporaryDirectory();
const plugin = join(directory, "plugin");
const builds = [
  ["plain", ["-O2"]],
  ["sanitized", ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]],
] as const;
/** Undefined: there is no hierarchy of control groups that this user may change. */
const hierarchy = delegable();
let fifos = 0;

beforeAll(() => {
  if (process.platform !== "linux") return;
  compile(PLUGIN_SOURCE, plugin);
  for (const [name, flags] of builds) compile(GUARD_SOURCE, join(directory, name), ...flags);
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

interface Options {
  /** Opened as descriptor 4 and executed from there; the plugin when absent, by path only when null. */
  readonly executable?: string | null;
  readonly path?: string;
  readonly flags?: readonly string[];
}

/** A running guard, and the lines that it says. */
function startGuard(build: string, args: readonly string[], options: Options = {}) {
  const { executable = plugin, path = plugin, flags = [] } = options;
  const fd = executable === null ? "ignore" : openSync(executable, "r");
  const execFd = fd === "ignore" ? [] : ["--exec-fd", "4"];
  const child = spawn(
    join(directory, build),
    [...flags, ...execFd, "--path", path, "--", path, ...args],
    // The guard has no stderr of its own, so a sanitizer has to complain in a file.
    {
      stdio: ["pipe", "pipe", "pipe", "pipe", fd],
      env: { ASAN_OPTIONS: sanitizerLog, UBSAN_OPTIONS: sanitizerLog },
    },
  );
  if (fd !== "ignore") closeSync(fd);
  const status = child.stdio[3];
  if (!(status instanceof Duplex)) throw new Error("no status channel");
  status.on("error", () => {});
  child.stdin?.on("error", () => {});
  const lines = createInterface({ input: status })[Symbol.asyncIterator]();
  const said = async () => String((await lines.next()).value);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, status, said, ended, stdout: text(child.stdout!) };
}

const sanitizerLog = `log_path=${join(directory, "sanitizer")}`;

/** A FIFO that every process of a plugin holds open. */
function watchHolders() {
  fifos += 1;
  const path = makeFifo(directory, `fifo${fifos}`);
  const reader = createInterface({ input: createReadStream(path) });
  const lines = reader[Symbol.asyncIterator]();
  const signedIn = async (count: number) => {
    for (let seen = 0; seen < count; seen += 1) await lines.next();
  };
  return { path, signedIn, allGone: new Promise<void>((resolve) => reader.once("close", resolve)) };
}

describe.runIf(process.platform === "linux").each(builds)("the %s guard", (build) => {
  test("says that the plugin started, how it exited, and that nothing is left", async () => {
    const { said, ended } = startGuard(build, ["exit", "3"]);
    expect(await said()).toMatch(/^started \d+$/);
    expect(await said()).toMatch(/^exited 768 0 \d+ \d+ [1-9]\d*$/);
    expect(await said()).toBe("clean 0 0");
    expect(await ended).toBe(0);
  });

  test("executes its descriptor, not what has the name by now", async () => {
    const path = join(directory, `${build}-replaced`);
    await copyFile(plugin, path);
    const guard = startGuard(build, ["exit", "9"], { executable: path, path: "/bin/true" });
    expect(await guard.said()).toMatch(/^started/);
    expect(await guard.said()).toMatch(/^exited 2304 /);
  });

  test("executes a script by its name, but only if that is the same file", async () => {
    const script = join(directory, `${build}.sh`);
    await writeFile(script, '#!/bin/sh\necho "$0"\n', { mode: 0o755 });
    const fine = startGuard(build, [], { executable: script, path: script });
    expect(await fine.said()).toMatch(/^started/);
    expect(await fine.stdout).toBe(`${script}\n`);

    await copyFile(script, `${script}.new`);
    const opened = `${script}.old`;
    await rename(script, opened);
    await rename(`${script}.new`, script);
    const replaced = startGuard(build, [], { executable: opened, path: script });
    expect(await replaced.said()).toBe(`failed changed ${constants.errno.ESTALE}`);
    expect(await replaced.ended).toBe(0);
  });

  test.each([
    ["exec", constants.errno.ENOENT, { executable: null, path: "/no/such/file" }],
    ["exec", constants.errno.EACCES, { executable: null, path: "/" }],
    ["cwd", constants.errno.ENOENT, { flags: ["--cwd", "/no/such/directory"] }],
    ["cgroup", constants.errno.ENOENT, { flags: ["--cgroup", "/no/such/directory"] }],
    ["cgroup", constants.errno.ENOENT, { flags: ["--cgroup", directory] }],
    ["usage", constants.errno.EINVAL, { flags: ["--limit", "patience=1"] }],
    ["usage", constants.errno.EINVAL, { flags: ["--limit", "memory=1k"] }],
    ["usage", constants.errno.EINVAL, { flags: ["--colour", "red"] }],
  ] as const)("says at which stage a start failed: %s, errno %i", async (stage, errno, options) => {
    const { said, ended } = startGuard(build, ["wait"], options);
    expect(await said()).toBe(`failed ${stage} ${errno}`);
    await ended;
  });

  test("keeps neither the plugin's pipes nor its executable open", async () => {
    const { child, said, status } = startGuard(build, ["wait"]);
    await said();
    const open = readdirSync(`/proc/${child.pid}/fd`).map((fd) =>
      readlinkSync(`/proc/${child.pid}/fd/${fd}`),
    );
    expect(open.slice(0, 3)).toEqual(["/dev/null", "/dev/null", "/dev/null"]);
    expect(open).not.toContain(plugin);
    expect(open.filter((name) => /pipe|socket/.test(name))).toHaveLength(1);
    status.destroy();
  });

  test("outlives every signal that can be blocked, and still does its work", async () => {
    const { child, said, status } = startGuard(build, ["wait"]);
    await said();
    for (const [name, number] of Object.entries(constants.signals)) {
      if (number > 0 && name !== "SIGKILL" && name !== "SIGSTOP") process.kill(child.pid!, number);
    }
    status.write("term\n");
    expect(await said()).toMatch(/^exited 15 0 /);
    expect(await said()).toBe("clean 0 0");
  });

  test("passes SIGTERM on to the group; kill, in pieces too, ends the one that ignores it", async () => {
    const { child, said, status } = startGuard(build, ["stubborn"]);
    child.stdout?.once("data", () => status.write("term\nnonsense that is too long to be a command\nki"));
    child.stdout?.once("data", () => status.write("ll\n"));
    expect(await said()).toMatch(/^started/);
    expect(await said()).toMatch(/^exited 9 0 /);
    expect(await said()).toBe("clean 1 0");
  });

  test("kills what escaped from group and session when it is told to", async () => {
    const holders = watchHolders();
    const { said, status } = startGuard(build, ["escape", holders.path]);
    await holders.signedIn(4);
    status.write("kill\n");
    expect(await said()).toMatch(/^started/);
    expect(await said()).toMatch(/^exited 9 0 /);
    expect(await said()).toBe("clean 4 0");
    await holders.allGone;
  });

  test("does so unasked when the status channel closes", async () => {
    const holders = watchHolders();
    const { status, ended } = startGuard(build, ["escape", holders.path]);
    await holders.signedIn(4);
    status.destroy();
    await holders.allGone;
    expect(await ended).toBe(0);
  });

  test("does so when the plugin exits, and says the exit first", async () => {
    const holders = watchHolders();
    const { said } = startGuard(build, ["abandon", holders.path]);
    expect(await said()).toMatch(/^started/);
    expect(await said()).toMatch(/^exited 0 0 /);
    expect(await said()).toMatch(/^clean \d+ 0$/);
    await holders.allGone;
  });

  test("catches processes that fork faster than they can be listed", async () => {
    const holders = watchHolders();
    const { said, status } = startGuard(build, ["hydra", holders.path]);
    await holders.signedIn(1);
    status.write("kill\n");
    expect(await said()).toMatch(/^started/);
    expect(await said()).toMatch(/^exited 9 0 /);
    expect(await said()).toMatch(/^clean \d+ 0$/);
    await holders.allGone;
  });

  // A directory with the files of a control group: what the kernel writes there is written by the test.
  test.each([
    ["its group's own limit", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 3\noom_group_kill 1\n", true],
    ["the machine's want of memory", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 1\noom_group_kill 0\n", false],
    ["something else", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 0\n", false],
    ["something else, without the controller", undefined, false],
  ])("says before the exit whether memory was the reason: %s", async (_, events, isOver) => {
    const group = mkdtempSync(join(directory, "group-"));
    await writeFile(join(group, "cgroup.procs"), "");
    if (events !== undefined) await writeFile(join(group, "memory.events"), events);
    const { said, ended } = startGuard(build, ["exit", "3"], { flags: ["--cgroup", group] });
    expect(await said()).toMatch(/^started/);
    if (isOver) expect(await said()).toBe("oom");
    expect(await said()).toMatch(/^exited 768 /);
    expect(await said()).toBe("clean 0 0");
    expect(await ended).toBe(0);
    expect(readFileSync(join(group, "cgroup.procs"), "utf8")).toBe("0");
  });

  test.runIf(hierarchy !== undefined)(
    "puts the plugin into its control group, ends whatever is there, and removes it",
    async () => {
      const delegated = hierarchy!.make();
      onTestFinished(() => delegated.remove());
      const group = join(delegated.directory, `${build}-group`);
      mkdirSync(group);
      const stranger = spawn("sleep", ["1000"]);
      const strangerGone = new Promise((resolve) => stranger.once("exit", (_, signal) => resolve(signal)));
      await writeFile(join(group, "cgroup.procs"), String(stranger.pid));
      const { child, said, status } = startGuard(build, ["wait"], { flags: ["--cgroup", group] });
      const pid = Number((await said()).split(" ")[1]);
      expect(readFileSync(`/proc/${pid}/cgroup`, "utf8")).toContain(`/${build}-group\n`);
      expect(readFileSync(`/proc/${child.pid}/cgroup`, "utf8")).not.toContain(`/${build}-group\n`);
      status.write("kill\n");
      expect(await said()).toMatch(/^exited 9 0 /);
      expect(await said()).toBe("clean 1 0");
      expect(await strangerGone).toBe("SIGKILL");
      expect(existsSync(group)).toBe(false);
    },
  );

  test("leaves the sanitizers nothing to say", () => {
    const complaints = readdirSync(directory).filter((name) => name.startsWith("sanitizer"));
    expect(complaints.map((name) => readFileSync(join(directory, name), "utf8"))).toEqual([]);
  });
});
