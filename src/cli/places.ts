/** Where the daemon of this command line is: flags beat `BULKHEAD_*` beats what is found. */
import path from "node:path";
import { findConfigFile, statePaths } from "../io/paths.ts";

export interface Places {
  readonly socket: string;
  readonly stateDir: string;
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
    daemonLog: paths.daemonLog,
    configFile: findConfigFile({ flag: flags.config, env, cwd: process.cwd() }),
    env: socket,
  };
}
