/** What a run leaves behind: all that the table, the goals and the page are made of. */
import type { Figure } from "./side.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Of the minute before and the minute after: how much else went on. */
  readonly load: readonly [before: number, after: number];
}

/** One contestant at one kind of work, a figure for each round. */
export interface Measured {
  readonly side: string;
  /** As in `Work`. */
  readonly bytes: number;
  readonly inFlight: number;
  /** Everything on one core. */
  readonly pinned: boolean;
  readonly rounds: readonly Figure[];
}

/** Something that was not measured, and why. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

export interface Plugins {
  readonly plugins: number;
  readonly readyMs: readonly number[];
  readonly residentBytesPerPlugin: readonly number[];
  /** Calls of all of them, 256 in flight. */
  readonly microsPerCall: readonly number[];
}

/** Resident memory while calls go on. */
export interface Memory {
  readonly process: string;
  readonly calls: number;
  /** At equal distances, the first one when it was warm. */
  readonly residentBytes: readonly number[];
}

/** System calls of one process for each call, by what they are for. */
export interface Syscalls {
  readonly process: string;
  readonly inFlight: number;
  readonly write: number;
  readonly read: number;
  /** Those that said that there is something to do. */
  readonly poll: number;
  /** Those that found nothing: libuv looks before it waits. */
  readonly emptyPoll: number;
  /** All others together. */
  readonly other: number;
}

export interface Goal {
  readonly name: string;
  readonly goal: string;
  /** Null: not measured in this run. */
  readonly value: number | null;
  readonly met: boolean | null;
}

export interface Results {
  readonly date: string;
  readonly machine: Machine;
  readonly quick: boolean;
  readonly rounds: number;
  /** What each side says of itself: versions above all. */
  readonly about: Readonly<Record<string, string>>;
  readonly skipped: readonly Skipped[];
  readonly calls: readonly Measured[];
  readonly contracts: readonly Measured[];
  readonly starts: readonly Measured[];
  readonly commands: readonly Measured[];
  readonly plugins: readonly Plugins[];
  readonly memory: readonly Memory[];
  readonly syscalls: readonly Syscalls[];
  readonly goals: readonly Goal[];
}

/** Microseconds of one side at one kind of work, round by round; empty when it was not measured. */
export function micros(
  measured: readonly Measured[],
  side: string,
  bytes: number,
  inFlight: number,
): number[] {
  return figures(measured, side, bytes, inFlight).map(({ microsPerCall }) => microsPerCall);
}

export function figures(
  measured: readonly Measured[],
  side: string,
  bytes: number,
  inFlight: number,
): readonly Figure[] {
  const found = measured.find(
    (each) => each.side === side && each.bytes === bytes && each.inFlight === inFlight,
  );
  return found?.rounds ?? [];
}
