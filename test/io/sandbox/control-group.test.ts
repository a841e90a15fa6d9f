/** A real hierarchy, which takes root as a rule: without it these are skipped. Limits need its controllers too. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parseGuardLine } from "../../../src/io/process/guard.ts";
import type { Delegation } from "../../../src/io/sandbox/control-group.ts";
import { findBubblewrap } from "../../../src/io/sandbox/prepare.ts";
import { compile, GUARD_SOURCE } from "../../fixtures/process/compile.ts";
import { delegable } from "../../fixtures/sandbox/delegated.ts";
import type { DelegatedGroup } from "../../fixtures/sandbox/delegated.ts";

const fixtures = path.join(import.meta.dirname, "../../fixtures/sandbox");
const hierarchy = delegable();
let delegated: DelegatedGroup | undefined;
let top = "";
const groups = () => delegated?.groups() ?? [];
const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-groups-"));
const guard = path.join(directory, "guard");
const crowd = path.join(directory, "crowd");
const grants = { read: [], write: [], devices: [], network: false };
/** Inside of /tmp a strict sandbox has one of its own. */
const modes = ["none", "basic", ...(findBubblewrap() === undefined ? [] : ["strict"])];

beforeAll(() => {
  if (process.platform !== "linux") return;
  delegated = hierarchy?.make();
  top = delegated?.directory ?? "";
  compile(GUARD_SOURCE, guard, "-O2");
  compile(path.join(fixtures, "crowd.c"), crowd);
});
const supervisors: Promise<unknown>[] = [];
afterAll(async () => {
  await Promise.all(supervisors);
  rmSync(directory, { recursive: true });
  delegated?.remove();
});

/** What the fixture says, one or some of them at a time. */
interface Said {
  readonly delegated?: Delegation;
  /** The groups of the plugin and of its guard. */
  readonly of?: string;
  readonly guardOf?: string;
  readonly group?: unknown;
  readonly line?: string;
  readonly failure?: unknown;
  readonly exit?: unknown;
  readonly exceeded?: unknown;
  readonly gone?: unknown;
}

