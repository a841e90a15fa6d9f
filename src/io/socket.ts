/** Unix sockets: connecting with an error that says what to do, and listening where nobody else can. */
import { chmod, lstat, mkdir, rename, rm, stat } from "node:fs/promises";
import net from "node:net";
import { dirname, join } from "node:path";
import { BulkheadError } from "../../protocol/error.ts";

/** Bytes of a path that fit into `sockaddr_un` (unix(7): 108 with the final NUL; 104 on BSD and macOS). */
export const longestSocketPath = process.platform === "linux" ? 107 : 103;

/** `listen` binds a name beside the final one; both have to fit. */
const temporaryName = (path: string): string => join(dirname(path), `.${process.pid}`);

/**
 * Connects to the socket at `path`.
 * @throws {BulkheadError} `daemon_unreachable` (nobody there, or not for us), `usage` (path too long).
 */
export function connect(path: string): Promise<net.Socket> {
  const refusal = tooLong(path);
  if (refusal !== undefined) return Promise.reject(refusal);
  return new Promise((resolve, reject) => {
    const socket = net.connect(path);
    socket.once("error", (cause: NodeJS.ErrnoException) => reject(connectFailure(path, cause)));
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

export interface Listener {
  /** Whether the path is there, and leads here: somebody may have removed it. */
  isInPlace(): Promise<boolean>;
  /** Takes no more connections, and takes the path away if it is still ours. Open connections stay. */
  close(): Promise<void>;
}

/**
 * Listens at `path` with mode 0600, or another one; a missing directory is made with mode 0700. A socket that a dead process
 * left is replaced, a live one never. `onRefused` is told when a connection could not be taken: no descriptor was left.
 * @throws {BulkheadError} `already_running`, `usage` (path too long), `state_unusable`
 */
export async function listen(
  path: string,
  onSocket: (socket: net.Socket) => void,
  mode = 0o600,
  onRefused: (why: string) => void = () => undefined,
): Promise<Listener> {
  const temporary = temporaryName(path);
  const refusal = tooLong(path) ?? tooLong(temporary);
  if (refusal !== undefined) throw refusal;
  await prepareDirectory(dirname(path));
  await refuseIfTaken(path);

  // Bound under another name, made private, then renamed: at no time is the path there with wider permissions.
  // Closing a server unlinks the name that it was bound to, whoever owns that by then; this way it is nobody's.
  await rm(temporary, { force: true });
  const server = net.createServer(onSocket);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(temporary, resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    throw BulkheadError.of("state_unusable", `can't listen at ${path}: ${cause.message}`);
  });
  // Without a listener, the first client for which there is no descriptor would end the daemon.
  server.removeAllListeners("error").on("error", (error) => onRefused(error.message));
  try {
    await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (cause) {
    server.close();
    throw BulkheadError.of("state_unusable", `can't listen at ${path}: ${reason(cause)}`);
  }
  const ours = await identity(path);
  const isInPlace = async (): Promise<boolean> => ours !== undefined && (await identity(path)) === ours;
  return {
    isInPlace,
    async close() {
      server.close();
      if (await isInPlace()) await rm(path, { force: true });
    },
  };
}

async function prepareDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { mode } = await stat(directory);
    // Sticky directories such as /tmp are fine: others can add names there, not replace ours.
    if ((mode & 0o022) === 0 || (mode & 0o1000) !== 0) return;
  } catch (cause) {
    throw BulkheadError.of("state_unusable", `no directory for the socket: ${reason(cause)}`);
  }
  throw BulkheadError.of(
    "state_unusable",
    `other users can write to ${directory}, so they could replace the socket: chmod go-w it, or choose another`,
  );
}

async function refuseIfTaken(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw BulkheadError.of("state_unusable", `${path} is there already and is not a socket`);
  }
  const state = await new Promise<string>((resolve) => {
    const probe = net.connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve("live");
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  // ECONNREFUSED is what a dead owner leaves behind. EAGAIN is a live one with a full queue.
  if (state === "ECONNREFUSED" || state === "ENOENT") return;
  if (state === "live" || state === "EAGAIN") {
    throw BulkheadError.of("already_running", `another daemon answers at ${path}`);
  }
  throw BulkheadError.of("state_unusable", `${path} is there already and can't be examined (${state})`);
}

async function identity(path: string): Promise<string | undefined> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

function tooLong(path: string): BulkheadError | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestSocketPath) return undefined;
  return BulkheadError.of(
    "usage",
    `the socket path has ${bytes} bytes, the system allows ${longestSocketPath}: choose a shorter --socket or --state-dir (${path})`,
  );
}

function connectFailure(path: string, cause: NodeJS.ErrnoException): BulkheadError {
  switch (cause.code) {
    case "ENOENT":
      return BulkheadError.of("daemon_unreachable", `no daemon is running: there is no socket at ${path}`);
    case "ECONNREFUSED":
      return BulkheadError.of(
        "daemon_unreachable",
        `no daemon is running: the socket at ${path} was left by one that died`,
      );
    case "EACCES":
    case "EPERM":
      return BulkheadError.of("daemon_unreachable", `the daemon at ${path} belongs to another user`);
    case undefined:
    default:
      return BulkheadError.of("daemon_unreachable", `can't reach the daemon at ${path}: ${cause.message}`);
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
