/**
 * Copies of executables that nobody else writes: what was hashed stays what is run, also for a script, which its
 * interpreter opens once more, and for a file that is written again between its hash and its start.
 */
import { read } from "node:fs";
import { access, constants, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { createHash, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import type { OpenExecutable } from "../process/executable.ts";
import { errnoOf, GIVEN_UP, permanent, refused } from "../process/spawn-failure.ts";
import type { SpawnFailure } from "../process/spawn-failure.ts";

const readAt = promisify(read);

export interface Digests {
  /** Hex. */
  readonly sha256: string;
  readonly blake2b512: Buffer;
}

export type Copied =
  | { readonly ok: true; readonly executable: OpenExecutable; readonly digests: Digests }
  | { readonly ok: false; readonly failure: SpawnFailure };

/** The one that runs, and the one before: it may be running still, or be gone back to. */
const kept = 2;

/**
 * Opens the copy of `original` in `directory`, which is made where there is none, or another one by that name. Its
 * bytes are hashed each time, from the descriptor that is executed.
 */
export async function openCopy(
  original: OpenExecutable,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<Copied> {
  const place = path.join(directory, original.sha256, path.basename(original.path));
  try {
    const old = await openFile(place);
    const found = old === undefined ? undefined : await digestsOf(old.fd, signal);
    if (old !== undefined && found?.sha256 === original.sha256)
      return await executableOf(old, place, found, original);
    await old?.close();
    await write(original.fd, place, signal);
    await forgetOthers(directory, original.sha256);
    const fresh = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW);
    const digests = await digestsOf(fresh.fd, signal);
    if (digests.sha256 === original.sha256) return await executableOf(fresh, place, digests, original);
    await fresh.close();
    await rm(place, { force: true });
    const message = `${original.path} is being written`;
    return {
      ok: false,
      failure: { code: "spawn_failed", message, detail: { stage: "copy" }, transient: true },
    };
  } catch (error) {
    if (signal?.aborted === true) return { ok: false, failure: GIVEN_UP };
    const message = `no private copy of ${original.path} can be made in ${directory}`;
    return { ok: false, failure: refused("spawn_failed", message, "copy", error) };
  }
}

/** A program that was copied learns where it came from: an interpreter tells a script only where the copy is. */
export function environmentOf(
  { command, env }: { readonly command: string; readonly env: Readonly<Record<string, string>> },
  executable: Pick<OpenExecutable, "path">,
): Readonly<Record<string, string>> {
  return executable.path === command ? env : { ...env, BULKHEAD_EXECUTABLE: command };
}

/** Of all that can be read from a descriptor, from its start. @throws the signal's reason */
export async function digestsOf(fd: number, signal: AbortSignal | undefined): Promise<Digests> {
  const hashes = { sha256: createHash("sha256"), blake2b512: createHash("blake2b512") };
  for await (const chunk of chunksOf(fd)) {
    signal?.throwIfAborted();
    hashes.sha256.update(chunk);
    hashes.blake2b512.update(chunk);
  }
  return { sha256: hashes.sha256.digest("hex"), blake2b512: hashes.blake2b512.digest() };
}

/** No stream: one that is left before its end closes the descriptor, which is its owner's to close. */
export async function* chunksOf(fd: number): AsyncGenerator<Buffer, void, undefined> {
  const bytes = 1 << 20;
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await readAt(fd, Buffer.allocUnsafe(bytes), 0, bytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function executableOf(
  file: FileHandle,
  place: string,
  digests: Digests,
  { path: from, sha256, vouched }: OpenExecutable,
): Promise<Copied> {
  try {
    await access(place, constants.X_OK);
  } catch (error) {
    await file.close();
    const message =
      `the private copy ${place} can't be executed (is its file system mounted noexec?); in_place = true in the ` +
      `plugin's entry runs ${from} itself`;
    return {
      ok: false,
      failure: permanent("not_executable", message, { stage: "copy", errno: errnoOf(error) }),
    };
  }
  const executable = { fd: file.fd, sha256, path: place, vouched, close: () => file.close() };
  return { ok: true, executable, digests };
}

/** Undefined: there is none, or something else that is no copy of ours. */
async function openFile(place: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(place, flags).catch(() => undefined);
  if (file === undefined || (await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}

async function write(from: number, place: string, signal: AbortSignal | undefined): Promise<void> {
  const directory = path.dirname(place);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = path.join(directory, `.${randomUUID()}`);
  try {
    const file = await open(temporary, "wx", 0o500);
    try {
      for await (const chunk of chunksOf(from)) {
        signal?.throwIfAborted();
        await file.writeFile(chunk);
      }
    } finally {
      await file.close();
    }
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What cannot be taken away only takes up room. */
async function forgetOthers(directory: string, current: string): Promise<void> {
  try {
    const names = (await readdir(directory)).filter((name) => name !== current);
    const made = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(path.join(directory, name))).mtimeMs })),
    );
    const old = made.sort((a, b) => b.at - a.at).slice(kept - 1);
    await Promise.all(
      old.map(({ name }) => rm(path.join(directory, name), { recursive: true, force: true })),
    );
  } catch {}
}
