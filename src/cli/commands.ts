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
    name: "describe",
    group: plugins,
    summary: "show what a plugin offers",
    load: () => import("./commands/describe.ts"),
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
    name: "events",
    group: history,
    summary: "everything that happened, in order",
    load: () => import("./commands/events.ts"),
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
