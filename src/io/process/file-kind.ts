/** What stands where a file was expected, in words. */
import type { Stats } from "node:fs";

/** Such as `a directory`; `a file` when it is one. */
export function kindOf(stats: Pick<Stats, "isFile" | "isDirectory" | "isFIFO" | "isSocket">): string {
  if (stats.isFile()) return "a file";
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a named pipe";
  return stats.isSocket() ? "a socket" : "a device";
}
