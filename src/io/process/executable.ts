import { createHash } from "node:crypto";
import { constants } from "node:fs";
import type { BigIntStats } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { looks } from "../looks.ts";
import { kindOf } from "./file-kind.ts";
import { identifyImage } from "./image.ts";
import type { Image } from "./image.ts";
import { errnoOf, GIVEN_UP, givenUp, permanent, refused } from "./spawn-failure.ts";
import type { SpawnFailure } from "./spawn-failure.ts";

/** An executable that was found fit to run, open, with the hash of that very descriptor. */
export interface OpenExecutable {
  readonly fd: number;
  readonly sha256: string;
  /** Of what is opened: the file that was asked for, or a private copy of it. */
  readonly path: string;
  /** What says that it may be run, as in the event of its start. */
  readonly vouched: readonly string[];
  close(): Promise<void>;
}

export type OpenResult =
  | { readonly ok: true; readonly executable: OpenExecutable }
  | { readonly ok: false; readonly failure: SpawnFailure };

/**
 * Opens, examines and hashes an executable. `pin` is its expected SHA-256 in hex. The caller closes it. `signal` gives
 * it up: a huge file, a slow file system or one that has gone can take longer than anybody wants the plugin.
 */
export function openExecutable(
  path: string,
  pin: string | undefined,
  signal?: AbortSignal,
): Promise<OpenResult> {
  return inItsTurn(path, () => openAndExamine(path, pin, signal), signal);
}

/** An executable that is opened like this is looked at with all others in mind: see `looks`. */
export async function inItsTurn(
  path: string,
  open: () => Promise<OpenResult>,
  signal: AbortSignal | undefined,
): Promise<OpenResult> {
  const discard = (late: OpenResult): void => void (late.ok && late.executable.close());
  try {
    return await looks.at(path, open, { signal, discard });
  } catch (error) {
    return { ok: false, failure: givenUp(error, "read", signal) };
  }
}

/** The same, now. What it waits for, it waits for. */
export async function openAndExamine(
  path: string,
  pin: string | undefined,
  signal: AbortSignal | undefined,
): Promise<OpenResult> {
  let file: FileHandle;
  try {
    // Not blocking: opening a FIFO would wait for its writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { ok: false, failure: openFailure(path, error) };
  }
  let examined: SpawnFailure | string;
  try {
    examined = await examine(path, file, pin?.toLowerCase(), signal);
  } catch (error) {
    examined = refused("spawn_failed", `${path} can't be read`, "read", error);
  }
  if (typeof examined === "string") {
    const vouched = pin === undefined ? [] : ["sha256"];
    return {
      ok: true,
      executable: { fd: file.fd, sha256: examined, path, vouched, close: () => file.close() },
    };
  }
  await file.close();
  return { ok: false, failure: examined };
}

/** The hash, or what is wrong. */
async function examine(
  path: string,
  file: FileHandle,
  pin: string | undefined,
  signal: AbortSignal | undefined,
): Promise<SpawnFailure | string> {
  const [stats, barred] = await Promise.all([
    file.stat({ bigint: true }),
    access(path, constants.X_OK).then(
      () => undefined,
      (error: unknown) => ({ error }),
    ),
  ]);
  if (!stats.isFile()) return permanent("not_a_file", `${path} is ${kindOf(stats)}, not a file`);
  if ((stats.mode & 0o111n) === 0n) return permanent("not_executable", `${path} has no execute permission`);
  if (barred !== undefined) {
    const message = `${path} can't be executed by this user or from this file system`;
    return refused("not_executable", message, "read", barred.error);
  }
  // A pinned file is always read.
  const seen = pin === undefined ? known.get(identity(stats)) : undefined;
  const image = seen?.image ?? (await identifyImage(file));
  const unfit = await examineImage(path, image);
  if (unfit !== undefined) return unfit;

  const actual = seen?.sha256 ?? (await hash(file, stats, image, signal));
  if (signal?.aborted) return GIVEN_UP;
  if (actual === undefined) {
    return {
      code: "spawn_failed",
      message: `${path} is being written`,
      detail: { stage: "read" },
      transient: true,
    };
  }
  if (pin === undefined || pin === actual) return actual;
  const message = `the SHA-256 of ${path} is ${actual}, but ${pin} is required`;
  return permanent("checksum_mismatch", message, { expected: pin, actual });
}

