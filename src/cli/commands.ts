/** The commands, and where each of them is. */
import type { Define } from "./context.ts";

export interface CommandEntry {
  readonly name: string;
  readonly group?: string;
  readonly summary: string;
  readonly hidden?: boolean;
  load(): Promise<{ define: Define }>;
}

const daemon = "Daemon:";
const plugins = "Plugins:";
const history = "What happened:";
const authors = "For plugin authors:";
const setUp = "Set-up:";

const lifecycle = (): Promise<{ define: Define }> => import("./commands/lifecycle.ts");

export const commands: readonly CommandEntry[] = [
  { name: "up", group: daemon, summary: "start the daemon", load: () => import("./commands/up.ts") },
  {
    name: "down",
    group: daemon,
    summary: "stop the daemon and every plugin",
    load: () => import("./commands/down.ts"),
  },

  { name: "ps", group: plugins, summary: "list the plugins", load: () => import("./commands/ps.ts") },
  {
    name: "stats",
    group: plugins,
    summary: "calls, latency, memory and CPU of the plugins",
    load: () => import("./commands/stats.ts"),
  },
  {
    name: "status",
    group: plugins,
    summary: "all about one plugin",
    load: () => import("./commands/status.ts"),
  },
  {
    name: "call",
    group: plugins,
    summary: "call a method of a plugin",
    load: () => import("./commands/call.ts"),
  },
  {
    name: "actions",
    group: plugins,
    summary: "what plugins offer to be started with a key",
    load: () => import("./commands/actions.ts"),
  },
  {
    name: "run",
    group: plugins,
    summary: "run an action of a plugin",
    load: () => import("./commands/run.ts"),
  },
  {
    name: "publish",
    group: plugins,
    summary: "tell clients and plugins of an event",
    load: () => import("./commands/publish.ts"),
  },
  {
    name: "pipe",
    group: plugins,
    summary: "join a stream of one plugin to a method of another",
    load: () => import("./commands/pipe.ts"),
  },
  {
    name: "describe",
    group: plugins,
    summary: "show what a plugin offers",
    load: () => import("./commands/describe.ts"),
  },
  {
    name: "types",
    group: plugins,
    summary: "print a plugin's contracts in TypeScript",
    load: () => import("./commands/types.ts"),
  },
  { name: "start", group: plugins, summary: "start a plugin", load: lifecycle },
  { name: "stop", group: plugins, summary: "stop a plugin until it is started again", load: lifecycle },
  { name: "restart", group: plugins, summary: "stop a plugin and start it anew", load: lifecycle },
  { name: "enable", group: plugins, summary: "allow a disabled plugin again", load: lifecycle },
  { name: "disable", group: plugins, summary: "stop a plugin and keep it from starting", load: lifecycle },
  {
    name: "wait",
    group: plugins,
    summary: "wait until a plugin is ready, or stopped",
    load: () => import("./commands/wait.ts"),
  },
  {
    name: "trust",
    group: plugins,
    summary: "accept the file of a plugin, and refuse any other",
    load: () => import("./commands/trust.ts"),
  },

  {
    name: "tui",
    group: history,
    summary: "all of this on one screen",
    load: () => import("./commands/tui.ts"),
  },
  {
    name: "logs",
    group: history,
    summary: "what plugins wrote to stderr",
    load: () => import("./commands/logs.ts"),
  },
  {
    name: "crashes",
    group: history,
    summary: "crash reports: what died, why, what was lost",
    load: () => import("./commands/crashes.ts"),
  },
  {
    name: "replay",
    group: history,
    summary: "make the calls of a crash again, and see whether it crashes again",
    load: () => import("./commands/replay.ts"),
  },
  {
    name: "events",
    group: history,
    summary: "everything that happened, in order",
    load: () => import("./commands/events.ts"),
  },

  {
    name: "new",
    group: authors,
    summary: "begin a plugin in one of five languages",
    load: () => import("./commands/new.ts"),
  },
  {
    name: "dev",
    group: authors,
    summary: "run a plugin while it is written: each new build replaces the running one",
    load: () => import("./commands/dev.ts"),
  },
  {
    name: "check",
    group: authors,
    summary: "check an executable against the plugin protocol",
    load: () => import("./commands/check.ts"),
  },

  {
    name: "doctor",
    group: setUp,
    summary: "check the surroundings and say what to do",
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "config",
    group: setUp,
    summary: "show, check or reload the configuration",
    load: () => import("./commands/config.ts"),
  },
  {
    name: "completion",
    group: setUp,
    summary: "print a completion script for a shell",
    load: () => import("./commands/completion.ts"),
  },

  {
    name: "__complete",
    hidden: true,
    summary: "candidates for a completion script",
    load: () => import("./commands/complete.ts"),
  },
];
