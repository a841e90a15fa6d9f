/** An executable that may be run: found fit, with everything vouching for it that the configuration asks for. */
import { createHash } from "node:crypto";
import { constants, open as openFile } from "node:fs/promises";
import type { Trust } from "../../../protocol/config.ts";
import { looks } from "../looks.ts";
import { inItsTurn, openAndExamine } from "../process/executable.ts";
import type { OpenExecutable, OpenResult } from "../process/executable.ts";
import { GIVEN_UP, givenUp, permanent, refused } from "../process/spawn-failure.ts";
import type { SpawnFailure } from "../process/spawn-failure.ts";
import { isSignedBy, parsePublicKey, parseSignature } from "./minisign.ts";
import { chunksOf, digestsOf, openCopy } from "./private-copy.ts";
import type { Digests } from "./private-copy.ts";

export interface Wanted {
  /** Absolute path of the executable. */
  readonly command: string;
  /** The hash that it must have, hex. */
  readonly sha256?: string;
  readonly trust?: Trust;
  /** Where private copies are kept; undefined: it is opened where it stands. */
  readonly copies?: string;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

/** A signature file holds four lines. */
const longestSignature = 64 * 1024;
/** Only a legacy signature needs all the bytes at once. */
const largestLegacy = 64 * 1024 * 1024;

/**
 * Opens what may be run. Whatever something vouches for is opened as a private copy, unless the entry says `in_place`;
 * what is compared and verified are the bytes of the very descriptor that is handed out. The caller closes it.
 */
export async function openTrusted(wanted: Wanted): Promise<OpenResult> {
  const { command, trust, signal } = wanted;
  if (trust?.signature === undefined) return inItsTurn(command, () => open(wanted, undefined), signal);
  const { file } = trust.signature;
  try {
    const signature = await looks.at(file, () => readSignature(file), { signal });
    return await inItsTurn(command, () => open(wanted, signature), signal);
  } catch (error) {
    return failed(givenUp(error, "signature", signal));
  }
}

type SignatureText = string | Error;

async function open(wanted: Wanted, signature: SignatureText | undefined): Promise<OpenResult> {
  const { command, sha256, trust, copies, signal } = wanted;
  const opened = await openAndExamine(command, sha256, signal);
  if (!opened.ok) return opened;
  const { executable } = opened;
  const refuse = async (failure: SpawnFailure): Promise<OpenResult> => {
    await executable.close();
    return { ok: false, failure };
  };
  if (trust?.refused === true) return refuse(nobodyVouches(executable));
  const changed = trust?.locked === undefined ? undefined : comparedWithLock(executable, trust.locked);
  if (changed !== undefined) return refuse(changed);
  if (sha256 === undefined && trust?.locked === undefined && trust?.signature === undefined) return opened;
  const own = copies === undefined || trust?.inPlace === true;
  const secured = own ? await inPlace(executable, signal) : await openCopy(executable, copies, signal);
  if (secured.ok && !own) await executable.close();
  if (!secured.ok) return refuse(secured.failure);
  return vouchedFor(secured.executable, secured.digests, trust, signature);
}

const failed = (failure: SpawnFailure) => ({ ok: false, failure }) as const;

/** The same bytes once more: what is known from an earlier look does not count here. */
async function inPlace(executable: OpenExecutable, signal: AbortSignal | undefined) {
  try {
    const digests = await digestsOf(executable.fd, signal);
    if (digests.sha256 === executable.sha256) return { ok: true, executable, digests } as const;
    const message = `${executable.path} is being written`;
    return failed({ code: "spawn_failed", message, detail: { stage: "read" }, transient: true });
  } catch (error) {
    if (signal?.aborted === true) return failed(GIVEN_UP);
    return failed(refused("spawn_failed", `${executable.path} can't be read`, "read", error));
  }
}

async function vouchedFor(
  executable: OpenExecutable,
  digests: Digests,
  trust: Trust | undefined,
  signature: SignatureText | undefined,
): Promise<OpenResult> {
  const vouched = [...executable.vouched, ...(trust?.locked === undefined ? [] : ["bulkhead.lock"])];
  if (trust?.signature === undefined) return { ok: true, executable: { ...executable, vouched } };
  const text = signature ?? new Error("nobody has read it");
  const signed = await signer(executable.fd, digests, trust.signature, text);
  if ("key" in signed) {
    return { ok: true, executable: { ...executable, vouched: [...vouched, `key ${signed.key}`] } };
  }
  await executable.close();
  const { file, keys } = trust.signature;
  const ids = keys.flatMap((key) => parsePublicKey(key)?.id ?? []);
  return {
    ok: false,
    failure: permanent("signature_invalid", signed.wrong, {
      signature: file,
      keys: ids,
      actual: digests.sha256,
    }),
  };
}

/** The key that has signed it, or what is wrong. */
async function signer(
  fd: number,
  { blake2b512 }: Digests,
  { file, keys }: NonNullable<Trust["signature"]>,
  text: SignatureText,
): Promise<{ readonly key: string } | { readonly wrong: string }> {
  if (text instanceof Error) return { wrong: `its signature ${file} can't be read: ${text.message}` };
  const signature = parseSignature(text);
  if (signature === undefined) return { wrong: `${file} is no signature of minisign` };
  const key = keys.flatMap((each) => parsePublicKey(each) ?? []).find(({ id }) => id === signature.key);
  if (key === undefined) {
    return {
      wrong: `it is signed by key ${signature.key} (${file}), which is none of those in the configuration`,
    };
  }
  const signed = signature.algorithm === "prehashed" ? blake2b512 : await wholeOf(fd);
  if (signed === undefined) {
    return { wrong: `${file} is a legacy signature, and the file is too large for one: sign it without -l` };
  }
  if (
    signature.algorithm === "legacy" &&
    !createHash("blake2b512").update(signed).digest().equals(blake2b512)
  ) {
    return { wrong: "it was written to while its signature was verified" };
  }
  if (isSignedBy(key, signature, signed)) return { key: key.id };
  return { wrong: `the signature ${file} is not of this file: it was changed, or the signature is forged` };
}

/** Undefined: too large. */
async function wholeOf(fd: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunksOf(fd)) {
    length += chunk.length;
    if (length > largestLegacy) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readSignature(file: string): Promise<SignatureText> {
  try {
    // Not blocking: opening a FIFO would wait for its writer.
    const handle = await openFile(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return new Error("it is not a file");
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestSignature + 1), 0);
      if (bytesRead > longestSignature) return new Error("it is larger than 64 KiB");
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function comparedWithLock(
  { path, sha256: actual }: OpenExecutable,
  { sha256: expected, version }: NonNullable<Trust["locked"]>,
): SpawnFailure | undefined {
  if (actual === expected) return undefined;
  const known = version === undefined ? "" : `, version ${version}`;
  // The hashes first: what is long is cut at its end.
  const message = `its SHA-256 is ${actual}, accepted is ${expected}${known}: ${path} was changed`;
  return permanent("binary_changed", message, {
    expected,
    actual,
    ...(version === undefined ? {} : { version }),
  });
}

function nobodyVouches({ path, sha256: actual }: OpenExecutable): SpawnFailure {
  const message = `nothing vouches for it, and [trust] requires that something does: ${path}, SHA-256 ${actual}`;
  return permanent("not_trusted", message, { actual });
}
