/** A plugin that tries to break out, wall by wall. What its attempts come to is the table in docs/sandbox.md. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { once } from "node:events";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Grants } from "../../../protocol/config.ts";
import { spawnProcess } from "../../../src/io/process/process.ts";
import type { ProcessSpec } from "../../../src/io/process/plugin-process.ts";
import { findBubblewrap } from "../../../src/io/sandbox/prepare.ts";
import { compile, GUARD_SOURCE } from "../../fixtures/process/compile.ts";

/** Missing in CI, it is a failure and not a reason to skip. */
const skipped =
  process.platform !== "linux" || (findBubblewrap() === undefined && process.env["CI"] === undefined);
const isRoot = process.getuid?.() === 0;
const fixtures = path.join(import.meta.dirname, "../../fixtures/sandbox");
const root = path.join(import.meta.dirname, "../../..");

let home = "";
let state = "";
let dataDir = "";
let guard = "";
let breakout = "";
let landlock = 0;
const servers: Server[] = [];
let port = "";
const victim = skipped ? undefined : spawn("sleep", ["1000"]);

beforeAll(async () => {
  if (skipped) return;
  // Not below /tmp, which a basic sandbox leaves open, and of which a strict one has its own.
  const base = root.startsWith("/tmp/") ? homedir() : path.join(root, "build");
  mkdirSync(base, { recursive: true });
  home = mkdtempSync(path.join(base, "sandbox-"));
  state = path.join(home, "state");
  dataDir = path.join(state, "data", "breakout");
  mkdirSync(dataDir, { recursive: true });
  for (const name of ["home/secret", "state/journal", "bin/.keep"]) {
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    writeFileSync(path.join(home, name), "secret");
  }
  guard = compile(GUARD_SOURCE, path.join(home, "bin", "guard"), "-O2");
  breakout = compile(path.join(fixtures, "breakout.c"), path.join(home, "bin", "breakout"));
  landlock = Number(/^landlock (\d+)/m.exec(execFileSync(guard, ["--probe"], { encoding: "utf8" }))?.[1]);
  const tcp = createServer();
  const unix = createServer();
  servers.push(tcp, unix);
  await once(tcp.listen(0, "127.0.0.1"), "listening");
  await once(unix.listen(socketPath()), "listening");
  port = String((tcp.address() as AddressInfo).port);
});

afterAll(() => {
  for (const server of servers) server.close();
  victim?.kill("SIGKILL");
  if (home !== "") rmSync(home, { recursive: true });
});

/** Short enough for a socket, and where a grant of all that is the user's would reach it. */
const sockets = skipped ? "" : mkdtempSync(path.join(tmpdir(), "bulkhead-sandbox-"));
const socketPath = () => path.join(sockets, "control.sock");
afterAll(() => rmSync(sockets, { recursive: true, force: true }));

type Mode = "none" | "basic" | "strict";
type Attempt = readonly [what: string, argument: string];

function specify(
  mode: Mode,
  attempts: readonly Attempt[],
  grants: Partial<Grants>,
  more: Partial<ProcessSpec>,
): ProcessSpec {
  const all = { read: [], write: [], devices: [], network: false, ...grants };
  return {
    command: breakout,
    args: attempts.flat(),
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", SECRET: "" },
    guard,
    dataDir,
    hidden: [state, socketPath()],
    sandbox: mode === "none" ? { mode } : { mode, grants: all },
    ...more,
  };
}

async function start(
  mode: Mode,
  attempts: readonly Attempt[],
  grants: Partial<Grants> = {},
  more: Partial<ProcessSpec> = {},
) {
  const started = await spawnProcess(specify(mode, attempts, grants, more));
  if (!started.ok) throw new Error(started.failure.message);
  return started.process;
}

/** What came of each attempt, in order. */
async function outcomes(
  mode: Mode,
  attempts: readonly Attempt[],
  grants: Partial<Grants> = {},
  more: Partial<ProcessSpec> = {},
) {
  const process = await start(mode, attempts, grants, more);
  process.stderr.resume();
  const [said, exit, gone] = await Promise.all([text(process.stdout), process.exited, process.gone]);
  return {
    lines: said
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(line.indexOf(": ") + 2)),
    exit,
    gone,
  };
}

