/** Inputs that are worth keeping, one a line: JSON text in which each character is one byte. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Seed {
  readonly bytes: Buffer;
  /** What it brought to light; it stays, whatever else reaches the same places. */
  readonly found?: string;
}

interface Line {
  readonly bytes: string;
  readonly found?: string;
}

function fileOf(target: string): string {
  return fileURLToPath(new URL(`../seeds/${target}.jsonl`, import.meta.url));
}

export function readSeeds(target: string): Seed[] {
  const file = fileOf(target);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { bytes, ...more } = JSON.parse(line) as Line;
      return { bytes: Buffer.from(bytes, "latin1"), ...more };
    });
}

/** Those that found something first, then by size. */
export function writeSeeds(target: string, seeds: readonly Seed[]): void {
  const sorted = seeds.toSorted(
    (a, b) =>
      Number(a.found === undefined) - Number(b.found === undefined) ||
      a.bytes.length - b.bytes.length ||
      Buffer.compare(a.bytes, b.bytes),
  );
  writeFileSync(fileOf(target), sorted.map((seed) => `${lineOf(seed)}\n`).join(""));
}

/** In ASCII, so that no editor and no version control takes it for anything else. */
function lineOf({ bytes, found }: Seed): string {
  const line: Line = { bytes: bytes.toString("latin1"), ...(found === undefined ? {} : { found }) };
  return JSON.stringify(line).replaceAll(/[\x7f-\xff]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}
