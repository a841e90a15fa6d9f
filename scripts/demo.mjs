// `npm run demo`: a tour on a fresh clone. Everything happens in a temporary directory, and nothing is left of it.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { env, root, setup } from "./setup.mjs";

const parts = await setup();
const built = (name) => parts.some((part) => part.name === name && part.status === "built");

if (!built("wordcount")) {
  process.stderr.write("demo: there is no plugin to show: a C compiler (cc) or Rust (cargo) is needed\n");
  process.exit(1);
}

const stateDir = mkdtempSync(path.join(tmpdir(), "bulkhead-demo-"));
const launcher = path.join(root, "scripts", "bulkhead.cjs");
const plugins = path.join(root, "sample-plugins");
const bulkheadEnv = {
  ...env,
  BULKHEAD_STATE_DIR: stateDir,
  BULKHEAD_CONFIG: path.join(plugins, "bulkhead.toml"),
};
const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const dim = (text) => (colour ? `\x1b[2m${text}\x1b[0m` : text);
const bold = (text) => (colour ? `\x1b[1m${text}\x1b[0m` : text);
const print = (text = "") => process.stdout.write(`${text}\n`);

let stop = 0;
/** One stop of the tour: what there is to see, before it is seen. */
function chapter(title, text) {
  print(`\n${bold(`${++stop}. ${title}`)}`);
  if (text !== undefined) print(text);
}

const shown = (args) => args.map((arg) => (/^[\w./=:-]+$/.test(arg) ? arg : `'${arg}'`)).join(" ");
const say = (args) => print(dim(`\n$ bulkhead ${shown(args)}`));

/** Runs the command as a user would, output and all. `expect`: the exit status that the tour is about. */
function bulkhead(args, expect = 0) {
  say(args);
  const done = spawnSync("node", [launcher, ...args], { env: bulkheadEnv, encoding: "utf8" });
  process.stdout.write(done.stdout + done.stderr);
  if (expect !== 0) print(dim(`(exit status ${done.status})`));
  if (done.status !== expect) fail(`exit status ${done.status}, expected ${expect}`);
  return done.stdout;
}

/** The same for the tour's own use. */
function ask(...args) {
  const done = spawnSync("node", [launcher, ...args, "--json"], { env: bulkheadEnv, encoding: "utf8" });
  if (done.status !== 0) fail(`bulkhead ${args.join(" ")}: ${done.stderr}`);
  return JSON.parse(done.stdout);
}

const plugin = (id) => ask("ps").plugins.find((each) => each.id === id);

/** A call that is under way when this resolves; `ended` resolves with what it printed in the end. */
async function callInFlight(id, args) {
  say(["call", ...args, "&"]);
  const child = spawn("node", [launcher, "call", ...args], { env: bulkheadEnv });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.on("close", (status) => resolve({ output, status })));
  while (plugin(id).calls.inFlight === 0)
    if (child.exitCode !== null) fail(`the call ended too early:\n${output}`);
  return { ended };
}

class DemoFailed extends Error {}

function fail(message) {
  throw new DemoFailed(message);
}

/** Until the daemon has written the crash and started the plugin again. */
const ready = (id) => bulkhead(["wait", id, "--ready", "--timeout", "20s"]);

async function rustTour() {
  chapter(
    "Call plugins",
    "min is Rust, wordcount is plain C without any SDK. Values are typed by each method's schema.",
  );
  bulkhead(["call", "min.min", "a=1", "b=2"]);
  bulkhead(["call", "min.min", "a=-10", "b=10"]);
  bulkhead(["call", "min.min", "a=2000", "b=2000"]);
  bulkhead(["call", "wordcount.count", "text=Plugins crash. Your program doesn't."]);

  chapter("Real work", "todo-scan walks this very repository for TODO comments and Markdown checkboxes.");
  const args = ["call", "todo-scan.scan", `root=${root}`, "maxItems=2000"];
  say(args);
  const { items, files } = ask(...args);
  for (const { file, line, kind, title } of items.slice(0, 8))
    print(`  ${kind.padEnd(8)} ${file}:${line}  ${title}`);
  print(`  … ${items.length} items in ${files} files`);
  if (items.length === 0) fail("todo-scan found nothing");

  chapter("State lives in the process", "A counter inside min, called three times.");
  for (let n = 0; n < 3; n++) bulkhead(["call", "min.counter"]);
}

