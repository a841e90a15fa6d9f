/** Where a guard may be: in the package, or with the user's own data, built of the source that the package carries. */
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

export interface GuardPlaces {
  /** `native` in the package: the guard's source, where the package has it. */
  readonly source: string;
  readonly ofPackage: string;
  /**
   * For a package that can not be written. Its name has a hash of the source, so that no other version of Bulkhead takes
   * it for its own guard. Undefined: there is no source.
   */
  readonly ofUser: string | undefined;
}

/** @param root of the package: tests have one of their own */
export function guardPlaces(env: Env = process.env, root: string = packageRoot()): GuardPlaces {
  const source = path.join(root, "native");
  const version = hashOf(source);
  const own = version === undefined ? undefined : `guard-${process.arch}-${version}`;
  return {
    source,
    ofPackage: path.join(root, "build", "guard"),
    ofUser: own === undefined ? undefined : path.join(dataHome(env), "bulkhead", own),
  };
}

/** The package's guard, which is trusted like the rest of the package, else the user's own. */
export function builtGuard(env: Env = process.env, root: string = packageRoot()): string | undefined {
  const ofPackage = path.join(root, "build", "guard");
  // Most have it: only without it is the source read for its hash.
  if (canRun(ofPackage)) return ofPackage;
  const { ofUser } = guardPlaces(env, root);
  return ofUser !== undefined && canRun(ofUser) && isOurs(ofUser) ? ofUser : undefined;
}

/** Nobody else can change it, or put another one in its place: it runs with the rights of the supervisor. */
function isOurs(file: string): boolean {
  const own = process.geteuid?.();
  const [found, folder] = [lstatSync(file), lstatSync(path.dirname(file))];
  if (!found.isFile() || !folder.isDirectory()) return false;
  return [found, folder].every(({ uid, mode }) => uid === own && (mode & 0o022) === 0);
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undefined: there is no source. */
function hashOf(folder: string): string | undefined {
  try {
    const hash = createHash("sha256");
    const files = readdirSync(folder).filter((name) => /\.[ch]$/.test(name));
    for (const name of files.sort()) hash.update(`${name}\n`).update(readFileSync(path.join(folder, name)));
    return files.includes("guard.c") ? hash.digest("hex").slice(0, 16) : undefined;
  } catch {
    return undefined;
  }
}

/** The XDG base directory specification has relative paths ignored. */
function dataHome(env: Env): string {
  const [named, home] = [env["XDG_DATA_HOME"], env["HOME"]].map((value) =>
    value !== undefined && path.isAbsolute(value) ? value : undefined,
  );
  return named ?? path.join(home ?? homedir(), ".local", "share");
}

/** This file runs from src/io/process and, compiled, from dist/src. */
function packageRoot(): string {
  let directory = import.meta.dirname;
  while (!existsSync(path.join(directory, "package.json")) && path.dirname(directory) !== directory) {
    directory = path.dirname(directory);
  }
  return directory;
}
