/** What all lives of a plugin run in. */
import type { Journal } from "../io/journal/journal.ts";
import type { PluginLog } from "../io/log/logfile.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import type { Dialect } from "./dialect.ts";
import type { Events } from "./events.ts";
import type { Services } from "./services/services.ts";

export interface Surroundings {
  readonly guard: string | undefined;
  readonly deadlines: Deadlines;
  readonly dialect: Dialect;
  readonly journal: Journal;
  readonly log: PluginLog;
  readonly dataDir: string;
  /** What no grant of a sandbox opens: the state and the control socket. */
  readonly hidden: readonly string[];
  /** Of private copies of its executable. */
  readonly copies: string;
  /** Unix time, milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly events: Events;
  /** What plugins may ask for. */
  readonly services: Services;
}