async function refusal(mode: Mode, grants: Partial<Grants> = {}, more: Partial<ProcessSpec> = {}) {
  const started = await spawnProcess(specify(mode, [], grants, more));
  if (started.ok) throw new Error("it was started");
  return started.failure;
}

/**
 * An attempt, and what it comes to; null: not tried without a sandbox, where it would do harm. Those with a label are
 * the table of docs/sandbox.md.
 */
type Wall = readonly [
  what: string,
  argument: () => string,
  none: string | null,
  basic: string,
  strict: string,
  label?: string,
];
const walls: readonly Wall[] = [
  ["read", () => path.join(home, "home/secret"), "open", "EACCES", "ENOENT", "read a file of the user's"],
  ["read", () => path.join(state, "journal"), "open", "EACCES", "ENOENT", "read the state directory"],
  ["read", () => path.dirname(home), "open", "EACCES", "open"],
  ["read", () => "/etc/passwd", "open", "open", "ENOENT", "read `/etc/passwd`"],
  ["read", () => "/usr/bin/env", "open", "open", "open", "read and run what is in `/usr`"],
  ["write", () => path.join(home, "home/new"), "open", "EACCES", "ENOENT", "write a file of the user's"],
  ["write", () => path.join(home, "bin/new"), "open", "EACCES", "EROFS", "write beside its executable"],
  ["write", () => breakout, "ETXTBSY", "ETXTBSY", "ETXTBSY", "write its executable"],
  ["write", () => "/usr/bin/env", null, "EACCES", "EROFS", "write into `/usr`"],
  ["write", () => "/new", null, "EACCES", "EROFS"],
  ["write", () => "/dev/new", null, "EACCES", "EROFS"],
  ["write", () => path.join(dataDir, "own"), "open", "open", "open", "write its data directory"],
  ["write", () => "/dev/null", "open", "open", "open"],
  // Root needs no capability to set what the kernel does, a program to start at every crash among it.
  ["device", () => "/proc/sys/kernel/core_pattern", null, "EACCES", isRoot ? "EROFS" : "EACCES"],
  ["device", () => "/proc/self/comm", "open", "EACCES", "EROFS"],
  ["device", () => "/dev/kmsg", null, "EACCES", "ENOENT", "open a device"],
  ["unix", socketPath, "open", "EACCES", "ENOENT", "connect to the control socket"],
  ["unix", () => "@nobody-listens-here", "ECONNREFUSED", "EACCES", "ECONNREFUSED"],
  ["datagram", socketPath, "EPROTOTYPE", "EACCES", "ENOENT"],
  ["pair", () => "1", "open", "open", "open"],
  ["pair", () => "5", "open", "open", "open"],
  ["tcp", () => port, "open", "EACCES", "ECONNREFUSED", "connect to a port of this machine"],
  ["kill", () => String(victim?.pid), "open", "EPERM", "ESRCH", "signal another process of the user"],
  ["limit", () => String(victim?.pid), "open", "EPERM", "EPERM"],
  ["limit", () => "-1", null, "EPERM", "EPERM"],
  ["limit", () => "0", "open", "open", "open"],
  ["trace", () => String(victim?.pid), null, "EPERM", "EPERM", "trace another process (`ptrace`)"],
  ["memory of", () => String(victim?.pid), null, "EACCES", "ENOENT", "open another process's memory"],
  ["trace", () => "0", null, "EPERM", "EPERM", "trace its guard"],
  ["memory of", () => "0", null, "EACCES", "EACCES", "open its guard's memory"],
  ["mount", () => "/tmp", null, "EPERM", "EPERM", "mount"],
  ["chroot", () => "/", null, "EPERM", "EPERM", "change its root"],
  ["unshare", () => "", "open", "EPERM", "EPERM", "make a user namespace (`unshare`, `clone`)"],
  ["clone", () => "", null, "EPERM", "EPERM"],
  ["clone3", () => "", "EINVAL", "ENOSYS", "ENOSYS"],
  ["type", () => "0", "ENOTTY", "EPERM", "EPERM", "type into a terminal (`TIOCSTI`)"],
  ["keys", () => "", null, "EPERM", "EPERM", "use the kernel's keyrings"],
  ["bpf", () => "", null, "EPERM", "EPERM", "load a BPF program"],
  ["perf", () => "", null, "EPERM", "EPERM", "open performance counters"],
  ["userfaultfd", () => "", null, "EPERM", "EPERM", "use `userfaultfd`"],
  ["io_uring", () => "", null, "ENOSYS", "ENOSYS", "use `io_uring`"],
  ["module", () => "", null, "EPERM", "EPERM", "load or unload a kernel module"],
];
/** Held by Landlock alone, and from which version on. */
const byLandlock: Readonly<Record<string, number>> = {
  read: 1,
  write: 1,
  device: 1,
  "memory of": 1,
  kill: 6,
};

