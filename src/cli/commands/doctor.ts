import type { Check } from "../../../protocol/control-results.ts";
import { examples } from "../context.ts";
import type { Context, Define } from "../context.ts";
import { exit } from "../exit.ts";
import type { Holder } from "../holder.ts";
import { messageOf } from "../../text/message.ts";
import { terminalLine } from "../../text/sanitize.ts";

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead doctor", "one line for each thing looked at, with what to do about it"],
    ["bulkhead doctor --json", "the same as one array"],
    ["bulkhead doctor --build-guard", "build the guard with this machine's C compiler, then look"],
  ])
    .option("--build-guard", "build the guard, of the source that comes with Bulkhead")
    .addHelpText("after", "\nExit status 1 if anything fails. It needs no running daemon.")
    .action(async ({ buildGuard = false }: { readonly buildGuard?: boolean }) => {
      const open = context();
      const { out } = open;
      const failed = buildGuard ? await build(open) : undefined;
      const { localChecks } = await import("../doctor-checks.ts");
      const ofDaemon = await daemonChecks(open);
      const ofMachine = ofDaemon.length > 1 ? [] : await machineChecks();
      // A running daemon says which configuration it uses; the one found from here may be another.
      const answers = ofDaemon.length > 1;
      const local = (await localChecks(open.places))
        .filter(({ name }) => !answers || name !== "config")
        .map((check) => (check.name === failed?.name ? failed : check));
      const checks = [...local, await settingsCheck(open, answers), ...ofMachine, ...ofDaemon];
      if (checks.some(({ level }) => level === "fail")) open.exitCode = exit.internal;
      if (out.json) return out.value(checks);
      const styles = { ok: "green", warn: "yellow", fail: "red" } as const;
      const width = Math.max(...checks.map(({ name }) => name.length));
      for (const { level, name, message, advice } of checks) {
        const todo = advice === undefined ? "" : ` (${advice})`;
        out.line(
          `${out.style(styles[level], level.padEnd(4))}  ${terminalLine(name).padEnd(width)}  ${terminalLine(message + todo)}`,
        );
      }
    });
};

/** Undefined: it went well, and what is looked at next is the new one. */
async function build({ out }: Context): Promise<Check | undefined> {
  const { buildGuard } = await import("../../io/process/build-guard.ts");
  const built = await buildGuard();
  if (!built.ok) {
    const { why, advice } = built;
    const message = `could not be built: ${why}`;
    return { name: "guard", level: "fail", message, ...(advice === undefined ? {} : { advice }) };
  }
  out.note(`built ${terminalLine(built.file)} with ${terminalLine(built.compiler)}`);
  return undefined;
}

/** A running daemon looks for itself: it may run elsewhere than this command, as another user or in a container. */
async function machineChecks(): Promise<Check[]> {
  const { findGuard } = await import("../../io/process/guard.ts");
  const { probe } = await import("../../io/sandbox/probe.ts");
  return probe(findGuard());
}

/** In one line. @param answers a daemon does: its configuration is the one that counts */
async function settingsCheck({ daemon, places }: Context, answers: boolean): Promise<Check> {
  const { exposedSecrets } = await import("../exposed-secrets.ts");
  const file = answers ? (await (await daemon()).control("daemon.status")).configFile : places.configFile;
  const exposed = await exposedSecrets(file, places.socket);
  const name = "settings";
  if (exposed.length === 0)
    return { name, level: "ok", message: "no secret is known to stand where everybody can read it" };
  return {
    name,
    level: "warn",
    message: exposed.map(({ message }) => message).join("; "),
    advice: `chmod 600 ${exposed.map((each) => each.file).join(" ")}`,
  };
}

async function daemonChecks({ daemon, places }: Context): Promise<Check[]> {
  try {
    const client = await daemon();
    const { pid, version } = client.daemon;
    return [
      { name: "daemon", level: "ok", message: `version ${version} answers, pid ${pid}` },
      ...(await client.control("daemon.doctor")).map((check) =>
        Object.assign(check, { name: `daemon: ${check.name}` }),
      ),
    ];
  } catch (error) {
    const message = messageOf(error);
    const holder = await heldBy(places.lock);
    if (holder !== undefined) {
      const who = holder.pid === undefined ? "a process" : `pid ${holder.pid}`;
      const held = `${who} holds the state directory but does not answer: ${message}`;
      return [{ name: "daemon", level: "fail", message: held, advice: "bulkhead down" }];
    }
    // Not running is no illness; anything else is.
    const level = message.startsWith("no daemon is running") ? "warn" : "fail";
    return [
      {
        name: "daemon",
        level,
        message,
        advice: level === "warn" ? "bulkhead up -d" : "bulkhead down; bulkhead up -d",
      },
    ];
  }
}

/** Undefined also when it can't be known: the check of the state directory says why. */
async function heldBy(lock: string): Promise<Holder | undefined> {
  const { holderOf } = await import("../holder.ts");
  return holderOf(lock).catch(() => undefined);
}
