import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noTrust } from "../../../protocol/config.ts";
import type { Trust } from "../../../protocol/config.ts";
import { openCopy } from "../../../src/io/trust/private-copy.ts";
import { openTrusted } from "../../../src/io/trust/trusted-executable.ts";
import type { Wanted } from "../../../src/io/trust/trusted-executable.ts";
import type { OpenExecutable } from "../../../src/io/process/executable.ts";
import type { SpawnFailure } from "../../../src/io/process/spawn-failure.ts";
import { newKey, signatureOf } from "../../helpers/minisign.ts";

const content = "#!/bin/sh\necho one\n";
const other = "#!/bin/sh\necho two\n";

let dir: string;
let command: string;
let copies: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "bulkhead-trust-"));
  command = path.join(dir, "plugin.sh");
  copies = path.join(dir, "state/executables/p");
  writeFileSync(command, content);
  chmodSync(command, 0o755);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

function trusting(part: Partial<Trust>): Trust {
  return { ...noTrust, ...part };
}

async function opened(wanted: Partial<Wanted>): Promise<OpenExecutable> {
  const result = await openTrusted({ command, copies, ...wanted });
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.message}`);
  return result.executable;
}

async function refusal(wanted: Partial<Wanted>): Promise<SpawnFailure> {
  const result = await openTrusted({ command, copies, ...wanted });
  if (!result.ok) return result.failure;
  await result.executable.close();
  throw new Error("it may be run");
}

/** What is executed. */
function bytesOf({ fd }: OpenExecutable): string {
  const buffer = Buffer.alloc(1000);
  return buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, 0));
}

describe("an executable that nothing vouches for", () => {
  test("runs from where it stands", async () => {
    const executable = await opened({ trust: noTrust });
    expect(executable).toMatchObject({ path: command, sha256: hash(content), vouched: [] });
    await executable.close();
  });

  test("is refused where something has to vouch for it", async () => {
    const failure = await refusal({ trust: trusting({ refused: true }) });
    expect(failure).toMatchObject({
      code: "not_trusted",
      detail: { actual: hash(content) },
      transient: false,
    });
  });
});

describe("an executable that something vouches for", () => {
  test("runs from a private copy that nobody else may write or look at", async () => {
    const executable = await opened({ sha256: hash(content) });
    expect(executable.path).toBe(path.join(copies, hash(content), "plugin.sh"));
    expect(executable.vouched).toEqual(["sha256"]);
    expect(bytesOf(executable)).toBe(content);
    expect(statSync(executable.path).mode & 0o777).toBe(0o500);
    for (const each of [path.dirname(executable.path), copies])
      expect(statSync(each).mode & 0o777).toBe(0o700);
    await executable.close();
  });

  test("is not affected by what is written to the original afterwards", async () => {
    const executable = await opened({ sha256: hash(content) });
    writeFileSync(command, other);
    expect(bytesOf(executable)).toBe(content);
    expect(readFileSync(executable.path, "utf8")).toBe(content);
    await executable.close();
  });

  test("is hashed again at each start: a copy that was tampered with is made anew", async () => {
    const first = await opened({ sha256: hash(content) });
    await first.close();
    chmodSync(first.path, 0o700);
    writeFileSync(first.path, other);
    const second = await opened({ sha256: hash(content) });
    expect(second.path).toBe(first.path);
    expect(bytesOf(second)).toBe(content);
    await second.close();
  });

  test("is refused when it is another file, even of the same size and times", async () => {
    const { atime, mtime } = statSync(command);
    await (await opened({ sha256: hash(content) })).close();
    writeFileSync(command, other);
    utimesSync(command, atime, mtime);
    expect(await refusal({ sha256: hash(content) })).toMatchObject({
      code: "checksum_mismatch",
      detail: { expected: hash(content), actual: hash(other) },
    });
  });

  test("leaves the last two copies behind, and no more", async () => {
    const versions = [content, other, "#!/bin/sh\necho three\n"];
    for (const [index, each] of versions.entries()) {
      writeFileSync(command, each);
      await (await opened({ sha256: hash(each) })).close();
      // The file system's clock may be too coarse to tell which came first.
      utimesSync(path.join(copies, hash(each)), index, index);
    }
    expect(readdirSync(copies).sort()).toEqual([hash(other), hash(versions[2] ?? "")].sort());
  });

  test("runs from where it stands when its entry says so", async () => {
    const executable = await opened({ sha256: hash(content), trust: trusting({ inPlace: true }) });
    expect(executable).toMatchObject({ path: command, vouched: ["sha256"] });
    await executable.close();
  });

  test("is copied no further once nobody waits for it: it may have been made endless since it was hashed", async () => {
    const original = await opened({ trust: noTrust });
    const copied = await openCopy(original, copies, AbortSignal.abort());
    await original.close();
    expect(copied).toMatchObject({ ok: false, failure: { transient: true } });
    expect(readdirSync(path.join(copies, original.sha256))).toEqual([]);
  });

  test("is refused, and not run unprotected, where no copy can be made", async () => {
    const failure = await refusal({ sha256: hash(content), copies: path.join(command, "below-a-file") });
    expect(failure).toMatchObject({ code: "spawn_failed", detail: { stage: "copy", errno: "ENOTDIR" } });
  });
});

describe("what bulkhead.lock says", () => {
  test("lets the accepted file run", async () => {
    const executable = await opened({ trust: trusting({ locked: { sha256: hash(content) } }) });
    expect(executable.vouched).toEqual(["bulkhead.lock"]);
    await executable.close();
  });

  test("refuses any other with both hashes and the accepted version, and copies nothing", async () => {
    const failure = await refusal({ trust: trusting({ locked: { sha256: hash(other), version: "1.2.0" } }) });
    expect(failure).toMatchObject({
      code: "binary_changed",
      detail: { expected: hash(other), actual: hash(content), version: "1.2.0" },
      transient: false,
    });
    expect(failure.message).toContain(hash(content));
    expect(failure.message).toContain(`${hash(other)}, version 1.2.0`);
    expect(() => statSync(copies)).toThrow(/ENOENT/);
  });

  test("and a pin both have to hold", async () => {
    const locked = { sha256: hash(content) };
    expect(await refusal({ sha256: hash(other), trust: trusting({ locked }) })).toMatchObject({
      code: "checksum_mismatch",
    });
  });
});

describe("a signature", () => {
  const key = newKey();
  const signed = (text: string, by = key, options = {}): Trust => {
    const file = path.join(dir, "plugin.sh.minisig");
    writeFileSync(file, signatureOf(Buffer.from(text), by, options));
    return trusting({ signature: { file, keys: [newKey().publicKey, key.publicKey] } });
  };

  test.each(["prehashed", "legacy"] as const)(
    "of the file by one of the keys lets it run (%s)",
    async (algorithm) => {
      const executable = await opened({ trust: signed(content, key, { algorithm }) });
      expect(executable.vouched).toEqual([expect.stringMatching(/^key [0-9A-F]{16}$/)]);
      expect(executable.path).toContain(copies);
      await executable.close();
    },
  );

  test("of a file too large for its kind is refused, and says what to do", async () => {
    const trust = signed(content, key, { algorithm: "legacy" });
    truncateSync(command, 64 * 1024 * 1024 + 1);
    expect(await refusal({ trust })).toMatchObject({
      code: "signature_invalid",
      message: expect.stringContaining("sign it without -l"),
    });
  });

  test("of another file is none of this one", async () => {
    const failure = await refusal({ trust: signed(other) });
    expect(failure).toMatchObject({ code: "signature_invalid", transient: false });
    expect(failure.message).toMatch(/is not of this file/);
  });

  test("by another key does not count, and the keys that would are named", async () => {
    const failure = await refusal({ trust: signed(content, newKey()) });
    expect(failure.message).toMatch(/signed by key [0-9A-F]{16} .*, which is none of those/);
    expect(failure.detail?.keys).toHaveLength(2);
  });

  test("that is missing, or none, is told as that", async () => {
    const trust = signed(content);
    writeFileSync(trust.signature?.file ?? "", "hello\n");
    expect((await refusal({ trust })).message).toMatch(/is no signature of minisign/);
    rmSync(trust.signature?.file ?? "");
    expect((await refusal({ trust })).message).toMatch(/can't be read: ENOENT/);
  });

  test("that is a pipe, or has no end, keeps nobody waiting", async () => {
    const trust = signed(content);
    rmSync(trust.signature?.file ?? "");
    execFileSync("mkfifo", [trust.signature?.file ?? ""]);
    expect((await refusal({ trust })).message).toMatch(/is not a file/);
    const endless = trusting({ signature: { file: "/dev/zero", keys: [key.publicKey] } });
    expect((await refusal({ trust: endless })).message).toMatch(/is not a file/);
  });
});
