// What the tour is told with: chapters, commands as a user would type them, and small programs.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../setup.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const launcher = path.join(root, "scripts", "bulkhead.cjs");
const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined;

export const dim = (text) => (colour ? `\x1b[2m${text}\x1b[0m` : text);
export const bold = (text) => (colour ? `\x1b[1m${text}\x1b[0m` : text);
export const print = (text = "") => process.stdout.write(`${text}\n`);
const quoted = (arg) => (arg.includes("'") ? `"${arg}"` : `'${arg}'`);
const shown = (args) => args.map((arg) => (/^[\w./=:-]+$/.test(arg) ? arg : quoted(arg))).join(" ");
const say = (command, args, after = "") => print(dim(`\n$ ${command} ${shown(args)}${after}`));

const longest = 110;
const clipped = (line) => (line.length > longest ? `${line.slice(0, longest - 1)}…` : line);

/** The first and the last lines of much. */
function excerpt(text, { first = Infinity, last = 0 }) {
  const lines = text.trimEnd().split("\n");
  const out = lines.length - first - last;
  if (out <= 0) return text;
  const end = last > 0 ? lines.slice(-last) : [];
  return `${[...lines.slice(0, first), `… ${out} lines more`, ...end].map(clipped).join("\n")}\n`;
}

/** The tour does not show what it promises. */
export class TourFailed extends Error {}

/** @returns {never} */
export function fail(message) {
  throw new TourFailed(message);
}

let chapters = 0;
/** What there is to see, before it is seen. */
export function chapter(title, text) {
  print(`\n${bold(`${++chapters}. ${title}`)}\n${text}`);
}

/** The tour's commands and programs. `env`: theirs; it says which daemon and which configuration. */
export class Tour {
  #env;

  constructor(env) {
    this.#env = env;
  }

  /**
   * Runs a command and shows what it says: all of it, or the `first` and `last` lines. `expect`: the exit status that the
   * tour is about.
   */
  bulkhead(args, { expect = 0, ...some } = {}) {
    say("bulkhead", args);
    const done = this.#run([launcher, ...args]);
    process.stdout.write(excerpt(done.stdout, some) + done.stderr);
    if (expect !== 0) print(dim(`(exit status ${done.status})`));
    if (done.status !== expect) fail(`exit status ${done.status}, expected ${expect}`);
    return done.stdout + done.stderr;
  }

  /** A command for the tour's own use: what it says as JSON. */
  ask(...args) {
    const done = this.#run([launcher, ...args, "--json"]);
    if (done.status !== 0) fail(`bulkhead ${args.join(" ")}: ${done.stderr}`);
    return JSON.parse(done.stdout);
  }

  /** The same, shown as a user would type it. */
  askShown(...args) {
    say("bulkhead", args);
    return this.ask(...args);
  }

  plugin(id) {
    return this.ask("ps").plugins.find((each) => each.id === id);
  }

  /** Until the daemon has written the crash and started the plugin again. */
  ready(id) {
    this.bulkhead(["wait", id, "--ready", "--timeout", "20s"]);
  }

  /** Ends a plugin's process as nothing in Bulkhead would. Returns its pid. */
  kill(id, signal) {
    const { pid } = this.plugin(id);
    say("kill", [`-${signal.slice(3)}`, String(pid)]);
    process.kill(pid, signal);
    return pid;
  }

  /** Shows a program next to this file, then runs it. `expect`: what it has to print for the tour to be true. */
  program(name, expect) {
    this.show(name);
    say("node", [name]);
    const { stdout, stderr, status } = this.#run([path.join(here, name)]);
    process.stdout.write(stdout + stderr);
    if (status !== 0 || !expect.every((text) => stdout.includes(text))) fail(`${name} ended with ${status}`);
  }

  /** As it would stand in a project that has the package installed. */
  show(name) {
    const text = readFileSync(path.join(here, name), "utf8")
      .replace("../../src/index.ts", "bulkhead")
      .replace("../../protocol/sdk/typescript/index.ts", "bulkhead/plugin");
    print(dim(`\n# ${name}`));
    print(text.trimEnd().replaceAll(/^(?=.)/gm, "  "));
  }

  /** A command or program that goes on while the tour does. `ended` resolves with its output and exit status. */
  begin(program, args, stdin = "ignore") {
    const isCommand = program === "bulkhead";
    say(...(isCommand ? [program, args] : ["node", [program, ...args]]), " &");
    const words = [isCommand ? launcher : path.join(here, program), ...args];
    const child = spawn("node", words, { env: this.#env, stdio: [stdin, "pipe", "pipe"] });
    const going = { child, output: "", ended: undefined };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (going.output += text));
    }
    going.ended = new Promise((resolve) => {
      child.once("close", (status) => resolve({ output: going.output, status }));
    });
    return going;
  }

  /** A call that is under way when this resolves. */
  callInFlight(id, args) {
    const going = this.begin("bulkhead", ["call", ...args]);
    while (this.plugin(id).calls.inFlight === 0) {
      if (going.child.exitCode !== null) fail(`the call ended too early:\n${going.output}`);
    }
    return going;
  }

  /** After a failure the daemon may still be there. */
  close() {
    this.#run([launcher, "down"]);
  }

  #run(args) {
    return spawnSync("node", args, { env: this.#env, encoding: "utf8" });
  }
}