async function panicTour() {
  chapter("A plugin panics", "One call to chaos is in flight while another one makes it panic.");
  const lost = await callInFlight("chaos", ["chaos.sleep", "ms=60000"]);
  bulkhead(["call", "chaos.panic", "message=the hull is breached"], 6);
  await tellLost(lost);
  ready("chaos");
  bulkhead(["ps"]);
  chapter("Read what happened", "The report was on disk before either caller heard of the crash.");
  bulkhead(["crashes"]);
  bulkhead(["crashes", plugin("chaos").lastCrash.id]);

  chapter("A restart is a new life", "min's counter is back at 0.");
  bulkhead(["restart", "min"]);
  const counter = bulkhead(["call", "min.peek"]).trim();
  if (counter !== "0") fail(`the counter is ${counter}`);

  chapter(
    "A wrong version is refused at the handshake",
    "Both versions are named, and nobody tries again in a loop.",
  );
  bulkhead(["start", "outdated"], 7);
  const { state, restarts, retryAt } = plugin("outdated");
  print(`\noutdated is ${state}, with ${restarts} restarts and ${retryAt === null ? "none" : "one"} planned`);
}

/** For a machine without Rust: the same story with the C plugin and a signal. */
async function signalTour() {
  chapter("Call a plugin", "wordcount is plain C without any SDK.");
  bulkhead(["call", "wordcount.count", "text=Plugins crash. Your program doesn't."]);
  chapter("A plugin is killed", "One call is in flight when wordcount gets a SIGSEGV.");
  const lost = await callInFlight("wordcount", ["wordcount.sleep", "ms=60000"]);
  const { pid } = plugin("wordcount");
  print(dim(`\n$ kill -SEGV ${pid}`));
  process.kill(pid, "SIGSEGV");
  await tellLost(lost);
  ready("wordcount");
  bulkhead(["ps"]);
  chapter("Read what happened", "The report was on disk before the caller heard of the crash.");
  bulkhead(["crashes"]);
  bulkhead(["crashes", plugin("wordcount").lastCrash.id]);
}

/** The answer that a call gets whose plugin dies under it. */
async function tellLost({ ended }) {
  const { output, status } = await ended;
  print(dim("\nThe call that was in flight has ended too, and says what is known about it:"));
  process.stdout.write(output);
  print(dim(`(exit status ${status})`));
  if (status !== 6) fail(`the lost call ended with ${status}`);
}

function tour() {
  chapter("Start the daemon", "It supervises the plugins of sample-plugins/bulkhead.toml.");
  bulkhead(["up", "-d"]);
  for (const id of running) ask("wait", id, "--ready");
  bulkhead(["ps"]);
  return rust ? rustTour().then(panicTour) : signalTour();
}

/** Every process of the daemon's, as it says itself. */
function processes() {
  const { daemon, plugins: all } = ask("ps");
  return [daemon.pid, ...all.flatMap(({ pid, guardPid }) => [pid, guardPid])].filter((pid) => pid !== null);
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

const rust = built("min");
const running = rust ? ["min", "chaos", "wordcount"] : ["wordcount"];
if (!rust) {
  const config = path.join(stateDir, "bulkhead.toml");
  writeFileSync(
    config,
    `[plugins.wordcount]\ncommand = '${path.join(plugins, "wordcount", "build", "wordcount")}'\n`,
  );
  bulkheadEnv.BULKHEAD_CONFIG = config;
}

try {
  await tour();
  chapter("Stop", "Every plugin is drained and stopped; no process is left.");
  const pids = processes();
  bulkhead(["down"]);
  const left = pids.filter(alive);
  if (left.length > 0) fail(`processes are left: ${left.join(", ")}`);
  const skipped = parts.filter(({ status }) => status === "skipped");
  print(`\n${bold("That was the tour.")} Next: README.md, or \`npx bulkhead help\`.`);
  for (const { name, reason } of skipped) print(`Left out, because it was not built: ${name} (${reason})`);
} catch (error) {
  process.stderr.write(`\ndemo: ${error instanceof DemoFailed ? error.message : error.stack}\n`);
  process.exitCode = 1;
} finally {
  // After a failure the daemon may still be there.
  spawnSync("node", [launcher, "down"], { env: bulkheadEnv, stdio: "ignore" });
  rmSync(stateDir, { recursive: true, force: true });
}
