/** How every side that runs in Node measures itself: with promises, as its users call it. */
import { getHeapStatistics } from "node:v8";
import type { Figure, Work } from "./side.ts";

/** Makes the calls from as many loops as there are to be in flight. */
export async function timed(
  call: () => Promise<unknown>,
  { calls, inFlight }: Pick<Work, "calls" | "inFlight">,
  relayCpu?: () => number,
): Promise<Figure> {
  let begun = 0;
  const caller = async (): Promise<void> => {
    while (begun++ < calls) await call();
  };
  const relayBefore = relayCpu?.();
  const heap = getHeapStatistics().total_allocated_bytes;
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  const took = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const allocated = getHeapStatistics().total_allocated_bytes - heap;
  return {
    microsPerCall: (took * 1000) / calls,
    cpuMicrosPerCall: (user + system) / calls,
    heapBytesPerCall: allocated / calls,
    ...(relayCpu !== undefined &&
      relayBefore !== undefined && { relayCpuMicrosPerCall: (relayCpu() - relayBefore) / calls }),
  };
}