/** A supervisor that stands below `top`, and what it says. */
function supervise(top: string, args: readonly string[], more: Record<string, unknown> = {}) {
  const spec = { command: crowd, args, cwd: "/", env: {}, guard, dataDir: directory, ...more };
  const child = spawn(process.execPath, [path.join(fixtures, "grouped.ts"), top, JSON.stringify(spec)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  supervisors.push(once(child, "exit"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async () => {
    const line = await lines.next();
    if (line.done === true) throw new Error("it says nothing more");
    return JSON.parse(line.value) as Said;
  };
  const last = async () => {
    for (;;) {
      const each = await said();
      if ("gone" in each) return each;
    }
  };
  const tell = (word: string) => child.stdin.write(`${word}\n`);
  return { child, said, last, tell };
}

test.runIf(process.platform === "linux")("a supervisor that has none starts plugins as ever", async () => {
  const { said, tell, last } = supervise("", ["wait", ""], { usage: { memoryBytes: 64 * 1024 * 1024 } });
  const started = await said();
  if (started.delegated?.ok === false) {
    expect(started.group).toBeNull();
    expect(started.of).toBe(started.guardOf);
  }
  tell("kill");
  expect((await last()).gone).toEqual({ killed: 1, left: 0 });
});

test("the guard's word for it", () => {
  expect(parseGuardLine("oom")).toEqual({ kind: "oom" });
  expect(parseGuardLine("oom 1")).toBeUndefined();
});

const where = hierarchy === undefined ? " (skipped: no hierarchy that this user may change)" : "";

describe.runIf(hierarchy !== undefined)(`a supervisor in a delegated control group${where}`, () => {
  test.each(modes)(
    "%s: the plugin is in one of its own, its guard is not, and nothing remains",
    async (mode) => {
      const sandbox = mode === "none" ? { mode } : { mode, grants };
      const { said, tell, last } = supervise(top, ["wait", ""], { sandbox });
      const started = await said();
      expect(started.delegated).toMatchObject({ ok: true, above: top });
      const { of = "" } = started;
      expect(of).toMatch(/\/plugin-crowd-\d+-1$/);
      expect(groups()).toEqual([path.basename(of)]);
      // A strict one has two guards, and the inner one is a part of what is limited.
      expect(started.guardOf).toMatch(mode === "strict" ? /\/plugin-crowd-\d+-1$/ : /\/supervisor$/);
      tell("kill");
      expect(await last()).toMatchObject({ exit: { signal: "SIGKILL" }, exceeded: null, gone: { left: 0 } });
      expect(groups()).toEqual([]);
    },
  );

  test("the supervisor is killed: what is in the group ends, and the group with it", async () => {
    const { child, said } = supervise(top, ["wait", ""]);
    expect(await said()).toMatchObject({ of: expect.stringMatching(/plugin-crowd/) });
    child.kill("SIGKILL");
    // Nobody is left who would tell.
    await vi.waitFor(() => expect(groups()).toEqual([]), { timeout: 20_000 });
  });

  test("the guard is killed, and what escaped from the plugin's session is ended all the same", async () => {
    const { said, tell, last } = supervise(top, ["escape", ""]);
    await said();
    expect(await said()).toEqual({ line: "ready" });
    tell("guard");
    expect(await last()).toMatchObject({ exit: { guardLost: true }, gone: { left: 0 } });
    expect(groups()).toEqual([]);
  });

  test("groups that the plugin made below its own are taken away as well", async () => {
    const { said, tell, last } = supervise(top, ["nest", top]);
    await said();
    expect(await said()).toEqual({ line: "ready" });
    tell("kill");
    expect((await last()).gone).toMatchObject({ left: 0 });
    expect(groups()).toEqual([]);
  });

  test("a start that fails leaves no group behind", async () => {
    // A script of a script of a script: too many for the kernel, which only the guard is told.
    const scripts = Array.from({ length: 8 }, (_, index) => path.join(directory, `script${index}`));
    scripts.forEach((script, index) =>
      writeFileSync(script, `#!${scripts[index + 1] ?? "/bin/sh"}\n`, { mode: 0o755 }),
    );
    const { said } = supervise(top, [], { command: scripts[0] });
    expect(await said()).toMatchObject({ failure: { detail: { stage: "exec", errno: "ELOOP" } } });
    const { said: ofAnother } = supervise(top, [], { guard: path.join(directory, "no-guard") });
    expect(await ofAnother()).toMatchObject({ failure: { detail: { stage: "guard" } } });
    expect(groups()).toEqual([]);
  });

  const without =
    hierarchy?.hasControllers === true ? "" : " (skipped: memory and pids are not to be had here)";

  describe.runIf(hierarchy?.hasControllers)(`with controllers${without}`, () => {
    const memoryBytes = 64 * 1024 * 1024;

    test.each(modes)(
      "%s: processes that are small each, and too much together, are over max_memory",
      async (mode) => {
        const sandbox = mode === "none" ? { mode } : { mode, grants };
        const { said, last } = supervise(top, ["eat", "8"], { sandbox, usage: { memoryBytes } });
        expect(await said()).toMatchObject({ group: { limits: { memoryBytes, tasks: null } } });
        expect(await last()).toMatchObject({
          exit: { signal: "SIGKILL" },
          exceeded: { limit: "max_memory", detail: expect.stringMatching(/64 MiB/) },
          gone: { left: 0 },
        });
        expect(groups()).toEqual([]);
      },
    );

    test("as many of them as fit are left in peace", async () => {
      const { said, tell, last } = supervise(top, ["eat", "2"], { usage: { memoryBytes } });
      await said();
      expect(await said()).toEqual({ line: "ready" });
      tell("kill");
      expect(await last()).toMatchObject({ exceeded: null });
    });

    test.each(modes)("%s: so many processes and no more, whoever else the user runs", async (mode) => {
      const sandbox = mode === "none" ? { mode } : { mode, grants };
      const { said, tell, last } = supervise(top, ["fork", "20"], { sandbox, limits: { processes: 5 } });
      expect(await said()).toMatchObject({ group: { limits: { tasks: mode === "strict" ? 7 : 5 } } });
      expect(await said()).toEqual({ line: "4 EAGAIN" });
      tell("kill");
      expect(await last()).toMatchObject({ exceeded: null, gone: { left: 0 } });
    });
  });
});
