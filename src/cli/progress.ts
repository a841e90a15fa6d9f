/** Progress of a call on stderr: one line that changes on a terminal, a line now and then elsewhere. */
import { ellipsis } from "../text/columns.ts";
import { progressWords } from "../text/progress-words.ts";
import { jsonText } from "../text/sanitize.ts";
import type { Output } from "./output.ts";

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
