/** What a client calls through: the library, or the wire itself. */
import type { PlannedCall } from "./call-mix.ts";
import type { Settlement } from "./records.ts";

/** Whoever is told of what comes of one call. A library may hide what would be told twice. */
export interface CallWitness {
  item(seq: number, value: unknown): void;
  /** Before the other side can know of it. */
  granted(n: number): void;
  settled(settlement: Settlement): void;
}

export interface Connection {
  readonly ended: boolean;
  /** Credit is told of, and a stream has none that is not. */
  readonly showsCredit: boolean;
  make(call: PlannedCall, witness: CallWitness): void;
  close(): void;
}
