/** `npm run chaos`: breaks everything at random for a while, then looks whether what was promised held. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../fixtures/process/compile.ts";
import { audit } from "./audit/audit.ts";
import type { Violation } from "./audit/violation.ts";
import { collectFound, collectJournal, collectPipes } from "./collect.ts";
import { readOptions } from "./options.ts";
import type { Options } from "./options.ts";
import { enterNamespace, pipesOf, Place, policyOf } from "./place.ts";
import type { Facts } from "./records.ts";
import { Run } from "./run.ts";
import { table } from "./table.ts";

const workerSource = fileURLToPath(new URL("../fixtures/chaos/worker.c", import.meta.url));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function chaos(place: Place, options: Options): Promise<readonly Violation[]> {
  compile(workerSource, place.worker, "-O2");
  const run = new Run(place, options);
  try {
    await run.begin();
    await run.disturb();
    const lastDaemon = run.daemon.pid ?? 0;
    const { silent, stalled } = await run.calm();
    await run.beginAnew();
    const operator = await run.daemon.operator();
    await collectFound(place.records, operator);
    await collectPipes(place.records, operator);
    const { exit, orphans } = await run.end();
    collectJournal(place.records, place.journal);
    const policies = Object.fromEntries(run.plugins.map((plugin) => [plugin, policyOf(plugin, run.plugins)]));
    const { killed, stuck } = run;
    const pipes = pipesOf(run.plugins);
    const facts: Facts = { policies, orphans, silent, pipes, stalled, exit, killed, stuck, lastDaemon };
    writeFileSync(path.join(place.records, "facts.json"), JSON.stringify(facts, null, 2));
  } finally {
    run.close();
  }
  const findings = audit(place.records);
  say(table(findings));
  const failures = run.failures.map((each) => ({ rule: "the run itself goes well", evidence: [each] }));
  return [...failures, ...findings.violations];
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const { seed, seconds, plugins, clients } = options;
  say(`chaos: seed ${seed}, ${seconds} s, ${plugins} plugins, ${clients} clients`);
  const place = new Place();
  if (place.diskProblem !== null) {
    say(`chaos: the disk is never full: ${place.diskProblem}`);
    if (process.env["CI"] !== undefined) return 1;
  }
  let violations: readonly Violation[] | null = null;
  try {
    violations = await chaos(place, options);
  } finally {
    if (violations?.length === 0 && !options.keep) place.remove();
    else {
      place.keep();
      say(`chaos: the records are in ${place.records}`);
    }
  }
  for (const { rule, evidence } of violations) {
    say(`\nVIOLATED: ${rule}\n${evidence.map((line) => `  ${line}`).join("\n")}`);
  }
  say(
    violations.length === 0
      ? "chaos: nothing was violated"
      : `chaos: ${violations.length} rules were violated`,
  );
  return violations.length === 0 ? 0 : 1;
}

if (process.platform === "linux") process.exitCode = enterNamespace() ?? (await main());
else say("chaos: skipped: it needs Linux (/proc, and a disk of its own)");