const cell = (result: string | null) =>
  result === null ? "not tried" : result === "open" ? "**open**" : `\`${result}\``;

const held = async (mode: Mode, grants: Partial<Grants> = {}) => {
  const process = await start(
    mode,
    [
      ["umask", ""],
      ["wait", ""],
    ],
    grants,
  );
  await once(process.stdout, "data");
  process.kill();
  await process.gone;
  return Object.fromEntries(process.enforced.map(({ item, holds }) => [item, holds]));
};

describe.skipIf(skipped)("a plugin that tries to break out", () => {
  test.each(["none", "basic", "strict"] as const)(
    "sandbox = %s: each attempt comes to what is documented",
    async (mode) => {
      const column = { none: 2, basic: 3, strict: 4 } as const;
      const tried = walls.filter(([what, , none]) => {
        if (mode === "none") return none !== null;
        return mode === "strict" || landlock >= (byLandlock[what] ?? 0);
      });
      const attempts = tried.map(([what, argument]) => [what, argument()] as const);
      const { lines, exit } = await outcomes(mode, attempts);
      const named = (results: readonly (string | null | undefined)[]) =>
        tried.map(([what, argument], index) => `${what} ${argument()}: ${results[index]}`);
      expect(named(lines)).toEqual(named(tried.map((wall) => wall[column[mode]])));
      expect(exit).toMatchObject({ code: 0, signal: null });
      expect(readFileSync(path.join(home, "home/secret"), "utf8")).toBe("secret");
    },
  );

  test("the table of the documentation is what happens", () => {
    const documentation = readFileSync(path.join(root, "docs/sandbox.md"), "utf8");
    const rows = walls.flatMap(([, , none, basic, strict, label]) =>
      label === undefined ? [] : [`| ${label} | ${[none, basic, strict].map(cell).join(" | ")} |`],
    );
    const written = documentation.split("\n").filter((line) => /^\| .* \| .* \| .* \| .* \|$/.test(line));
    expect(written.slice(2)).toEqual(rows);
  });

  test("strict: it sees its own processes only, works in its own directory, and leaves files to nobody else", async () => {
    const { lines } = await outcomes("strict", [
      ["processes", ""],
      ["directory", ""],
      ["variable", "HOME"],
      ["umask", ""],
    ]);
    expect(lines).toEqual(["2", dataDir, dataDir, "077"]);
  });

  test("strict: it can not kill its guard, and how it ends is told all the same", async () => {
    const { lines, exit } = await outcomes("strict", [
      ["kill", "0"],
      ["umask", ""],
      ["exit", "7"],
    ]);
    // The kernel takes the signal, and keeps it from process 1 of the namespace.
    expect(lines).toEqual(["open", "077"]);
    expect(exit).toMatchObject({ code: 7, signal: null });
  });

  test.each([
    ["11", "SIGSEGV"],
    ["6", "SIGABRT"],
    ["9", "SIGKILL"],
  ])("strict: signal %s is reported as itself, not as a status", async (number, signal) => {
    const { exit, gone } = await outcomes("strict", [["signal", number]]);
    expect(exit).toMatchObject({ code: null, signal });
    expect(gone).toEqual({ killed: 0, left: 0 });
  });

  test("strict: what it leaves behind ends with it", async () => {
    const { exit, gone } = await outcomes("strict", [["leave", ""]]);
    expect(exit.code).toBe(0);
    expect(gone).toEqual({ killed: 1, left: 0 });
  });

  test("strict: it is told to leave, and killed, like any other", async () => {
    const polite = await start("strict", [
      ["umask", ""],
      ["wait", ""],
    ]);
    await once(polite.stdout, "data");
    polite.terminate();
    expect(await polite.exited).toMatchObject({ signal: "SIGTERM" });
    const stubborn = await start("strict", [
      ["umask", ""],
      ["wait", ""],
    ]);
    await once(stubborn.stdout, "data");
    stubborn.kill();
    expect(await stubborn.exited).toMatchObject({ signal: "SIGKILL" });
    expect(await stubborn.gone).toMatchObject({ left: 0 });
  });

  test.each(["basic", "strict"] as const)("%s: limits hold", async (mode) => {
    const limits = { memory: 128 * 1024 * 1024 };
    const { lines } = await outcomes(
      mode,
      [
        ["allocate", "16"],
        ["allocate", "256"],
      ],
      {},
      { limits },
    );
    expect(lines).toEqual(["open", "ENOMEM"]);
  });

  test.each(["basic", "strict"] as const)("%s: what is granted is open", async (mode) => {
    const outside = path.join(home, "home");
    const secret = path.join(outside, "secret");
    const refused = mode === "basic" ? "EACCES" : "EROFS";
    const read = await outcomes(
      mode,
      [
        ["read", secret],
        ["write", secret],
        ["tcp", port],
      ],
      { read: [outside] },
    );
    expect(read.lines.slice(0, 2)).toEqual(["open", refused]);
    const write = await outcomes(
      mode,
      [
        ["write", path.join(outside, mode)],
        ["tcp", port],
      ],
      { write: [outside], network: true },
    );
    expect(write.lines).toEqual(["open", "open"]);
  });

  test("strict: a grant of everything above leaves out the state and the control socket", async () => {
    const attempts = [
      ["read", path.join(home, "home/secret")],
      ["read", path.join(state, "journal")],
      ["write", path.join(dataDir, "own")],
      ["unix", socketPath()],
    ] as const;
    const { lines } = await outcomes("strict", attempts, { write: [home, sockets] });
    expect(lines).toEqual(["open", "ENOENT", "open", "ECONNREFUSED"]);
  });

  test("strict: nor can what leads to the state be moved away, to put another in its place", async () => {
    const granted = path.join(home, "granted");
    const between = path.join(granted, "between");
    const deep = path.join(between, "state");
    const own = path.join(deep, "data");
    mkdirSync(own, { recursive: true });
    mkdirSync(path.join(granted, "other"));
    const attempts = [
      ["move", deep],
      ["move", between],
      ["move", path.join(granted, "other")],
      ["write", path.join(between, "new")],
    ] as const;
    const { lines } = await outcomes(
      "strict",
      attempts,
      { write: [granted] },
      { hidden: [deep], dataDir: own },
    );
    expect(lines).toEqual(["EBUSY", "EBUSY", "open", "open"]);
  });

  test.each(["/", "/proc", "/proc/sys"])(
    "strict: %s is not to be granted, because the machine's processes and kernel come with it",
    async (place) => {
      expect(await refusal("strict", { read: [place] })).toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining(`grants.read: ${place} `),
      });
    },
  );

  test("basic: the state is out of reach beside the executable, too", async () => {
    const journal = path.join(home, "bin/journal");
    writeFileSync(journal, "secret");
    const { lines } = await outcomes(
      "basic",
      [
        ["read", journal],
        ["read", breakout],
      ],
      {},
      { hidden: [journal] },
    );
    expect(lines).toEqual(["EACCES", "open"]);
  });

  test.each(["basic", "strict"] as const)(
    "%s: an executable may be a link to one elsewhere",
    async (mode) => {
      const link = path.join(home, "home", `link-${mode}`);
      symlinkSync(breakout, link);
      const { lines } = await outcomes(mode, [["umask", ""]], {}, { command: link });
      expect(lines).toEqual(["077"]);
    },
  );

  test("basic: such a grant is refused, because nothing could be left out", async () => {
    expect(await refusal("basic", { read: [home] })).toMatchObject({
      code: "config_invalid",
      transient: false,
    });
  });

  test.each(["basic", "strict"] as const)(
    "%s: a grant of nothing, or of what is Bulkhead's, is refused",
    async (mode) => {
      expect((await refusal(mode, { read: ["/no/such/place"] })).message).toContain(
        "/no/such/place does not exist",
      );
      expect((await refusal(mode, { write: [path.join(state, "data")] })).message).toContain(
        "Bulkhead's own",
      );
    },
  );

  test("strict: a script runs where it stands, with nothing else of its directory", async () => {
    const script = path.join(home, "bin", "script.sh");
    writeFileSync(script, '#!/bin/sh\necho "$0: $(ls "$(dirname "$0")")"\n', { mode: 0o755 });
    const { lines } = await outcomes("strict", [], {}, { command: script });
    expect(lines).toEqual(["script.sh"]);
  });

  // The runner of these tests may itself have been handed some: without them it is another path.
  const nothing = 'for it in /proc/self/fd/*; do n=${it##*/}; [ "$n" -gt 2 ] && eval "exec $n>&-"; done';
  test.each([
    ["none", true, "some"],
    ["none", false, "some"],
    ["none", false, "no"],
    ["basic", true, "some"],
    ["strict", true, "some"],
  ] as const)(
    "no descriptor of the supervisor's reaches it: sandbox = %s, guard: %s, %s inherited",
    (mode, guarded, inherited) => {
      const heir = [
        process.execPath,
        path.join(fixtures, "heir.ts"),
        breakout,
        mode,
        dataDir,
        ...(guarded ? [guard] : []),
      ];
      const handed = inherited === "some" ? "exec 3</etc/hosts 5<. 9>/dev/zero {high}</etc/hosts" : nothing;
      const said = execFileSync("bash", ["-c", `${handed}; exec "$@"`, "bash", ...heir], {
        encoding: "utf8",
      });
      expect(said).toBe("descriptors: 0\n");
    },
  );
});

