/** Where file systems are mounted, as far as the kernel says it without asking them. */
import { readFileSync } from "node:fs";

/** Milliseconds that an answer holds: many ask at once. */
const fresh = 1000;
let last: { readonly at: number; readonly points: readonly string[] } | undefined;

/** Where something is mounted, longer names last. Empty where the system does not say. */
export function mountPoints(): readonly string[] {
  const now = performance.now();
  if (last === undefined || now - last.at > fresh) last = { at: now, points: readMountPoints() };
  return last.points;
}

function readMountPoints(): readonly string[] {
  try {
    return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));
  } catch {
    return [];
  }
}

/** The fifth field of each line of proc_pid_mountinfo(5), where blanks and the like stand as octal numbers. */
export function parseMountInfo(text: string): readonly string[] {
  const points = text.split("\n").flatMap((line) => line.split(" ", 5)[4] ?? []);
  return points
    .map((point) => point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => byteOf(octal)))
    .toSorted((a, b) => a.length - b.length);
}

function byteOf(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}

/**
 * The one of `points` that a path is below, going by its name: links are not followed. Undefined for the root's, without which
 * there is no system, and where it is not known.
 */
export function mountPointOf(path: string, points: readonly string[]): string | undefined {
  return points.findLast((point) => point !== "/" && (path === point || path.startsWith(`${point}/`)));
}
