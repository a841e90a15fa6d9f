/** Where the configuration is found and where state is kept. Pure, but for looking whether a file is there. */
import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { BulkheadError } from "../../protocol/error.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The configuration file, absolute: `--config` beats BULKHEAD_CONFIG beats `./bulkhead.toml` beats the user's beats the
 * system's. What is named explicitly is returned even when it is not there, so that the error names it.
 */
export function findConfigFile(options: { flag?: string | undefined; env: Env; cwd: string }): string | null {
  const { env, cwd } = options;
  const named = given(options.flag) ?? given(env["BULKHEAD_CONFIG"]);
  if (named !== undefined) return path.resolve(cwd, named);
  const userConfig = absolute(env["XDG_CONFIG_HOME"]) ?? path.join(home(env), ".config");
  const places = [
    path.join(cwd, "bulkhead.toml"),
    path.join(userConfig, "bulkhead", "bulkhead.toml"),
    "/etc/bulkhead/bulkhead.toml",
  ];
  return places.find((place) => existsSync(place)) ?? null;
}

export interface StatePaths {
  readonly stateDir: string;
  /** Of the socket; private like the state directory. */
  readonly runtimeDir: string;
  readonly socket: string;
  readonly lock: string;
  readonly journal: string;
  readonly daemonLog: string;
  /** Of the plugins' stderr logs. */
  readonly logDir: string;
  /** A plugin's own directory, which outlives its processes. */
  readonly dataDir: (plugin: string) => string;
  /** Private copies of its executable, where something vouches for that. */
  readonly copies: (plugin: string) => string;
}

/**
 * All places below one state directory, so that each state directory has a daemon of its own: `--state-dir` beats
 * BULKHEAD_STATE_DIR beats $XDG_STATE_HOME/bulkhead beats ~/.local/state/bulkhead. Daemon and clients come to the same
 * answer without asking each other, as long as they see the same environment.
 *
 * @throws BulkheadError `usage`, when BULKHEAD_SOCKET is longer than a socket's path may be.
 */
export function statePaths(options: {
  flag?: string | undefined;
  env: Env;
  platform?: NodeJS.Platform;
}): StatePaths {
  const { env, platform = process.platform } = options;
  const named = given(options.flag) ?? given(env["BULKHEAD_STATE_DIR"]);
  const stateDir = named === undefined ? defaultStateDir(env, platform) : path.resolve(named);
  const socket = socketPath(stateDir, env, platform);
  return {
    stateDir,
    runtimeDir: platform === "win32" ? stateDir : path.dirname(socket),
    socket,
    lock: path.join(stateDir, "lock"),
    journal: path.join(stateDir, "journal.db"),
    daemonLog: path.join(stateDir, "daemon.log"),
    logDir: path.join(stateDir, "logs"),
    dataDir: (plugin) => path.join(stateDir, "data", plugin),
    copies: (plugin) => path.join(stateDir, "executables", plugin),
  };
}

function defaultStateDir(env: Env, platform: NodeJS.Platform): string {
  if (platform === "win32") return path.join(given(env["LOCALAPPDATA"]) ?? home(env), "bulkhead");
  return path.join(absolute(env["XDG_STATE_HOME"]) ?? path.join(home(env), ".local", "state"), "bulkhead");
}

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, its end included (unix(7)); Node truncates silently. */
const longestSocketPath = 100;

function socketPath(stateDir: string, env: Env, platform: NodeJS.Platform): string {
  const named = given(env["BULKHEAD_SOCKET"]);
  if (platform === "win32") return named ?? `\\\\.\\pipe\\bulkhead-${shortHash(stateDir)}`;
  if (named !== undefined) {
    const socket = path.resolve(named);
    if (fits(socket)) return socket;
    throw BulkheadError.of(
      "usage",
      `BULKHEAD_SOCKET is too long for a socket: ${socket}, at most ${longestSocketPath} bytes`,
    );
  }
  const inside = path.join(stateDir, "run", "bulkhead.sock");
  if (fits(inside)) return inside;
  const folder = `bulkhead-${ownUser()}-${shortHash(stateDir)}`;
  const elsewhere = [absolute(env["XDG_RUNTIME_DIR"]), absolute(env["TMPDIR"]), "/tmp"]
    .filter((base) => base !== undefined)
    .map((base) => path.join(base, folder, "bulkhead.sock"));
  return elsewhere.find(fits) ?? inside;
}

/** Not of `os.userInfo`, which fails for a user without an entry, as containers have them. */
function ownUser(): number {
  return process.getuid?.() ?? -1;
}

function fits(socket: string): boolean {
  return Buffer.byteLength(socket) <= longestSocketPath;
}

function shortHash(text: string): string {
  // Loaded here only: it is a tenth of the start of a command that asks the daemon.
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/**
 * Makes sure of a directory that nobody else can look into: created with mode 0700, or found like that. An empty one
 * of ours is closed; one with something in it is left alone, because it may be somebody's home.
 *
 * @throws BulkheadError `state_unusable`, naming what is in the way.
 */
export function ensurePrivateDir(directory: string): void {
  const refuse = (why: string): BulkheadError =>
    BulkheadError.of("state_unusable", `cannot keep state in ${directory}: ${why}`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const found = lstatSync(directory);
    if (found.isSymbolicLink()) throw refuse("it is a symbolic link; name the directory itself");
    if (process.platform === "win32") return;
    const own = ownUser();
    if (found.uid !== own) throw refuse(`it belongs to user ${found.uid}, and this is user ${own}`);
    if ((found.mode & 0o077) === 0) return;
    if (readdirSync(directory).length > 0) {
      const mode = (found.mode & 0o7777).toString(8);
      throw refuse(`others can look into it (mode ${mode}); try: chmod 700 ${directory}`);
    }
    chmodSync(directory, 0o700);
  } catch (error) {
    if (error instanceof BulkheadError) throw error;
    throw refuse(messageOf(notWritable(path.dirname(directory)) ?? error));
  }
}

/** Making several directories at once on a read-only file system fails as if they were missing. */
function notWritable(directory: string): unknown {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isMissing && path.dirname(directory) !== directory ? notWritable(path.dirname(directory)) : error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An empty variable counts as unset. */
function given(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** The XDG base directory specification has relative paths ignored. */
function absolute(value: string | undefined): string | undefined {
  return value !== undefined && path.isAbsolute(value) ? value : undefined;
}

function home(env: Env): string {
  return absolute(env["HOME"]) ?? homedir();
}
