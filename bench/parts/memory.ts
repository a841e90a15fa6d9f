/** Whether memory stays where it is, however many calls there were. */
import { isComplete } from "../compare.ts";
import type { Run } from "../compare.ts";
import { daemon, library } from "../contestants.ts";
import { say } from "../prepare.ts";
import { residentBytes } from "../process-facts.ts";
import { RemoteSide } from "../remote-side.ts";
import type { Memory } from "../results.ts";

const steps = 10;

/** @param calls after as many to warm up */
export async function memory(calls: number, run: Run): Promise<Memory[]> {
  const found: Memory[] = [];
  for (const contestant of [library, daemon]) {
    if (!isComplete(contestant, run)) continue;
    say(`memory, ${contestant.title}`);
    const side = await RemoteSide.start(contestant.command);
    const { caller, relay } = side.about;
    const pid = relay ?? caller ?? 0;
    const residents: number[] = [];
    for (let step = 0; step <= 2 * steps; step++) {
      if (step >= steps) residents.push(residentBytes(pid));
      if (step < 2 * steps) await side.measure({ bytes: 0, calls: Math.ceil(calls / steps), inFlight: 256 });
    }
    await side.close();
    found.push({ process: contestant.title, calls, residentBytes: residents });
  }
  return found;
}
