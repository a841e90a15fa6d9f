/** The strict sandbox as arguments of bubblewrap (bwrap(1)). Pure. */
import path from "node:path";
import type { Grants } from "../../../protocol/config.ts";

/** One of the directories that are a link into `/usr` on most systems, and of their own on the others. */
export interface SystemDirectory {
  /** Such as `/lib64`. */
  readonly path: string;
  /** What the link says; undefined: it is a directory. */
  readonly link: string | undefined;
}

export interface Mask {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Directories on the way to it that the plugin may write to. */
  readonly above: readonly string[];
}

export interface Enclosure {
  /** The name that it runs by, and the file that this leads to. */
  readonly executable: string;
  readonly file: string;
  readonly guard: string;
  readonly dataDir: string;
  readonly grants: Grants;
  /** Places inside of what is granted that stay out of reach all the same. */
  readonly masked: readonly Mask[];
  readonly system: readonly SystemDirectory[];
}

/** Where the guard is found inside. */
export const guardInside = "/run/bulkhead/guard";

/** What a program finds its libraries and its local time by; nothing there tells of this machine's users. */
const always = ["/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"];
/** Names of hosts and their certificates. */
const forNetwork = [
  "/etc/resolv.conf",
  "/etc/hosts",
  "/etc/nsswitch.conf",
  "/etc/services",
  // Not what else is kept beside them: private keys.
  "/etc/ssl/certs",
  "/etc/ssl/openssl.cnf",
  "/etc/pki/tls/certs",
  "/etc/pki/ca-trust/extracted",
  "/etc/ca-certificates/extracted",
];

/** Memory that no limit of address space counts. */
const temporaryBytes = 256 * 1024 * 1024;
const sharedBytes = 64 * 1024 * 1024;

/**
 * Up to the program that is to be process 1. Later mounts hide earlier ones: what is masked comes after what is
 * granted, and the plugin's own things come last.
 */
export function bubblewrapArguments(enclosure: Enclosure): string[] {
  const { guard, dataDir, grants, masked, system } = enclosure;
  return [
    ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    grants.network ? [] : ["--unshare-net"],
    // A terminal of the daemon's is nothing to the plugin, and process 1 is the guard itself.
    ["--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL"],
    ["--ro-bind", "/usr", "/usr"],
    system.flatMap((each) =>
      each.link === undefined ? readable(each.path) : ["--symlink", each.link, each.path],
    ),
    [...always, ...(grants.network ? forNetwork : [])].flatMap((each) => ["--ro-bind-try", each, each]),
    ["--proc", "/proc", "--dev", "/dev"],
    ["--size", String(sharedBytes), "--tmpfs", "/dev/shm"],
    ["--size", String(temporaryBytes), "--tmpfs", "/tmp"],
    grants.devices.flatMap((each) => ["--dev-bind", each, each]),
    grants.read.flatMap(readable),
    grants.write.flatMap(writable),
    // A mount can't be renamed, so that nothing else can be put where these are looked for from outside.
    [...new Set(masked.flatMap(({ above }) => above))].flatMap(writable),
    masked.flatMap(({ path: place, isDirectory }) =>
      isDirectory ? ["--size", "4096", "--tmpfs", place] : ["--ro-bind", "/dev/null", place],
    ),
    executableArguments(enclosure),
    ["--ro-bind", guard, guardInside],
    writable(dataDir),
    // What a daemon that is root could set in `/proc` the plugin could: files there ask for no capability.
    ["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"],
  ].flat();
}

/** Whether a place can be entered inside; where it can not, the plugin works in its data directory. */
export function isInside(place: string, { dataDir, grants }: Pick<Enclosure, "dataDir" | "grants">): boolean {
  return ["/usr", dataDir, ...grants.read, ...grants.write].some((each) => isWithin(place, each));
}

export function isWithin(place: string, directory: string): boolean {
  const relative = path.relative(directory, place);
  return relative === "" || (relative !== ".." && !relative.startsWith("../"));
}

function executableArguments({ executable, file }: Enclosure): string[] {
  if (!isOfSystem(executable)) return ["--ro-bind", file, executable];
  // A link below `/usr` leads there inside as well; only what it leads to may be missing.
  return isOfSystem(file) ? [] : readable(file);
}

/** It is there already. */
function isOfSystem(file: string): boolean {
  return ["/usr", "/bin", "/sbin", "/lib", "/lib64"].some((each) => isWithin(file, each));
}

function readable(place: string): string[] {
  return ["--ro-bind", place, place];
}

function writable(place: string): string[] {
  return ["--bind", place, place];
}
