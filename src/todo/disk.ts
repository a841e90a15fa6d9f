/** A text file as others may change it at any time: which state of it is which, and replacing one by another as a whole. */
import { randomUUID } from "node:crypto";
import { constants, renameSync, statSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { access, open, readFile, readlink, realpath, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";

/** Larger than any list is. */
const largest = 64 * 1024 * 1024;

export const absent = "absent";

/** Null: there is no file. The stamp tells two states of it apart. */
export interface Contents {
  readonly stamp: string;
  readonly text: string | null;
}

/** What may be said of a file, and to whom it may be said. */
class FileProblem extends Error {
  constructor(file: string, what: string, cause: unknown) {
    super(`${file} ${what}: ${reason(cause)}`, { cause });
  }
}

/** `absent` where there is none. */
export async function stampOf(file: string): Promise<string> {
  try {
    return stamp(await stat(file, { bigint: true }));
  } catch (error) {
    if (isAbsence(error)) return absent;
    throw new FileProblem(file, "can not be read", error);
  }
}

/** @throws FileProblem for one that is no file, too large, not allowed to be read, or not UTF-8 */
export async function contentsOf(file: string): Promise<Contents> {
  try {
    const before = await stat(file, { bigint: true });
    // Reading a pipe would wait for ever.
    if (!before.isFile()) throw new Error("it is not a file");
    if (before.size > largest) throw new Error(`it has more than ${largest} bytes`);
    const bytes = await readFile(file);
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { stamp: stamp(before), text };
  } catch (error) {
    if (isAbsence(error)) return { stamp: absent, text: null };
    throw new FileProblem(file, "can not be read", error);
  }
}

/**
 * The file has either its old or its new text, whenever the machine may fail; mode and symbolic links stay. Returns the stamp
 * of the new one; null: the file is not the expected one any more, and nothing was done.
 * @throws FileProblem
 */
export async function replace(file: string, text: string, expected: string): Promise<string | null> {
  try {
    const target = await targetOf(file);
    const before = await stat(target).catch((error: unknown) => {
      if (isAbsence(error)) return null;
      throw error;
    });
    // A rename asks nobody whether the file itself may be written.
    if (before !== null) await access(target, constants.W_OK);
    const mode = before === null ? 0o666 : before.mode & 0o7777;
    const temporary = path.join(path.dirname(target), `.bulkhead-${randomUUID()}.tmp`);
    const handle = await open(temporary, "wx", mode);
    try {
      const written = await fill(handle, text, before);
      // Nothing of ours comes between looking and replacing.
      if (stampNow(target) === expected) {
        renameSync(temporary, target);
        await syncDirectory(path.dirname(target));
        return written;
      }
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await rm(temporary, { force: true });
    return null;
  } catch (error) {
    throw new FileProblem(file, "can not be written", error);
  }
}

async function fill(
  handle: FileHandle,
  text: string,
  like: { uid: number; gid: number; mode: number } | null,
): Promise<string> {
  try {
    if (like !== null) {
      // Somebody else's file remains theirs, where that is in our power.
      await handle.chown(like.uid, like.gid).catch(() => undefined);
      await handle.chmod(like.mode & 0o7777);
    }
    await handle.writeFile(text);
    await handle.sync();
    return stamp(await handle.stat({ bigint: true }));
  } finally {
    await handle.close();
  }
}

/** Where links lead, though there may be nothing yet. */
async function targetOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  const link = await readlink(file).catch(() => null);
  return link === null ? file : targetOf(path.resolve(path.dirname(file), link));
}

/** So that the new name lasts as well. Some file systems have no such thing. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r").catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function stampNow(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? absent : stamp(stats);
}

function stamp({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`;
}

function isAbsence(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Without the name of a temporary file: the same failure is the same text. */
function reason(error: unknown): string {
  const code = codeOf(error);
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is not UTF-8";
  if (typeof code === "string") return code;
  return error instanceof Error ? error.message : String(error);
}
