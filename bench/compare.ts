/** Contestants at the same work in turns: the heart of every figure. */
import type { Contestant, Need } from "./contestants.ts";
import { pinned } from "./pinned.ts";
import { say } from "./prepare.ts";
import { RemoteSide } from "./remote-side.ts";
import type { Measured, Skipped } from "./results.ts";
import type { Figure, Work } from "./side.ts";

export interface Run {
  readonly rounds: number;
  /** How long one turn lasts, about; milliseconds. */
  readonly turnMs: number;
  /** Small calls before anything counts: what is compiled by then does not depend on how busy the machine is. */
  readonly warmUp: number;
  readonly lacking: ReadonlyMap<Need, string>;
  /** What was measured is told to these as it comes. */
  readonly about: Map<string, string>;
  readonly skipped: Skipped[];
}

export type Kind = Pick<Work, "bytes" | "inFlight">;

/** A contestant in the race; its process is started again when it has failed at something. */
interface Starter {
  readonly contestant: Contestant;
  side: RemoteSide | undefined;
}

/** Each kind of work by all of them, each round in another order. `onOneCore`: each with all that it starts. */
export async function compare(
  contestants: readonly Contestant[],
  kinds: readonly Kind[],
  onOneCore: boolean,
  run: Run,
): Promise<Measured[]> {
  const field = contestants
    .filter((contestant) => isComplete(contestant, run))
    .map((contestant): Starter => ({ contestant, side: undefined }));
  const measured: Measured[] = [];
  try {
    for (const kind of kinds) {
      say(`${words(kind)}${onOneCore ? ", on one core" : ""}`);
      measured.push(...(await race(field, kind, onOneCore, run)));
    }
  } finally {
    for (const { side } of field) await side?.close();
  }
  return measured;
}

export function isComplete({ title, needs }: Contestant, { lacking, skipped }: Run): boolean {
  const reason = needs.map((need) => lacking.get(need)).find((each) => each !== undefined);
  if (reason !== undefined && !skipped.some(({ name }) => name === title)) {
    skipped.push({ name: title, reason });
  }
  return reason === undefined;
}

async function race(
  field: readonly Starter[],
  kind: Kind,
  onOneCore: boolean,
  run: Run,
): Promise<Measured[]> {
  const lanes: { readonly starter: Starter; readonly work: Work; readonly rounds: Figure[] }[] = [];
  for (const starter of field) {
    const work = await attempt(starter, kind, run, () => warmUp(starter, kind, onOneCore, run));
    if (work !== undefined) lanes.push({ starter, work, rounds: [] });
  }
  for (let round = 0; round < run.rounds; round++) {
    // Nobody always comes after the same one.
    const first = lanes.length === 0 ? 0 : round % lanes.length;
    const turned = [...lanes.slice(first), ...lanes.slice(0, first)];
    for (const { starter, work, rounds } of round % 2 === 0 ? turned : turned.toReversed()) {
      if (starter.side === undefined) continue;
      const { side } = starter;
      const figure = await attempt(starter, kind, run, () => side.measure(work));
      if (figure !== undefined) rounds.push(figure);
    }
  }
  return lanes
    .filter(({ rounds }) => rounds.length === run.rounds)
    .map(({ starter, rounds }) => ({ side: starter.contestant.name, ...kind, pinned: onOneCore, rounds }));
}

/** Undefined when it failed, which goes on record: the others go on. */
async function attempt<T>(
  starter: Starter,
  kind: Kind,
  { skipped }: Run,
  what: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await what();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    skipped.push({ name: `${starter.contestant.title}, ${words(kind)}`, reason });
    say(`failed: ${starter.contestant.title}, ${words(kind)}: ${reason}`);
    const { side } = starter;
    starter.side = undefined;
    await side?.close();
    return undefined;
  }
}

/** Starts the side if need be, and finds out how many calls make a turn. Undefined: this work is none for it. */
async function warmUp(
  starter: Starter,
  kind: Kind,
  onOneCore: boolean,
  { turnMs, warmUp: small, about }: Run,
): Promise<Work | undefined> {
  const { name, command } = starter.contestant;
  starter.side ??= await RemoteSide.start(onOneCore ? pinned(command) : command);
  const { side } = starter;
  about.set(name, side.about.about);
  if (kind.inFlight > (side.about.mostInFlight ?? Infinity)) return undefined;
  // The way up and the way down, with fewer calls under way, are to be a small part.
  const fewest = kind.inFlight === 1 ? 2 : 4 * kind.inFlight;
  const enough = starter.contestant.slow === true ? 2 : small / (1 + kind.bytes / 4096);
  let made = 0;
  for (let calls = fewest; ; calls *= 4) {
    const { microsPerCall } = await side.measure({ ...kind, calls });
    made += calls;
    if (made < enough || microsPerCall * calls < turnMs * 500) continue;
    return { ...kind, calls: Math.max(fewest, Math.round((turnMs * 1000) / microsPerCall)) };
  }
}

export function words({ bytes, inFlight }: Kind): string {
  return `${sizeWords(bytes)}, ${inFlight === 1 ? "one after another" : `${inFlight} in flight`}`;
}

export function sizeWords(bytes: number): string {
  if (bytes === 0) return "small";
  return bytes < 1024 ** 2 ? `${bytes / 1024} KiB` : `${bytes / 1024 ** 2} MiB`;
}
