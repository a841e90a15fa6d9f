/**
 * The memory of large bodies. Left to the collector, it makes V8 look through the whole heap for each 64 MB of it: with bodies
 * of 64 KiB that took a relay half of its time. So it is given back by whoever is the last to need it.
 */
import type { Slice } from "./json.ts";

/** Of smaller ones the collector hardly notices. Bytes. */
export const LARGE_BODY = 16 * 1024;

/** Each holds one body and nothing else. */
const bodies = new WeakSet<ArrayBuffer>();

/** This memory was made for one body alone. */
export function holdsOneBody({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) bodies.add(buffer);
}

/** Gives back the memory of the body that this is a part of. A part of a chunk, or of anything else, stays as it is. */
export function giveBack({ buffer }: Slice): void {
  if (buffer instanceof ArrayBuffer && bodies.delete(buffer)) buffer.transfer(0);
}

/**
 * What several need, each until it says so: the stream that writes it, which the system reads from meanwhile, and the list of
 * calls that a report may have to tell. Where one of them never says so, the collector takes it as it takes all else.
 */
export class Loan {
  readonly #slices: readonly Slice[];
  #open: number;

  constructor(slices: readonly Slice[], holders: number) {
    this.#slices = slices;
    this.#open = holders;
  }

  /** One of the holders needs it no more. To be called once by each. */
  readonly returned = (): void => {
    if (--this.#open === 0) for (const slice of this.#slices) giveBack(slice);
  };
}
