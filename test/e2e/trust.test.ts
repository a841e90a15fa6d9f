/** `bulkhead.lock`: an operator accepts a file, and from then on no other one is run. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import type { SupervisorEvent } from "../../protocol/state.ts";
import type { Client } from "../../src/client/client.ts";
import { DaemonProcess } from "../helpers/daemon.ts";
import { newKey } from "../helpers/minisign.ts";
import { failure } from "../helpers/supervisor.ts";

const fixture = fileURLToPath(new URL("../fixtures/plugin/plugin.mjs", import.meta.url));
const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** A daemon with one plugin, which is a script: `write` makes another one of it, with its hash. */
async function running(more = "", head = "") {
  const daemon = new DaemonProcess(`${head}\n[plugins.one]\ncommand = "./one.mjs"\n${more}`);
  const write = (text: string, tag: string): string => {
    const content = `#!${process.execPath}\n// ${text}\nprocess.argv.push("--tag=${tag}");\nawait import(${JSON.stringify(fixture)});\n`;
    const file = path.join(daemon.directory, "one.mjs");
    rmSync(file, { force: true });
    writeFileSync(file, content);
    chmodSync(file, 0o755);
    return createHash("sha256").update(content).digest("hex");
  };
  const first = write("first", "first");
  const client = await daemon.up();
  clients.push(client);
  const lock = (): string => readFileSync(path.join(daemon.directory, "bulkhead.lock"), "utf8");
  return { daemon, client, first, write, lock };
}

async function eventsOf(client: Client, ...types: SupervisorEvent["type"][]): Promise<SupervisorEvent[]> {
  return (await client.control("event.read")).filter(({ type }) => types.includes(type));
}

const plugin = "one";

describe("accepting a plugin", () => {
  test("that runs enters its hash and version, and leaves it running", async () => {
    const { client, first, lock } = await running();
    const { pid } = await client.control("plugin.wait", { plugin, until: "ready" });
    const accepted = { plugin, sha256: first, version: "1.0.0", previous: null };
    expect(await client.control("trust.accept", { plugin })).toEqual(accepted);
    expect(lock()).toContain(`[plugins.one]\nsha256 = "${first}"\nversion = "1.0.0"\ntrusted = 2`);
    expect(await client.control("plugin.status", { plugin })).toMatchObject({ pid, state: "serving" });
    expect(await client.control("trust.list")).toMatchObject([
      { plugin, sha256: first, vouched: ["bulkhead.lock"], problem: null, accepted: { version: "1.0.0" } },
    ]);
    // Once more is nothing new.
    await client.control("trust.accept", { plugin });
    expect(await eventsOf(client, "plugin.trusted")).toMatchObject([{ sha256: first, version: "1.0.0" }]);
  });

  test("only with the hash that the operator has seen", async () => {
    const { client, first } = await running();
    const seen = "0".repeat(64);
    const error = await failure(client.control("trust.accept", { plugin, sha256: seen }));
    expect(error).toMatchObject({ code: "checksum_mismatch" });
    expect(error.message).toContain(first);
    expect(await client.control("trust.list")).toMatchObject([{ accepted: null }]);
  });

  test("does not stand in for the signature that is asked for, or for another pin", async () => {
    const { client } = await running(`signed_by = ["${newKey().publicKey}"]`);
    expect(await failure(client.control("trust.accept", { plugin }))).toMatchObject({
      code: "signature_invalid",
    });
    const pinned = await running(`sha256 = "${"0".repeat(64)}"`);
    expect(await failure(pinned.client.control("trust.accept", { plugin }))).toMatchObject({
      code: "checksum_mismatch",
    });
  });
});

