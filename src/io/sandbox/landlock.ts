/** The files of the basic sandbox: what Landlock lets through besides what is granted. Pure. */
import type { Grants } from "../../../protocol/config.ts";
import { isWithin } from "./bubblewrap.ts";

/** The system, without anybody's home, and without what services keep below /var and /run. What is not there is left out. */
const programs = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix", "/gnu"];

export interface SystemPlaces {
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** The usual one for temporary files, writable as well. */
  readonly temporary: string;
}

/** By their usual names, any of which may be a link. */
export const systemPlaces: SystemPlaces = {
  read: [...programs, "/proc", "/sys", "/run/systemd/resolve"],
  write: ["/var/tmp", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"],
  temporary: "/tmp",
};

export interface Executable {
  readonly file: string;
  /** What it may look for beside itself is there. */
  readonly directory: string;
}

/** All paths but those of grants are without links, so that one that leads to what is hidden is seen to. */
export interface Reach {
  /** What runs, and the file that it may be a copy of. */
  readonly executables: readonly Executable[];
  readonly dataDir: string | undefined;
  readonly grants: Grants;
  /** Landlock only adds: what one of these lies in is not let through at all. */
  readonly hidden: readonly string[];
  readonly system: SystemPlaces;
}

/** As arguments of the guard. */
export function landlockArguments({ executables, dataDir, grants, hidden, system }: Reach): string[] {
  const isFree = (place: string): boolean => isOpen(place, hidden);
  const programsOf = executables.map(({ file, directory }) => (isFree(directory) ? directory : file));
  const read = [...system.read.filter(isFree), ...programsOf];
  const own = dataDir === undefined ? [] : [dataDir];
  const write = [...[system.temporary, ...system.write].filter(isFree), ...own];
  return [
    ...[...read, ...grants.read].flatMap((each) => ["--read", each]),
    ...[...write, ...grants.write].flatMap((each) => ["--write", each]),
    ...grants.devices.flatMap((each) => ["--device", each]),
  ];
}

/** Whether nothing hidden lies in it. */
export function isOpen(place: string, hidden: readonly string[]): boolean {
  return !hidden.some((each) => isWithin(each, place));
}
