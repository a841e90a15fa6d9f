/** What can be found out about the surroundings without a daemon. */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { formatProblem, loadConfig } from "../io/config/config.ts";
import { findGuard } from "../io/process/guard.ts";
import { longestSocketPath } from "../io/socket.ts";
import type { Check } from "../../protocol/control-results.ts";
import type { Places } from "./places.ts";

const oldestNode = 24;
/** Each plugin takes about five descriptors, each client one. */
const fewFiles = 1024;

export async function localChecks(places: Places): Promise<Check[]> {
  return [
    node(),
    guard(),
    await config(places.configFile),
    stateDirectory(places.stateDir),
    socketPath(places.socket),
    files(),
  ];
}

function node(): Check {
  const ok = Number(process.versions.node.split(".")[0]) >= oldestNode;
  return {
    name: "node",
    level: ok ? "ok" : "fail",
    message: `version ${process.versions.node}`,
    ...(ok ? {} : { advice: `install Node ${oldestNode} or newer` }),
  };
}

function guard(): Check {
  const path = findGuard();
  if (path !== undefined) return { name: "guard", level: "ok", message: path };
  if (process.platform !== "linux") {
    return {
      name: "guard",
      level: "warn",
      message: `there is none for ${process.platform}: plugins may outlive a killed daemon`,
    };
  }
  return {
    name: "guard",
    level: "warn",
    message:
      "not built: plugins may outlive a daemon that is killed, escaped descendants are not found, " +
      "resource limits are not enforced, peak memory and core dumps are not reported",
    advice: "bulkhead doctor --build-guard, with a C compiler",
  };
}

async function config(file: string | null): Promise<Check> {
  const name = "config";
  if (file === null) {
    return {
      name,
      level: "warn",
      message: "no bulkhead.toml found, so there are no plugins",
      advice: "write one, or name one with --config",
    };
  }
  const result = await loadConfig(file, { env: process.env });
  if (!result.ok) {
    return {
      name,
      level: "fail",
      message: result.problems.map(formatProblem).join("; "),
      advice: "bulkhead config check",
    };
  }
  const { plugins, broken, problems } = result.config;
  const wrong = [...problems, ...broken.flatMap((each) => each.problems)];
  if (wrong.length > 0) {
    return {
      name,
      level: "fail",
      message: wrong.map(formatProblem).join("; "),
      advice: "bulkhead config check",
    };
  }
  return {
    name,
    level: "ok",
    message: `${file}, plugins: ${plugins.map(({ id }) => id).join(", ") || "none"}`,
  };
}

function stateDirectory(directory: string): Check {
  const name = "state";
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return { name, level: "ok", message: `${directory} will be made` };
  if (!found.isDirectory())
    return {
      name,
      level: "fail",
      message: `${directory} is not a directory`,
      advice: "choose another --state-dir",
    };
  if (!can(directory, constants.W_OK | constants.X_OK)) {
    return {
      name,
      level: "fail",
      message: `${directory} can't be written`,
      advice: "choose another --state-dir, or correct its owner",
    };
  }
  if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    return {
      name,
      level: "fail",
      message: `${directory} is open to others (mode ${mode})`,
      advice: `chmod 700 ${directory}`,
    };
  }
  return { name, level: "ok", message: directory };
}

function socketPath(socket: string): Check {
  const bytes = Buffer.byteLength(socket);
  const message = `${socket} (${bytes} of ${longestSocketPath} bytes)`;
  if (process.platform === "win32" || bytes <= longestSocketPath)
    return { name: "socket", level: "ok", message };
  return { name: "socket", level: "fail", message, advice: "choose a shorter --socket or --state-dir" };
}

function files(): Check {
  const name = "files";
  const limit = openFiles();
  if (limit === undefined) return { name, level: "ok", message: "the limit of open files is not known here" };
  const shown = limit === Infinity ? "unlimited" : `at most ${limit} open`;
  if (limit >= fewFiles) return { name, level: "ok", message: shown };
  return {
    name,
    level: "warn",
    message: `${shown}: few for many plugins and clients`,
    advice: "ulimit -n 4096",
  };
}

/** The soft limit (proc_pid_limits(5)). */
function openFiles(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return soft === "unlimited" ? Infinity : soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

function can(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
