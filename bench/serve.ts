/** The process of one side: takes work as JSON lines on stdin, answers each with a figure. A side in another language does the same. */
import { createInterface } from "node:readline";
import type { About, Figure, Work } from "./side.ts";

export interface Served {
  readonly about: About;
  measure(work: Work): Promise<Figure>;
  close(): void | Promise<void>;
}

/** Serves until stdin ends, so that nothing outlives whoever started it. */
export async function serve(start: () => Promise<Served>): Promise<void> {
  const side = await start();
  say({ caller: process.pid, ...side.about });
  for await (const line of createInterface({ input: process.stdin })) {
    say(await side.measure(JSON.parse(line) as Work));
  }
  await side.close();
  // A peer that holds on to the event loop must not keep the others waiting.
  process.exit();
}

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
