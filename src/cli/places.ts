/** Where the daemon of this command line is: flags beat `BULKHEAD_*` beats what is found. */
import path from "node:path";
import { findConfigFile, statePaths } from "../io/paths.ts";

export interface Places {
  readonly socket: string;
  readonly stateDir: string;
  readonly lock: string;
  /**
   * The socket was named more explicitly than the state directory (a flag and a variable, or one and nothing): the two
   * may belong to two daemons.
   */
  readonly apart: boolean;
  readonly daemonLog: string;
  /** Null: there is none. */
  readonly configFile: string | null;
  /** What a daemon has to be told so that it comes to the same answers. */
  readonly env: Readonly<Record<string, string>>;
}

export function findPlaces(
  flags: { readonly socket?: string; readonly stateDir?: string; readonly config?: string },
  env: NodeJS.ProcessEnv = process.env,
): Places {
  const socket = !flags.socket ? {} : { BULKHEAD_SOCKET: path.resolve(flags.socket) };
  const paths = statePaths({ flag: flags.stateDir, env: { ...env, ...socket } });
  return {
    socket: paths.socket,
    stateDir: paths.stateDir,
    lock: paths.lock,
    apart:
      explicitness(flags.socket, env["BULKHEAD_SOCKET"]) >
      explicitness(flags.stateDir, env["BULKHEAD_STATE_DIR"]),
    daemonLog: paths.daemonLog,
    configFile: findConfigFile({ flag: flags.config, env, cwd: process.cwd() }),
    env: socket,
  };
}

/** Commander gives a variable as its flag's value. */
function explicitness(flag: string | undefined, variable: string | undefined): number {
  if (!flag || flag === variable) return variable ? 1 : 0;
  return 2;
}
