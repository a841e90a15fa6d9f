/** Files, lines and bytes of a directory tree. */
import { createReadStream } from "node:fs";
import { opendir } from "node:fs/promises";
import path from "node:path";

/** Beyond this many files the count stops, and says so. */
const MOST_FILES = 20_000;
const LF = 0x0a;

export interface FileSize {
  readonly extension: string;
  readonly lines: number;
  readonly bytes: number;
}

export interface Statistics {
  readonly files: readonly FileSize[];
  /** There were more files than are counted. */
  readonly cut: boolean;
}

/**
 * Counts what is in a directory and below. Hidden entries, `node_modules` and symbolic links are left out, and so is what
 * can not be read.
 *
 * @param extensions without the dot; none: all
 */
export async function count(
  root: string,
  extensions: readonly string[],
  signal: AbortSignal,
): Promise<Statistics> {
  const files: FileSize[] = [];
  for await (const file of walk(root)) {
    signal.throwIfAborted();
    const extension = path.extname(file).slice(1).toLowerCase();
    if (extensions.length > 0 && !extensions.includes(extension)) continue;
    if (files.length === MOST_FILES) return { files, cut: true };
    const size = await sizeOf(file, signal);
    if (size !== undefined) files.push({ extension, ...size });
  }
  return { files, cut: false };
}

async function* walk(directory: string): AsyncGenerator<string> {
  const entries = await opendir(directory).catch(() => undefined);
  if (entries === undefined) return;
  for await (const entry of entries) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const place = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* walk(place);
    else if (entry.isFile()) yield place;
  }
}

async function sizeOf(
  file: string,
  signal: AbortSignal,
): Promise<{ lines: number; bytes: number } | undefined> {
  let lines = 0;
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file, { signal })) {
      if (!Buffer.isBuffer(chunk)) continue;
      bytes += chunk.length;
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) lines += 1;
    }
  } catch {
    return undefined;
  }
  return { lines, bytes };
}
