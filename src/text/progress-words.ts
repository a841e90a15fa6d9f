/** What a call says of its progress, in words. Pure. */
import { jsonText, terminalLine } from "./sanitize.ts";

/** `3/10 (30 %) reading src`, or the value itself when it has another shape. */
export function progressWords(value: unknown): string {
  if (typeof value !== "object" || value === null) return terminalLine(String(value));
  const { message, done, total } = value as { message?: unknown; done?: unknown; total?: unknown };
  const parts: string[] = [];
  if (typeof done === "number" && typeof total === "number" && total > 0) {
    parts.push(`${done}/${total} (${Math.floor((100 * done) / total)} %)`);
  } else if (typeof done === "number") {
    parts.push(String(done));
  }
  if (typeof message === "string") parts.push(terminalLine(message));
  return parts.length === 0 ? jsonText(value) : parts.join(" ");
}