describe("another file at the same version", () => {
  test("is refused with both hashes, in the answer, the report and the journal, until it is accepted", async () => {
    const { client, first, write, lock } = await running();
    await client.control("plugin.wait", { plugin, until: "ready" });
    await client.control("trust.accept", { plugin });
    const second = write("second", "second");
    const error = await failure(client.control("plugin.restart", { plugin }));
    expect(error.code).toBe("binary_changed");
    for (const each of [first, second]) expect(error.message).toContain(each);
    const [report] = await client.control("crash.list");
    expect(report).toMatchObject({
      cause: {
        failure: { code: "binary_changed", detail: { expected: first, actual: second, version: "1.0.0" } },
      },
    });
    const [refusal] = await eventsOf(client, "plugin.gave_up");
    for (const each of [first, second]) expect(JSON.stringify(refusal)).toContain(each);
    expect(await client.control("trust.list")).toMatchObject([
      { sha256: second, vouched: [], problem: { code: "binary_changed" } },
    ]);

    const previous = { sha256: first, version: "1.0.0" };
    expect(await client.control("trust.accept", { plugin })).toEqual({
      plugin,
      sha256: second,
      version: "1.0.0",
      previous,
    });
    // It was started by that, and has said its version.
    expect(await client.call("one/fixture.tag")).toBe("second");
    expect(lock()).toContain(`sha256 = "${second}"\nversion = "1.0.0"`);
    const [, update] = await eventsOf(client, "plugin.trusted");
    expect(update).toMatchObject({ sha256: second, previous });
  });

  test("that takes the place of a running one does not disturb it, and replaces it once accepted", async () => {
    const { client, write } = await running();
    await client.control("plugin.wait", { plugin, until: "ready" });
    await client.control("trust.accept", { plugin });
    write("second", "second");
    await failure(client.control("plugin.restart", { plugin, rolling: true }));
    expect(await client.call("one/fixture.tag")).toBe("first");
    await client.control("trust.accept", { plugin });
    expect(await client.call("one/fixture.tag")).toBe("second");
  });

  test("is refused by a daemon that starts with the lock as well, and the accepted one runs when it is back", async () => {
    const { daemon, client, write } = await running();
    await client.control("plugin.wait", { plugin, until: "ready" });
    await client.control("trust.accept", { plugin });
    await daemon.kill("SIGTERM");
    write("second", "second");
    const again = await daemon.up();
    clients.push(again);
    const error = await failure(again.control("plugin.wait", { plugin, until: "ready" }));
    expect(error.code).toBe("binary_changed");
    write("first", "first");
    await again.control("plugin.start", { plugin });
    expect(await again.call("one/fixture.tag")).toBe("first");
  });
});

test("what is taken out of the lock is no longer asked for, and the journal has it", async () => {
  const { client, first, write, lock } = await running();
  await client.control("plugin.wait", { plugin, until: "ready" });
  await client.control("trust.accept", { plugin });
  await client.control("trust.remove", { plugin });
  expect(lock()).not.toContain("plugins.one");
  expect(await eventsOf(client, "plugin.distrusted")).toMatchObject([{ plugin, sha256: first }]);
  write("second", "second");
  await client.control("plugin.restart", { plugin });
  expect(await client.call("one/fixture.tag")).toBe("second");
  expect(await failure(client.control("trust.remove", { plugin }))).toMatchObject({ code: "invalid_params" });
});

test("where something has to vouch for each plugin, accepting one starts it", async () => {
  const { client } = await running("", "trust.required = true");
  const error = await failure(client.control("plugin.wait", { plugin, until: "ready" }));
  expect(error.code).toBe("not_trusted");
  expect(await client.control("trust.accept", { plugin })).toMatchObject({ version: "1.0.0" });
  expect(await client.call("one/fixture.tag")).toBe("first");
});

test("a lock that can not be read leaves everything as it is, and says where it is wrong", async () => {
  const { daemon, client } = await running();
  writeFileSync(path.join(daemon.directory, "bulkhead.lock"), "lock = 7\n");
  const error = await failure(client.control("config.reload"));
  expect(error.code).toBe("invalid_config");
  expect(error.message).toContain("bulkhead.lock:1: lock: found 7, must be 1");
});

test("the command line lists, accepts, and warns of another file at the same version", async () => {
  const { daemon, client, first, write } = await running();
  await client.control("plugin.wait", { plugin, until: "ready" });
  const trust = (...words: string[]) =>
    promisify(execFile)(process.execPath, [entry, "--state-dir", daemon.stateDir, "trust", ...words], {
      env: { PATH: process.env["PATH"], HOME: daemon.directory, NO_COLOR: "1" },
    });
  expect((await trust("list")).stdout).toMatch(/^one +[0-9a-f]{12} +nothing vouches for it/m);
  expect((await trust("--all")).stdout).toBe(`one: accepted SHA-256 ${first}, version 1.0.0\n`);
  expect((await trust()).stdout).toMatch(/^one +[0-9a-f]{12} +bulkhead\.lock +1\.0\.0/m);
  const second = write("second", "second");
  expect((await trust("list")).stderr).toContain("refused: one: its SHA-256 is");
  const accepted = await trust("one", "--sha256", second);
  expect(accepted.stdout).toContain(
    `one: accepted SHA-256 ${second}, version 1.0.0; before: SHA-256 ${first}`,
  );
  expect(accepted.stderr).toContain("one is another file than before, and still calls itself version 1.0.0");
  expect((await trust("one", "--remove")).stdout).toBe("one: no longer in bulkhead.lock\n");
});
