/**
 * What all lives of a plugin are to do, written from ARCHITECTURE.md and not from the machine: a table of (state, event) with
 * what follows. What does not stand in it changes nothing.
 */
export type Label =
  | "idle"
  /** A process is on its way to ready. */
  | "starting"
  /** The next process begins when those that are leaving are gone. */
  | "waiting"
  | "serving"
  /** The old process serves while the new one is on its way. */
  | "replacing"
  | "backoff"
  | "failed"
  | "stopped"
  | "disabled";

export type EventLabel =
  | "start by operator"
  | "start by supervisor"
  | "start by call"
  | "stop by operator"
  | "stop by idle"
  | "stop by supervisor"
  | "restart"
  | "enable"
  | "disable"
  | "replace"
  | "replace, exclusive"
  | "ready"
  | "candidate gone: restart"
  | "candidate gone: give_up"
  | "candidate gone: none"
  | "current gone: restart"
  | "current gone: give_up"
  | "current gone: none"
  | "retiring gone"
  | "retry";

export interface Row {
  /** `begin`: `starting`, or `waiting` while anything of it is leaving. */
  readonly to: Label | "begin";
  /** Who is asked to leave. */
  readonly ends?: readonly ("current" | "candidate")[];
  /** A new process, whoever is leaving. */
  readonly spawns?: true;
  /** What becomes of the calls that wait. */
  readonly calls?: "released" | "refused";
}

type Events = Partial<Readonly<Record<EventLabel, Row>>>;

const begin: Row = { to: "begin" };
const stopped: Row = { to: "stopped", calls: "refused" };
const disabled: Row = { to: "disabled", calls: "refused" };
const backoff: Row = { to: "backoff", calls: "refused" };
const failed: Row = { to: "failed", calls: "refused" };
const idle: Row = { to: "idle", calls: "refused" };

/** Of a plugin without a process that is wanted. */
const resting = {
  "start by operator": begin,
  "stop by operator": stopped,
  "stop by supervisor": stopped,
  restart: begin,
  disable: disabled,
} as const;

const candidate = { ends: ["candidate"] } as const;
const current = { ends: ["current"] } as const;
const both = { ends: ["current", "candidate"] } as const;

export const table: Readonly<Record<Label, Events>> = {
  idle: { ...resting, "start by supervisor": begin, "start by call": begin },
  starting: {
    "stop by operator": { ...stopped, ...candidate },
    "stop by supervisor": { ...stopped, ...candidate },
    restart: { ...begin, ...candidate },
    disable: { ...disabled, ...candidate },
    replace: { ...begin, ...candidate },
    "replace, exclusive": { ...begin, ...candidate },
    ready: { to: "serving", calls: "released" },
    "candidate gone: restart": backoff,
    "candidate gone: give_up": failed,
    "candidate gone: none": idle,
  },
  waiting: {
    "stop by operator": stopped,
    "stop by supervisor": stopped,
    restart: begin,
    disable: disabled,
    replace: begin,
    "replace, exclusive": begin,
    "retiring gone": begin,
  },
  serving: {
    "stop by operator": { ...stopped, ...current },
    "stop by supervisor": { ...stopped, ...current },
    "stop by idle": { ...idle, ...current },
    restart: { ...begin, ...current },
    disable: { ...disabled, ...current },
    replace: { to: "replacing", spawns: true },
    "replace, exclusive": { ...begin, ...current },
    "current gone: restart": backoff,
    "current gone: give_up": failed,
    "current gone: none": idle,
  },
  replacing: {
    "stop by operator": { ...stopped, ...both },
    "stop by supervisor": { ...stopped, ...both },
    "stop by idle": { ...idle, ...both },
    restart: { ...begin, ...both },
    disable: { ...disabled, ...both },
    replace: { to: "replacing", ...candidate, spawns: true },
    "replace, exclusive": { ...begin, ...both },
    ready: { to: "serving", ...current, calls: "released" },
    // Whatever became of the new one, the old one serves on.
    "candidate gone: restart": { to: "serving" },
    "candidate gone: give_up": { to: "serving" },
    "candidate gone: none": { to: "serving" },
    // Calls wait for the new one.
    "current gone: restart": { to: "starting" },
    "current gone: give_up": { to: "starting" },
    "current gone: none": { to: "starting" },
  },
  backoff: { ...resting, replace: begin, "replace, exclusive": begin, retry: begin },
  failed: { ...resting, replace: begin, "replace, exclusive": begin },
  stopped: resting,
  disabled: { enable: { to: "idle" } },
};
