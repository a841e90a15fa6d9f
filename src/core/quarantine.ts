/**
 * Which calls may have killed their plugin. A call that was in flight in two crashes is a suspect; suspects run one at a
 * time. One that was the only suspect in flight at a further crash is on trial: it runs with nothing beside it. What was
 * all that was in flight when the plugin crashed, suspect or on trial, is guilty. So no innocent call is refused, however
 * many killers it runs beside, and a call that always kills is refused after its fourth crash. Pure.
 */

type Standing = "noted" | "suspect" | "trial" | "guilty";

/** A call by its method and its params. */
export interface CallIdentity {
  readonly method: string;
  /** A keyed hash of the canonical params: they may be long, and secret. */
  readonly params: string;
}

export interface Entry extends CallIdentity {
  readonly standing: Standing;
  /** Crashes in which it was in flight. */
  readonly crashes: number;
  /** Ids of the last few of their reports, the latest last. */
  readonly reports: readonly string[];
  /** Unix time of the last of them, milliseconds. */
  readonly at: number;
}

/** Plain data: it survives a restart of the daemon in the journal. */
export interface Quarantine {
  /** The program that it is about, by a hash of all that it runs; another one begins afresh. */
  readonly binary: string | null;
  /** What params are hashed with: of a hash without a key, short secrets can be found by trying. */
  readonly key?: string;
  /** In the order of their last crashes. */
  readonly entries: readonly Entry[];
}

interface Crash {
  readonly report: string;
  readonly at: number;
  /** What the plugin had been sent and had not answered, each once. */
  readonly inFlight: readonly CallIdentity[];
  /** How many more of those there were that nobody can tell apart. */
  readonly unknown: number;
}

export const nothingNoted: Quarantine = { binary: null, entries: [] };

export const mostEntries = 1024;
const mostReports = 8;

export function keyOf({ method, params }: CallIdentity): string {
  return `${method} ${params}`;
}

/** The executable is another one: what the old one died of is no news of it. */
export function started(quarantine: Quarantine, binary: string | null): Quarantine {
  return quarantine.binary === binary ? quarantine : { ...quarantine, binary, entries: [] };
}

export function crashed(quarantine: Quarantine, { report, at, inFlight, unknown }: Crash): Quarantine {
  const known = new Map(quarantine.entries.map((entry) => [keyOf(entry), entry]));
  const suspects = inFlight.filter((call) => isSuspect(known.get(keyOf(call))));
  const isAlone = inFlight.length + unknown === 1;
  for (const call of inFlight) {
    const key = keyOf(call);
    const before = known.get(key);
    const entry: Entry = {
      method: call.method,
      params: call.params,
      standing: next(before?.standing, suspects.length === 1, isAlone),
      crashes: (before?.crashes ?? 0) + 1,
      reports: [...(before?.reports ?? []), report].slice(-mostReports),
      at,
    };
    known.delete(key);
    known.set(key, entry);
  }
  return { ...quarantine, entries: bounded([...known.values()]) };
}

/** The plugin has answered it, and lives: whoever was in flight as well was it. Null: nothing changes. */
export function answered(quarantine: Quarantine, call: CallIdentity): Quarantine | null {
  const key = keyOf(call);
  const entries = quarantine.entries.filter((entry) => keyOf(entry) !== key);
  return entries.length === quarantine.entries.length ? null : { ...quarantine, entries };
}

/** An operator lets them go. */
export function released(quarantine: Quarantine, is: (entry: Entry) => boolean): Quarantine {
  return { ...quarantine, entries: quarantine.entries.filter((entry) => !is(entry)) };
}

function next(before: Standing | undefined, isOnlySuspect: boolean, isAlone: boolean): Standing {
  switch (before) {
    case undefined:
      return "noted";
    case "noted":
      return "suspect";
    case "suspect":
      if (isAlone) return "guilty";
      return isOnlySuspect ? "trial" : "suspect";
    case "trial":
      return isAlone ? "guilty" : "trial";
    case "guilty":
      return "guilty";
    default:
      return before satisfies never;
  }
}

function isSuspect(entry: Entry | undefined): boolean {
  return entry !== undefined && entry.standing !== "noted";
}

const weight: Record<Standing, number> = { noted: 0, suspect: 1, trial: 2, guilty: 3 };

/** What weighs least goes first, and of that the oldest: a flood of bystanders must not push a killer out. */
function bounded(entries: readonly Entry[]): readonly Entry[] {
  const excess = entries.length - mostEntries;
  if (excess <= 0) return entries;
  const leaving = new Set(
    entries.toSorted((a, b) => weight[a.standing] - weight[b.standing]).slice(0, excess),
  );
  return entries.filter((entry) => !leaving.has(entry));
}
