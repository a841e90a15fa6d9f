/** Builds the guard on the machine that is to have it: an installed package carries its source, and no binary. */
import { execFile } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { builtGuard, guardPlaces } from "./guard-place.ts";

export type BuiltGuard =
  | { readonly ok: true; readonly file: string; readonly compiler: string }
  | { readonly ok: false; readonly why: string; readonly advice?: string };

/**
 * Where it is looked for: in the package, or with the user's own data where the package can not be written.
 *
 * @param env CC names the compiler, XDG_DATA_HOME and HOME the user's data
 * @param root of the package: tests have one of their own
 */
export async function buildGuard(env: NodeJS.ProcessEnv = process.env, root?: string): Promise<BuiltGuard> {
  if (process.platform !== "linux")
    return { ok: false, why: `it needs Linux, and this is ${process.platform}` };
  if (env["BULKHEAD_GUARD"] !== undefined)
    return { ok: false, why: "BULKHEAD_GUARD says which guard is used", advice: "unset BULKHEAD_GUARD" };
  const { source, ofPackage, ofUser } = guardPlaces(env, root);
  if (ofUser === undefined) return { ok: false, why: `its source is not in ${source}` };

  const compiler = env["CC"] || "cc";
  const isOpen = canMake(ofPackage);
  const file = isOpen ? ofPackage : ofUser;
  if (!isOpen && builtGuard(env, root) === ofPackage)
    return { ok: false, why: `there is ${ofPackage} already, and it can't be replaced` };
  // Renamed when whole: nobody meets half a file, and a guard that runs just now can still be replaced.
  const fresh = `${file}.${process.pid}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: isOpen ? 0o755 : 0o700 });
    const failure = await compile(compiler, path.join(source, "guard.c"), fresh, env);
    if (failure !== undefined) return failure;
    // Whatever the umask: one that others can change is not taken.
    chmodSync(fresh, isOpen ? 0o755 : 0o700);
    renameSync(fresh, file);
  } catch (error) {
    return { ok: false, why: `${file} can't be written: ${messageOf(error)}` };
  } finally {
    rmSync(fresh, { force: true });
  }
  if (builtGuard(env, root) === file) return { ok: true, file, compiler };
  const why = `${file} is not taken: it can't be executed there, or others can change it or its directory`;
  return { ok: false, why };
}

/** Undefined: it went well. */
async function compile(
  compiler: string,
  source: string,
  target: string,
  env: NodeJS.ProcessEnv,
): Promise<Extract<BuiltGuard, { ok: false }> | undefined> {
  const flags = ["-O2", "-std=c11", "-D_GNU_SOURCE", "-o", target, source];
  // As in native/Makefile: statically where the C library allows it.
  const said = (await failed(compiler, ["-static", ...flags], env)) && (await failed(compiler, flags, env));
  if (said === undefined) return undefined;
  if (said.isMissing) return { ok: false, why: `there is no C compiler (${compiler})`, advice: packages };
  const header = /fatal error: '?([\w/]+\.h)'?(?: file not found|: No such file)/.exec(said.text)?.[1];
  if (header !== undefined) return { ok: false, why: `there is no C header ${header}`, advice: packages };
  const lines = said.text.split("\n").map((line) => line.trim());
  const error = lines.find((line) => /\berror\b/i.test(line)) ?? lines.find((line) => line !== "");
  return { ok: false, why: `${compiler} failed: ${error ?? "it gave no reason"}` };
}

const packages =
  "install one: apt install gcc libc6-dev, dnf install gcc, apk add gcc musl-dev linux-headers";

function failed(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly text: string; readonly isMissing: boolean } | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { env }, (error, stdout, stderr) => {
      const isMissing = error !== null && "code" in error && error.code === "ENOENT";
      resolve(error === null ? undefined : { text: stderr + stdout, isMissing });
    });
  });
}

/** In its directory, or in the nearest one above that is there. */
function canMake(file: string): boolean {
  const directory = path.dirname(file);
  if (!existsSync(directory)) return canMake(directory);
  try {
    accessSync(path.join(directory, "."), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
