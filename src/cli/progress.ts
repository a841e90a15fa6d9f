/** Progress of a call on stderr: one line that changes on a terminal, a line now and then elsewhere. */
import { ellipsis } from "./output.ts";
import type { Output } from "./output.ts";
import { jsonText, terminalLine } from "./sanitize.ts";

/** Milliseconds between two reports; the ones between are dropped. */
const pace = { terminal: 100, lines: 1000 } as const;

export interface ProgressPrinter {
  report(this: void, value: unknown): void;
  /** Takes the changing line away. */
  end(this: void): void;
}

export function progressPrinter(
  out: Pick<Output, "talk" | "talksToTerminal" | "json">,
  now: () => number,
  // A terminal that does not know its size says 0.
  columns = process.stderr.columns || 80,
): ProgressPrinter {
  const changing = out.talksToTerminal && !out.json;
  const wait = changing ? pace.terminal : pace.lines;
  let next = -Infinity;
  let shown = false;
  return {
    report(value) {
      if (now() < next) return;
      next = now() + wait;
      if (out.json) out.talk(`${jsonText({ progress: value })}\n`);
      else if (changing) out.talk(`\r\u001b[2K${ellipsis(progressWords(value), columns - 1)}`);
      else out.talk(`${progressWords(value)}\n`);
      shown = true;
    },
    end() {
      if (changing && shown) out.talk("\r\u001b[2K");
      shown = false;
    },
  };
}

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
