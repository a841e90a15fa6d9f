/** What V8 allocates for a call, in the caller's main thread: its own count of bytes, which no load and no collection changes. */
import { library } from "./contestants.ts";
import { RemoteSide } from "./remote-side.ts";

export interface Heap {
  readonly inFlight: number;
  readonly bytesPerCall: number;
}

const work = [
  { inFlight: 1, calls: 20_000 },
  { inFlight: 256, calls: 200_000 },
];

/** Of calls of the library, when the code is as optimised as it gets. */
export async function countHeap(): Promise<Heap[]> {
  const side = await RemoteSide.start(library.command);
  for (let warm = 0; warm < 2; warm++) {
    for (const each of work) await side.measure({ bytes: 0, ...each });
  }
  const counted: Heap[] = [];
  for (const each of work) {
    const { heapBytesPerCall = Number.NaN } = await side.measure({ bytes: 0, ...each });
    counted.push({ inFlight: each.inFlight, bytesPerCall: heapBytesPerCall });
  }
  await side.close();
  return counted;
}
