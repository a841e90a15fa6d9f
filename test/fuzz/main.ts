/**
 * `npm run fuzz -- TARGET… --seconds N --seed S`; without a target, one after the other. What is found, and what reaches more of
 * the sources, goes into the seeds.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { beginCoverage } from "./engine/coverage.ts";
import { fuzz } from "./engine/fuzz.ts";
import { readSeeds, writeSeeds } from "./engine/seeds.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  beginCoverage();
  const { targets } = await import("./targets/all.ts");
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: String(randomInt(2 ** 32)) },
    },
  });
  const unknown = positionals.find((name) => !targets.some((target) => target.name === name));
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  if (unknown !== undefined || !(seconds >= 0) || !Number.isInteger(seed)) {
    say(
      `usage: npm run fuzz -- [TARGET…] [--seconds N] [--seed S]\ntargets: ${targets.map(({ name }) => name).join(", ")}`,
    );
    return 2;
  }
  const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  say(`fuzz: seed ${seed}, ${seconds} s for each of ${chosen.map(({ name }) => name).join(", ")}`);
  let found = 0;
  for (const target of chosen) {
    const result = await fuzz(target, { until: { seconds }, seed, seeds: readSeeds(target.name), say });
    writeSeeds(target.name, result.seeds);
    found += result.found.length;
  }
  say(`fuzz: ${found} found`);
  return found === 0 ? 0 : 1;
}

process.exitCode = await main();
