/** How the guard is to be started for a plugin: alone, with what it gives up, or around bubblewrap. */
import { accessSync, constants } from "node:fs";
import { lstat, readlink, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { Grants, SandboxMode } from "../../../protocol/config.ts";
import { guardArguments, guardOf } from "../process/guard.ts";
import type { ProcessSpec } from "../process/plugin-process.ts";
import { looks } from "../looks.ts";
import { givenUp, permanent } from "../process/spawn-failure.ts";
import type { SpawnFailure } from "../process/spawn-failure.ts";
import { bubblewrapArguments, guardInside, isInside, isWithin } from "./bubblewrap.ts";
import type { Mask, SystemDirectory } from "./bubblewrap.ts";
import { isOpen, landlockArguments, systemPlaces } from "./landlock.ts";
import type { Executable, SystemPlaces } from "./landlock.ts";
import { withoutBubblewrap } from "./unavailable.ts";

const strictly = ["--role", "inside", "--sandbox", "strict"];

type Env = Readonly<Record<string, string | undefined>>;

export type Prepared =
  | { readonly ok: true; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly failure: SpawnFailure };

/** Arguments and environment of the guard, for a plugin whose executable `file` is its descriptor 4. */
export async function prepare(
  spec: ProcessSpec,
  guard: string,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Prepared> {
  const { command, args, cwd, limits, sandbox = { mode: "none" }, dataDir } = spec;
  const run = { file, argv0: command, args, cwd, limits };
  if (sandbox.mode === "none") return { ok: true, args: guardArguments(run), env };

  const looked = await look(sandbox.grants, spec.hidden ?? [], sandbox.mode, spec.signal);
  if (!looked.ok) return looked;
  const { grants } = sandbox;
  if (sandbox.mode === "basic") {
    const { hidden } = looked;
    const system = await placesOfSystem();
    const executables = await executablesAt([file, command]);
    const files = landlockArguments({ executables, dataDir, grants, hidden, system });
    const place = dataDir === undefined || isOpen(system.temporary, hidden) ? {} : { TMPDIR: dataDir };
    const sockets = ["--sockets", grants.network ? "yes" : "no"];
    const options = ["--sandbox", "basic", ...sockets, ...files];
    return { ok: true, args: guardArguments(run, options), env: { ...env, ...place } };
  }

  const bubblewrap = findBubblewrap();
  if (bubblewrap === undefined) return { ok: false, failure: withoutBubblewrap() };
  if (dataDir === undefined) throw new Error("a strict sandbox was asked for without a data directory");
  const enclosure = {
    executable: file,
    file: await realOf(file),
    guard,
    dataDir,
    grants,
    masked: looked.masked,
    system: await systemDirectories(),
  };
  const inside = guardArguments({ ...run, cwd: isInside(cwd, enclosure) ? cwd : dataDir }, strictly);
  return {
    ok: true,
    args: guardOf(bubblewrap, [...bubblewrapArguments(enclosure), "--", guardInside, ...inside]),
    // Whoever looks for it shall find a place that is there.
    env: { HOME: dataDir, ...env },
  };
}

type Looked =
  | { readonly ok: true; readonly masked: readonly Mask[]; readonly hidden: readonly string[] }
  | { readonly ok: false; readonly failure: SpawnFailure };

/** Whether everything that is granted is there, and which places in it are hidden. */
async function look(
  { read, write, devices }: Grants,
  hidden: readonly string[],
  mode: Exclude<SandboxMode, "none">,
  signal: AbortSignal | undefined,
): Promise<Looked> {
  const masked: Mask[] = [];
  const concealed = (await Promise.all(hidden.map(placeOf))).filter((each) => each !== undefined);
  for (const [name, granted] of Object.entries({ read, write, devices })) {
    for (const place of granted) {
      let real: string;
      try {
        real = await looks.at(place, () => realpath(place), { signal });
      } catch (error) {
        if (signal?.aborted === true) return { ok: false, failure: givenUp(error, "sandbox", signal) };
        return refused(`grants.${name}: ${place} does not exist`);
      }
      if (mode === "strict" && (real === "/" || isWithin(real, "/proc")))
        return refused(`grants.${name}: ${place} ${ofTheMachine}`);
      for (const { path: own, isDirectory } of concealed) {
        if (isWithin(real, own)) return refused(`grants.${name}: ${place} is Bulkhead's own`);
        if (!isWithin(own, real)) continue;
        if (mode === "basic")
          return refused(
            `grants.${name}: Bulkhead's own ${own} lies in ${place}; only a strict sandbox can hide it`,
          );
        const hiddenAt = path.join(place, path.relative(real, own));
        const above = name === "write" ? between(place, hiddenAt) : [];
        masked.push({ path: hiddenAt, isDirectory, above });
      }
    }
  }
  return { ok: true, masked, hidden: concealed.map((each) => each.path) };
}

const ofTheMachine =
  "would bring the machine's own processes and devices into a strict sandbox; name the directories that it needs";

/** The directories below the one and above the other, from the top. */
function between(top: string, place: string): string[] {
  const directory = path.dirname(place);
  return isWithin(top, directory) ? [] : [...between(top, directory), directory];
}

/** Undefined: it is not there, and nothing has to be hidden. */
async function placeOf(named: string): Promise<Omit<Mask, "above"> | undefined> {
  try {
    const place = await realpath(named);
    return { path: place, isDirectory: (await stat(place)).isDirectory() };
  } catch {
    return undefined;
  }
}

function refused(message: string): Looked {
  return { ok: false, failure: permanent("config_invalid", message, { stage: "sandbox" }) };
}

/** `BULKHEAD_BWRAP` (empty means none), or `bwrap` on the PATH; undefined where there is none. */
export function findBubblewrap(env: Env = process.env): string | undefined {
  if (process.platform !== "linux") return undefined;
  const named = env["BULKHEAD_BWRAP"];
  const folders = (env["PATH"] ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const places = named === undefined ? folders.map((folder) => path.join(folder, "bwrap")) : [named];
  return places.find((place) => place !== "" && isExecutable(place));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** They do not change while a system runs. */
let system: Promise<readonly SystemDirectory[]> | undefined;

function systemDirectories(): Promise<readonly SystemDirectory[]> {
  system ??= Promise.all(["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"].map(directoryAt)).then(
    (all) => all.filter((each) => each !== undefined),
  );
  return system;
}

let places: Promise<SystemPlaces> | undefined;

function placesOfSystem(): Promise<SystemPlaces> {
  const { read, write, temporary } = systemPlaces;
  places ??= Promise.all([
    Promise.all(read.map(realOf)),
    Promise.all(write.map(realOf)),
    realOf(temporary),
  ]).then(([readable, writable, place]) => ({ read: readable, write: writable, temporary: place }));
  return places;
}

/** A link is beside other files than what it leads to. */
async function executablesAt(named: readonly string[]): Promise<Executable[]> {
  const found = await Promise.all(
    [...new Set(named)].map(async (each) => {
      const file = await realOf(each);
      const beside = [await realOf(path.dirname(each)), path.dirname(file)];
      return [...new Set(beside)].map((directory) => ({ file, directory }));
    }),
  );
  return found.flat();
}

function realOf(place: string): Promise<string> {
  return realpath(place).catch(() => place);
}

async function directoryAt(place: string): Promise<SystemDirectory | undefined> {
  const stats = await lstat(place).catch(() => undefined);
  if (stats === undefined) return undefined;
  return { path: place, link: stats.isSymbolicLink() ? await readlink(place) : undefined };
}
