import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { SupervisorOptions } from "../../src/supervisor/options.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

type Entry = NonNullable<SupervisorOptions["plugins"]>[string];

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Buffer, mode = 0o755): string {
  const target = path.join(directory, name);
  writeFileSync(target, content);
  chmodSync(target, mode);
  return target;
}

/** An ELF header for a machine that this one is not (e_machine of SPARC V9), and nothing else. */
function foreignExecutable(): Buffer {
  const elf = Buffer.alloc(64);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.writeUInt16LE(2, 16);
  elf.writeUInt16LE(43, 18);
  elf.writeUInt32LE(1, 20);
  return elf;
}

const mismatch = createHash("sha256").update("another file").digest("hex");

const permanent: [what: string, entry: Entry, code: string, message: RegExp][] = [
  [
    "a missing file",
    { command: path.join(directory, "missing") },
    "executable_not_found",
    /missing does not exist/,
  ],
  ["a directory", { command: directory }, "not_a_file", /is a directory/],
  [
    "a file without execute permission",
    { command: file("plain", "#!/bin/sh\n", 0o644) },
    "not_executable",
    /execute permission/,
  ],
  ["a text file", { command: file("text", "hello\n") }, "not_executable", /text/],
  [
    "a binary of another machine",
    { command: file("foreign", foreignExecutable()) },
    "wrong_architecture",
    /is built for .*, this machine is/,
  ],
  [
    "a file whose hash is not the pinned one",
    fixture({}, { sha256: mismatch }),
    "checksum_mismatch",
    new RegExp(mismatch),
  ],
  [
    "a newer protocol",
    fixture({ protocol: "2" }),
    "incompatible_protocol",
    /speaks protocol 2, this supervisor 1: upgrade Bulkhead/,
  ],
  [
    "a refused protocol",
    fixture({ refuse: "2-3" }),
    "incompatible_protocol",
    /speaks protocol 2 to 3, this supervisor 1: upgrade Bulkhead/,
  ],
  [
    "an older api",
    fixture({ api: "1.4.0" }, { apis: { fixture: "^2.0.0" } }),
    "incompatible_api",
    /\^2\.0\.0 is required, the plugin offers 1\.4\.0 \(upgrade the plugin\)/,
  ],
  [
    "a newer api",
    fixture({ api: "9.0.0" }, { apis: { fixture: "^1.0.0" } }),
    "incompatible_api",
    /offers 9\.0\.0 \(the plugin is newer/,
  ],
  [
    "an api that is not offered",
    fixture({}, { apis: { other: "*" } }),
    "incompatible_api",
    /does not offer it/,
  ],
  [
    "a configuration that the plugin refuses",
    fixture({
      activate:
        '{"code":-32002,"message":"no such folder","data":{"code":"config_invalid","path":"/roots/0"}}',
    }),
    "config_invalid",
    /\/roots\/0: no such folder/,
  ],
  [
    "a description that does not fit",
    fixture({ describe: '{"protocol":1,"plugin":{"name":"Bad Name","version":"1.0.0"},"apis":[]}' }),
    "bad_description",
    /\/plugin\/name/,
  ],
];

describe("permanent failures are failed with their own code, and not retried", () => {
  test.each(permanent)("%s", async (_what, entry, code, message) => {
    const supervisor = await supervise({ one: entry });
    const error = await failure(supervisor.wait("one", "ready"));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    const status = supervisor.status("one");
    expect(status).toMatchObject({
      state: "failed",
      error: { code },
      retryAt: null,
      generation: 1,
      restarts: 0,
    });
    expect(status.error?.hint).not.toBe("");
    const [crash] = await supervisor.journal.crashes({});
    expect(crash).toMatchObject({ class: "permanent", decision: { action: "give_up", code } });
    expect(await failure(supervisor.call("one/fixture.echo", {}))).toMatchObject({
      code: "plugin_unavailable",
      settlement: "not_sent",
    });
  });
});

const transient: [what: string, entry: Entry, code: string][] = [
  ["an exit during the handshake", fixture({ exit: "3" }), "exited_in_handshake"],
  ["an exit with status 0 during the handshake", fixture({ exit: "0" }), "exited_in_handshake"],
  [
    "no answer to initialize",
    fixture({ initialize: "never" }, { timeouts: { handshake: "100ms" } }),
    "handshake_timeout",
  ],
  [
    "no answer to activate",
    fixture({ activate: "never" }, { timeouts: { handshake: "400ms" } }),
    "handshake_timeout",
  ],
  ["an error of its own", fixture({ activate: '{"code":-32603,"message":"no disk"}' }), "handshake_failed"],
];

describe("what may pass is tried again", () => {
  test.each(transient)("%s", async (_what, entry, code) => {
    const supervisor = await supervise({
      one: { ...entry, restart: { min_delay: "10ms", max_failures: 1 } },
    });
    await event(supervisor, "plugin.gave_up");
    const crashes = await supervisor.journal.crashes({});
    expect(crashes).toHaveLength(2);
    for (const crash of crashes) {
      expect(crash).toMatchObject({
        class: "transient",
        cause: { kind: "start_failure", failure: { code } },
      });
    }
    await failure(supervisor.wait("one", "ready"));
    expect(supervisor.status("one")).toMatchObject({
      state: "failed",
      error: { code: "crash_loop" },
      restarts: 1,
    });
  });
});

test("a permanently failed plugin starts as soon as its file changes", async () => {
  const target = path.join(directory, "late");
  const supervisor = await supervise({ one: { ...fixture(), command: target } });
  await failure(supervisor.wait("one", "ready"));
  const serving = event(supervisor, "plugin.state", ({ to }) => to === "serving");
  copyFileSync(process.execPath, `${target}.new`);
  chmodSync(`${target}.new`, 0o755);
  const { renameSync } = await import("node:fs");
  renameSync(`${target}.new`, target);
  await serving;
  expect(supervisor.status("one").sha256).toBe(
    createHash("sha256").update(readFileSync(target)).digest("hex"),
  );
});

test("one plugin that can not start does not keep another from serving", async () => {
  const supervisor = await supervise({ bad: { command: directory }, good: fixture() });
  await failure(supervisor.wait("bad", "ready"));
  expect(await supervisor.call("good/fixture.echo", { ok: true })).toEqual({ ok: true });
});
