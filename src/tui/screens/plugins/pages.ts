/** What is shown where there are no plugins to show: nobody is left without a next step. Pure. */
import { terminalLine } from "../../../text/sanitize.ts";
import { nextStep } from "../../../text/failure.ts";
import { wholeSeconds } from "../../../text/words.ts";
import type { Facts } from "../../facts.ts";
import { cut, wrap } from "../../parts/fit.ts";
import type { Size } from "../../screen.ts";
import { tone } from "../../theme.ts";
import type { Tone } from "../../theme.ts";

type Line = readonly [Tone, string];

/** Undefined: there are plugins, of now or of before the daemon went away. */
export function pageLines(facts: Facts, size: Size): string[] | undefined {
  const page = pageOf(facts);
  if (page === undefined) return undefined;
  const width = size.columns - 2;
  const lines = page.flatMap(([look, text]) =>
    // An example is cut rather than broken: it is to be copied.
    look === "accent" ? [tone(look, cut(text, width))] : wrap(text, width).map((line) => tone(look, line)),
  );
  return lines.slice(0, size.rows).map((line) => (line === "" ? "" : ` ${line}`));
}

function pageOf({ connection, plugins, daemon, socket, now }: Facts): Line[] | undefined {
  if (plugins !== null && plugins.length > 0) return undefined;
  switch (connection.state) {
    case "connecting":
      return [["dim", "Connecting…"]];
    case "away":
      return away(connection, socket, now);
    case "up":
      return plugins === null ? [["dim", "Connecting…"]] : firstRun(daemon);
    default:
      return connection satisfies never;
  }
}

function away(
  { error, next }: Extract<Facts["connection"], { state: "away" }>,
  socket: string,
  now: number,
): Line[] {
  const look = next <= now ? "now" : `in ${wholeSeconds(next - now)}`;
  // It is there, and can not be understood: starting it is no help.
  if (error.code !== "daemon_unreachable") {
    return [
      ["plain", ""],
      ["strong", "The daemon can not be used from here."],
      ["plain", ""],
      ["plain", terminalLine(error.message)],
      ["plain", ""],
      ["plain", terminalLine(nextStep(error, {}))],
      ["plain", ""],
      ["plain", `It is asked again ${look}.`],
    ];
  }
  return [
    ["plain", ""],
    ["strong", "No daemon answers."],
    ["plain", ""],
    ["plain", terminalLine(error.message)],
    ...(error.message.includes(socket) ? [] : [["dim", `socket ${terminalLine(socket)}`] as const]),
    ["plain", ""],
    ["plain", "Start it in another terminal, where your bulkhead.toml is:"],
    ["accent", "  bulkhead up -d"],
    ["plain", ""],
    ["plain", `It is found by itself as soon as it is there; the next look is ${look}.`],
  ];
}

function firstRun(daemon: Facts["daemon"]): Line[] {
  const file = daemon?.configFile ?? null;
  const reload =
    file === null ? "  bulkhead down; bulkhead up -d --config bulkhead.toml" : "  bulkhead config reload";
  return [
    ["plain", ""],
    ["strong", "No plugins yet."],
    ["plain", ""],
    ["plain", whereItLooked(file)],
    ...problems(daemon?.configErrors ?? []),
    ["plain", ""],
    ["plain", "A plugin to begin with, in Rust, C, Go, Python or TypeScript:"],
    ["accent", "  bulkhead new hello --lang rust"],
    ["plain", ""],
    ["plain", "Name it in bulkhead.toml:"],
    ["accent", "  [plugins.hello]"],
    ["accent", '  command = "hello/target/release/hello"'],
    ["plain", ""],
    ["plain", "And have the daemon read that:"],
    ["accent", reload],
  ];
}

function whereItLooked(file: string | null): string {
  if (file !== null) return `The configuration names none: ${terminalLine(file)}`;
  return "The daemon runs without a configuration: when it started, there was none in its directory (./bulkhead.toml), in ~/.config/bulkhead, or in /etc/bulkhead.";
}

function problems(errors: readonly string[]): Line[] {
  return errors.slice(0, 3).map((error): Line => ["bad", terminalLine(error)]);
}