describe.skipIf(skipped)("what is enforced is read from the process", () => {
  test("strict: all of it, but a network that was granted", async () => {
    expect(new Set(Object.values(await held("strict")))).toEqual(new Set([true]));
    const open = Object.entries(await held("strict", { network: true })).filter(([, holds]) => !holds);
    expect(open).toEqual([["network", false]]);
  });

  test("basic: what needs a namespace does not hold", async () => {
    expect(await held("basic")).toMatchObject({
      privileges: true,
      capabilities: true,
      calls: true,
      files: landlock >= 3,
      processes: landlock >= 6,
      network: true,
      "control socket": true,
      "shared memory": false,
    });
  });

  test("none: nothing is claimed", async () => {
    expect(await held("none")).toEqual({});
  });
});

describe.skipIf(skipped)("a sandbox that can't be had", () => {
  test("strict needs the guard, and says so", async () => {
    expect(await refusal("strict", {}, { guard: undefined })).toMatchObject({
      code: "sandbox_unavailable",
      detail: { item: "guard" },
      transient: false,
    });
  });

  test("basic without a guard runs, and claims nothing but the environment", async () => {
    const process = await start("basic", [], {}, { guard: undefined });
    expect(process.enforced.filter(({ holds }) => holds).map(({ item }) => item)).toEqual(["environment"]);
    await process.gone;
  });

  test.each([
    ["bwrap: No permissions to create new namespace", "sandbox_unavailable", "namespaces"],
    ["bwrap: Can't mount proc on /newroot/proc", "sandbox_unavailable", "bubblewrap"],
    ["bwrap: Creating new namespace failed: Resource temporarily unavailable", "spawn_failed", undefined],
  ])("bubblewrap's own words say what is missing: %s", async (words, code, item) => {
    const fake = path.join(home, "bin", "bwrap");
    writeFileSync(fake, `#!/bin/sh\necho "${words}" >&2\nexit 1\n`, { mode: 0o755 });
    process.env["BULKHEAD_BWRAP"] = fake;
    try {
      const failure = await refusal("strict");
      expect(failure).toMatchObject({ code, transient: item === undefined });
      expect(failure.detail?.item).toBe(item);
      expect(failure.message).toContain(words.replace("bwrap: ", ""));
    } finally {
      delete process.env["BULKHEAD_BWRAP"];
    }
  });

  test.each([
    ["", "no bwrap is on the PATH"],
    ["/no/such/bwrap", "BULKHEAD_BWRAP names /no/such/bwrap, which can't be executed"],
  ])("strict needs bubblewrap, and says so: BULKHEAD_BWRAP=%s", async (named, why) => {
    process.env["BULKHEAD_BWRAP"] = named;
    try {
      expect(await refusal("strict")).toMatchObject({
        code: "sandbox_unavailable",
        message: expect.stringContaining(why),
        detail: { item: "bubblewrap" },
      });
    } finally {
      delete process.env["BULKHEAD_BWRAP"];
    }
  });
});
