import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newKey, signatureOf } from "../helpers/minisign.ts";
import { failure, supervise } from "../helpers/supervisor.ts";

const fixture = fileURLToPath(new URL("../fixtures/plugin/plugin.mjs", import.meta.url));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "bulkhead-trust-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A plugin that is a script, and the hash of it. `more` runs before it is ready. */
function script(more = ""): { command: string; sha256: string } {
  const command = path.join(dir, "plugin.mjs");
  const text = `#!${process.execPath}\n${more}\nawait import(${JSON.stringify(fixture)});\n`;
  writeFileSync(command, text);
  chmodSync(command, 0o755);
  return { command, sha256: hash(text) };
}

const hash = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex");

describe("a script with a pin", () => {
  test("runs what was hashed, knows where it came from, and may be rewritten while it starts", async () => {
    const told = path.join(dir, "told");
    const fact = `JSON.stringify([import.meta.filename, process.env.BULKHEAD_EXECUTABLE])`;
    const { command, sha256 } = script(
      `const { writeFileSync } = await import("node:fs");
writeFileSync(process.env.BULKHEAD_EXECUTABLE, "#!/bin/false\\n");
writeFileSync(${JSON.stringify(told)}, ${fact});`,
    );
    const stateDir = path.join(dir, "state");
    const supervisor = await supervise({ one: { command, sha256 } }, { stateDir });
    await supervisor.wait("one", "ready");
    expect(supervisor.status("one")).toMatchObject({ executable: command, sha256 });
    expect(JSON.parse(readFileSync(told, "utf8"))).toEqual([
      path.join(stateDir, "executables/one", sha256, "plugin.mjs"),
      command,
    ]);
    // What it has done to its own file is found at the next start.
    const error = await failure(supervisor.restart("one"));
    expect(error.message).toContain(hash("#!/bin/false\n"));
    expect(error.message).toContain(sha256);
  });

  test("and in_place runs where it stands", async () => {
    const told = path.join(dir, "told");
    const { command, sha256 } = script(
      `(await import("node:fs")).writeFileSync(${JSON.stringify(told)}, import.meta.filename);`,
    );
    const supervisor = await supervise({ one: { command, sha256, in_place: true } });
    await supervisor.wait("one", "ready");
    expect(readFileSync(told, "utf8")).toBe(command);
  });
});

describe("the record", () => {
  test("has each start with the hash of what was started, and what vouches for it", async () => {
    const { command, sha256 } = script();
    const key = newKey();
    writeFileSync(`${command}.minisig`, signatureOf(readFileSync(command), key));
    const entry = { command, sha256, signed_by: [key.publicKey] };
    const supervisor = await supervise({ plain: { command }, signed: entry });
    const startOf = async (plugin: string) => {
      await supervisor.wait(plugin, "ready");
      const events = await supervisor.journal.events({ plugin });
      return events.find((each) => each.type === "session.state" && each.to === "handshaking");
    };
    const plain = await startOf("plain");
    expect(plain).toMatchObject({ generation: 1, sha256 });
    expect(plain).not.toHaveProperty("vouched");
    expect(await startOf("signed")).toMatchObject({
      sha256,
      vouched: ["sha256", expect.stringMatching(/^key [0-9A-F]{16}$/)],
    });
  });

  test("has each refusal, with both hashes", async () => {
    const { command, sha256 } = script();
    const accepted = hash("another file");
    const supervisor = await supervise({ one: { command, sha256: accepted } });
    await failure(supervisor.wait("one", "ready"));
    const events = await supervisor.journal.events({ plugin: "one" });
    const refusal = events.find(({ type }) => type === "plugin.gave_up");
    expect(refusal).toMatchObject({ code: "checksum_mismatch" });
    expect(JSON.stringify(refusal)).toContain(sha256);
    expect(JSON.stringify(refusal)).toContain(accepted);
  });
});

test("a plugin without the signature that its entry asks for is not run, and not tried again", async () => {
  const ran = path.join(dir, "ran");
  const { command } = script(`(await import("node:fs")).writeFileSync(${JSON.stringify(ran)}, "");`);
  const supervisor = await supervise({ one: { command, signed_by: [newKey().publicKey] } });
  expect(await failure(supervisor.wait("one", "ready"))).toMatchObject({ code: "signature_invalid" });
  expect(supervisor.status("one")).toMatchObject({ state: "failed", retryAt: null, restarts: 0 });
  expect(() => readFileSync(ran)).toThrow(/ENOENT/);
});