async function examineImage(path: string, image: Image): Promise<SpawnFailure | undefined> {
  switch (image.kind) {
    case "executable": {
      if (!RUNNABLE[process.arch]?.includes(image.architecture) && image.architecture !== process.arch) {
        const message = `${path} is built for ${image.architecture}, this machine is ${process.arch}`;
        return permanent("wrong_architecture", message, {
          expected: process.arch,
          actual: image.architecture,
        });
      }
      // The system's own error would be ENOENT, which everybody takes for the executable's.
      if (image.loader === undefined || (await exists(image.loader))) return undefined;
      const reason = `needs the loader ${image.loader}, which is not here (built for another C library?)`;
      return permanent("not_executable", `${path} ${reason}`);
    }
    case "script": {
      if (await exists(image.interpreter)) return undefined;
      const reason = image.interpreter.endsWith("\r")
        ? "has a carriage return at the end of its #! line"
        : `names an interpreter that does not exist, ${image.interpreter || "none at all"}`;
      return permanent("not_executable", `${path} ${reason}`);
    }
    case "mach-o":
      if (process.platform === "darwin") return undefined;
      return permanent("not_executable", `${path} is a macOS executable`);
    case "other":
      return permanent("not_executable", `${path} is ${image.looksLike}`);
    default:
      return image satisfies never;
  }
}

/** What an architecture runs besides its own; whether this very kernel does, it says itself. */
const RUNNABLE: Partial<Record<NodeJS.Architecture, readonly string[]>> = { x64: ["ia32"], arm64: ["arm"] };

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function openFailure(path: string, error: unknown): SpawnFailure {
  const errno = errnoOf(error);
  if (errno === "ENOENT" || errno === "ENOTDIR") {
    return permanent("executable_not_found", `${path} does not exist`, { stage: "read", errno });
  }
  // Neither can be mended by waiting.
  const detail = { stage: "read", errno };
  if (errno === "ELOOP") {
    return permanent("not_executable", `the symbolic links of ${path} lead in a loop`, detail);
  }
  if (errno === "ENAMETOOLONG") {
    return permanent("executable_not_found", `${path} is too long for the name of a file`, detail);
  }
  if (errno === "ENXIO") return permanent("not_a_file", `${path} is a socket, not a file`);
  const code = errno === "EACCES" || errno === "EPERM" ? "not_executable" : "spawn_failed";
  return refused(code, `${path} can't be opened`, "read", error);
}

/** What was read, by identity and times of the file, so that a restart need not read 50 MB again. */
const known = new Map<string, { readonly image: Image; readonly sha256: string }>();
const KNOWN_MAX = 256;
/** A file written within the same tick of the file system's clock looks unchanged, so only old ones count. */
const SETTLED_MS = 2000;

/** Undefined when the file changed meanwhile, or nobody waits any more. */
async function hash(
  file: FileHandle,
  before: BigIntStats,
  image: Image,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const key = identity(before);
  const sha256 = createHash("sha256");
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let position = 0; ;) {
    if (signal?.aborted) return undefined;
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) break;
    sha256.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  const digest = sha256.digest("hex");
  if (identity(await file.stat({ bigint: true })) !== key) return undefined;
  if (Date.now() - Number(before.ctimeMs) > SETTLED_MS) {
    const oldest = known.size >= KNOWN_MAX ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    known.set(key, { image, sha256: digest });
  }
  return digest;
}

/** ctime changes on a rename or a link as well; that only costs a second reading. */
function identity(stats: BigIntStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(":");
}
