/** A plugin that an operator has stopped, as its status says it. */
import type { PluginStatus } from "../../protocol/state.ts";

export const stopped: PluginStatus = {
  id: "min",
  state: "stopped",
  why: "",
  pid: null,
  guardPid: null,
  generation: 0,
  readySince: null,
  restarts: 0,
  recentFailures: 0,
  retryAt: null,
  error: null,
  lastCrash: null,
  version: null,
  profile: null,
  apis: [],
  calls: { inFlight: 0, waiting: 0, answered: 0, failed: 0 },
  executable: "/bin/min",
  sha256: null,
};
