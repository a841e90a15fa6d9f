// `npm run demo`: a tour on a fresh clone. Everything happens in a temporary directory, and nothing is left of it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { check } from "./demo/authors.mjs";
import { calls, mismatch, realWork, typedCalls } from "./demo/calls.mjs";
import { configuration } from "./demo/config.mjs";
import { host } from "./demo/host.mjs";
import { newLife, outdated, panic, reload, signal } from "./demo/lives.mjs";
import { pipe, stream } from "./demo/streams.mjs";
import { bold, chapter, fail, print, Tour, TourFailed } from "./demo/tour.mjs";
import { env, root, setup } from "./setup.mjs";

/** `needs`: the parts without which there is nothing to see; `otherwise`: what is shown in that case. */
const stops = [
  calls,
  realWork,
  typedCalls,
  mismatch,
  stream,
  newLife,
  host,
  reload,
  { ...panic, otherwise: signal },
  outdated,
  pipe,
  check,
];

const parts = await setup();
const built = (name) => parts.some((part) => part.name === name && part.status === "built");
const lacking = ({ needs }) => needs.filter((name) => !built(name));

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-demo-"));
const config = path.join(directory, "bulkhead.toml");
const sample = path.join(root, "sample-plugins", "bulkhead.toml");
const tour = new Tour({ ...env, BULKHEAD_STATE_DIR: directory, BULKHEAD_CONFIG: config });
const leftOut = [];

// A terminal ends the running command by Ctrl-C as well; what is left is ours to clean up.
/** @type {string | null} */
let interrupted = null;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (interrupted = signal));

async function show(stop) {
  // Signals are heard between commands only.
  await setImmediate();
  if (interrupted !== null) fail("interrupted");
  const missing = lacking(stop);
  if (missing.length === 0) return stop.run(tour, built);
  leftOut.push(`${stop.title}: without ${missing.join(" and ")}`);
  return stop.otherwise === undefined ? undefined : show(stop.otherwise);
}

function start() {
  chapter(
    "Start the daemon",
    `It supervises the plugins of sample-plugins/bulkhead.toml that could be built, and two of the tour's own. Those that are
idle are started by their first call.`,
  );
  tour.bulkhead(["up", "-d"]);
  while (tour.ask("ps").plugins.some(({ state }) => state === "starting"));
  tour.bulkhead(["ps"]);
}

function end() {
  chapter("Stop", "Every plugin is drained and stopped; no process is left.");
  const pids = processes();
  tour.bulkhead(["down"]);
  const left = pids.filter(alive);
  if (left.length > 0) fail(`processes are left: ${left.join(", ")}`);
}

/** Every process of the daemon's, as it says itself. */
function processes() {
  const { daemon, plugins } = tour.ask("ps");
  return [daemon.pid, ...plugins.flatMap(({ pid, guardPid }) => [pid, guardPid])].filter(
    (pid) => pid !== null,
  );
}

/** A process that has ended and was not yet collected by its parent is not alive. */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function tellLeftOut() {
  const skipped = parts.filter(({ status }) => status === "skipped");
  for (const reason of new Set(skipped.map((part) => part.reason))) {
    const names = skipped.filter((part) => part.reason === reason).map(({ name }) => name);
    print(`Not built: ${names.join(", ")} (${reason})`);
  }
  for (const stop of leftOut) print(`Left out: ${stop}`);
}

try {
  writeFileSync(config, configuration(sample, built));
  start();
  for (const stop of stops) await show(stop);
  end();
  print(`\n${bold("That was the tour.")} Next: README.md, or \`npx bulkhead help\`.`);
  tellLeftOut();
} catch (error) {
  await setImmediate();
  const failure = error instanceof TourFailed ? error.message : error.stack;
  process.stderr.write(`\ndemo: ${interrupted === null ? failure : "interrupted"}\n`);
  process.exitCode = interrupted === "SIGINT" ? 130 : 1;
} finally {
  tour.close();
  rmSync(directory, { recursive: true, force: true });
}
