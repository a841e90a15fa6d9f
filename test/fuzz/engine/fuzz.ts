/** Looks for inputs that reach what no other has reached, and for those that something does not hold for. */
import type { Target, Trials } from "../target.ts";
import { Coverage, includes } from "./coverage.ts";
import type { Reached } from "./coverage.ts";
import { failureOf, kindOf } from "./failure.ts";
import { Inputs } from "./inputs.ts";
import { minimised } from "./minimise.ts";
import type { Seed } from "./seeds.ts";
import { Watch } from "./watch.ts";

export interface FuzzOptions {
  /** The end of it: after so long, or after so many trials. */
  readonly until: { readonly seconds: number } | { readonly runs: number };
  /** Decides what is tried. */
  readonly seed: number;
  /** What is known. */
  readonly seeds: readonly Seed[];
  readonly say: (text: string) => void;
}

export interface Fuzzed {
  /** One for each kind of mistake, as small as it gets. */
  readonly found: readonly Seed[];
  /** What is to be kept: those that found something, now or before, and few and small ones that reach what all of them reach. */
  readonly seeds: readonly Seed[];
}

/** Asking what was reached takes longer than most trials. */
const AT_ONCE = 50;
const TELL_EVERY_MS = 30_000;
const MINIMISING_ATTEMPTS = 3000;
/** Of a seed, in bytes. */
const LARGE = 512;
const SHORTENING_ATTEMPTS = 100;
/** What is larger still is not kept for what it reaches: chance had a part in it, and a repository is no place for it. */
const LARGEST_KEPT = 20 * 1024;

export async function fuzz(target: Target, options: FuzzOptions): Promise<Fuzzed> {
  const watch = new Watch(target.name);
  const trials = await target.start();
  const search = new Search(target, trials, watch, options);
  try {
    return await search.run();
  } finally {
    watch.close();
    await trials.close();
  }
}

class Search {
  readonly #target: Target;
  readonly #trials: Trials;
  readonly #watch: Watch;
  readonly #options: FuzzOptions;
  readonly #coverage: Coverage;
  readonly #kept: Buffer[] = [];
  readonly #found = new Map<string, Seed>();
  #runs = 0;

  constructor(target: Target, trials: Trials, watch: Watch, options: FuzzOptions) {
    this.#target = target;
    this.#trials = trials;
    this.#watch = watch;
    this.#options = options;
    this.#coverage = new Coverage(target.covers);
  }

  async run(): Promise<Fuzzed> {
    const { seed, seeds } = this.#options;
    const known = seeds.map(({ bytes }) => bytes);
    const inputs = new Inputs(this.#target, seed, known);
    this.#kept.push(...(await this.#reaching(known)));
    this.#tell("begins");
    const isOver = this.#end();
    let told = performance.now();
    while (!isOver()) {
      const batch = Array.from({ length: AT_ONCE }, () => inputs.next());
      for (const input of batch) await this.#try(input);
      const together = this.#coverage.take();
      if (this.#coverage.fresh(together) !== undefined) {
        for (const input of await this.#reaching(batch)) {
          this.#kept.push(input);
          inputs.keep(input);
        }
        // What only chance has reached is not to be looked for again.
        this.#coverage.add(together);
      }
      if (performance.now() - told < TELL_EVERY_MS) continue;
      told = performance.now();
      this.#tell("goes on");
    }
    const worthKeeping = await this.#worthKeeping();
    this.#tell("ends");
    return { found: [...this.#found.values()], seeds: worthKeeping };
  }

  #end(): () => boolean {
    const { until } = this.#options;
    if ("runs" in until) return () => this.#runs >= until.runs;
    const at = performance.now() + until.seconds * 1000;
    return () => performance.now() >= at;
  }

  /** Those that reach, one by one, what none before them has reached; at last, large ones no larger than that takes. */
  async #reaching(batch: readonly Buffer[], isLast = false): Promise<Buffer[]> {
    const found: Buffer[] = [];
    this.#coverage.take();
    for (const input of batch) {
      await this.#try(input);
      const reached = this.#coverage.take();
      const fresh = this.#coverage.fresh(reached);
      if (fresh === undefined) continue;
      this.#coverage.add(reached);
      found.push(isLast && input.length > LARGE ? await this.#shortened(input, fresh) : input);
    }
    return found;
  }

  async #shortened(input: Buffer, fresh: Reached): Promise<Buffer> {
    const isSame = async (each: Buffer): Promise<boolean> => {
      await this.#try(each);
      return includes(this.#coverage.take(), fresh);
    };
    return minimised(input, isSame, SHORTENING_ATTEMPTS);
  }

  async #try(input: Buffer): Promise<void> {
    this.#runs++;
    this.#watch.begin(input);
    const failure = await failureOf(this.#trials, input);
    this.#watch.end();
    if (failure !== undefined) await this.#report(input, failure);
  }

  async #report(input: Buffer, failure: Error): Promise<void> {
    const kind = kindOf(failure);
    if (this.#found.has(kind)) return;
    this.#found.set(kind, { bytes: input, found: kind });
    const isSame = async (each: Buffer): Promise<boolean> => {
      const other = await failureOf(this.#trials, each);
      return other !== undefined && kindOf(other) === kind;
    };
    const bytes = await minimised(input, isSame, MINIMISING_ATTEMPTS);
    this.#found.set(kind, { bytes, found: kind });
    const last = (await failureOf(this.#trials, bytes)) ?? failure;
    const shown = JSON.stringify(bytes.toString("latin1").slice(0, 1000));
    this.#options.say(`FOUND ${this.#target.name}: ${kind}\n  input: ${shown}\n  ${last.stack}`);
  }

  async #worthKeeping(): Promise<Seed[]> {
    const { seeds } = this.#options;
    this.#coverage.forget();
    const all = [...seeds.map(({ bytes }) => bytes), ...this.#kept];
    const smallest = await this.#reaching(
      all.toSorted((a, b) => a.length - b.length),
      true,
    );
    const finds = [...seeds.filter(({ found }) => found !== undefined), ...this.#found.values()];
    const others = smallest.filter(
      (bytes) => bytes.length <= LARGEST_KEPT && !finds.some((each) => each.bytes.equals(bytes)),
    );
    this.#kept.splice(0, Infinity, ...smallest);
    return [...finds, ...others.map((bytes) => ({ bytes }))];
  }

  #tell(what: string): void {
    const { reached, of } = this.#coverage.total;
    this.#options.say(
      `${this.#target.name} ${what}: ${this.#runs} runs, ${this.#kept.length} seeds reach ${reached} of ${of} characters, ` +
        `${this.#found.size} found, slowest ${this.#watch.slowest}`,
    );
  }
}
