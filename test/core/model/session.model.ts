/**
 * What one life of a plugin is to do, written from ARCHITECTURE.md and protocol/README.md and not from the machine: a table
 * of (state, event) with what follows. What does not stand in it changes nothing.
 *
 * A `~` after a state: one of its pipes has ended while the process may still live.
 */
export type Label =
  | "spawning"
  /** A stop was asked for before there is a process. */
  | "spawning, unwanted"
  | "initialize"
  | "initialize~"
  | "activate"
  | "activate~"
  | "ready"
  | "ready~"
  | "draining"
  | "closed"
  | "terminated"
  | "killed"
  | "exited"
  | "gone";

export type EventLabel =
  | "spawned"
  | "start failed"
  | "initialized"
  | "activated"
  | "stop"
  | "drained"
  | "hung"
  | "over limit"
  | "violation"
  | "stream ended"
  | "late: handshake"
  | "late: drain"
  | "late: closed"
  | "late: terminated"
  | "late: stream_end"
  | "exit 0"
  | "exit"
  | "read out";

export type CauseLabel =
  | "none"
  | "requested"
  | "start failure"
  | "exit"
  | "hung"
  | "over limit"
  | "violation";

export interface Row {
  readonly to: Label;
  /** In this order. */
  readonly acts: readonly string[];
  /** What ended it, if nothing has before. */
  readonly cause?: CauseLabel;
  /** It ends so whatever was asked for before. */
  readonly overrides?: true;
}

type Table = Readonly<Record<Label, Partial<Readonly<Record<EventLabel, Row>>>>>;

const killed = (cause: CauseLabel): Row => ({ to: "killed", acts: ["no timer", "kill"], cause });
const terminated: Row = {
  to: "terminated",
  acts: ["close stdin", "terminate", "timer terminated"],
  cause: "requested",
};
const left = (cause: CauseLabel): Row => ({ to: "exited", acts: ["no timer", "read out"], cause });
const gone = (cause: CauseLabel): Row => ({ to: "gone", acts: ["no timer", "gone"], cause });
const closing: Row = { to: "closed", acts: ["send exit", "close stdin", "timer closed"] };
const awaitExit = (to: Label): Row => ({ to, acts: ["timer stream_end"] });

/** From the start to `ready`: whatever ends it is a failure of the start. */
const handshaking = {
  "start failed": killed("start failure"),
  stop: terminated,
  hung: killed("hung"),
  "over limit": killed("over limit"),
  violation: killed("violation"),
  "late: handshake": killed("start failure"),
  "late: stream_end": killed("violation"),
  "exit 0": left("start failure"),
  exit: left("start failure"),
} as const;

const serving = {
  stop: { to: "draining", acts: ["send shutdown", "timer drain"], cause: "requested" },
  hung: killed("hung"),
  "over limit": killed("over limit"),
  violation: killed("violation"),
  "late: stream_end": killed("violation"),
  "exit 0": left("exit"),
  exit: left("exit"),
} as const;

const leaving = { "exit 0": left("requested"), exit: left("requested") } as const;

export const table: Table = {
  spawning: {
    spawned: { to: "initialize", acts: ["timer handshake", "send initialize"] },
    "start failed": gone("start failure"),
    stop: { to: "spawning, unwanted", acts: [], cause: "requested" },
    "exit 0": left("start failure"),
    exit: left("start failure"),
  },
  "spawning, unwanted": {
    spawned: killed("requested"),
    "start failed": gone("requested"),
    ...leaving,
  },
  initialize: {
    ...handshaking,
    initialized: { to: "activate", acts: ["send activate"] },
    "stream ended": awaitExit("initialize~"),
  },
  "initialize~": {
    ...handshaking,
    initialized: { to: "activate~", acts: ["send activate"] },
    "stream ended": awaitExit("initialize~"),
  },
  activate: {
    ...handshaking,
    activated: { to: "ready", acts: ["no timer", "ready"] },
    "stream ended": awaitExit("activate~"),
  },
  // It can not be reached any more, so it does not get to `ready`.
  "activate~": {
    ...handshaking,
    "stream ended": awaitExit("activate~"),
  },
  ready: { ...serving, "stream ended": awaitExit("ready~") },
  "ready~": { ...serving, "stream ended": awaitExit("ready~") },
  draining: {
    drained: closing,
    "stream ended": closing,
    "late: drain": closing,
    hung: killed("requested"),
    "over limit": killed("requested"),
    violation: killed("requested"),
    "exit 0": left("requested"),
    // A crash while draining is a crash.
    exit: { ...left("exit"), overrides: true },
  },
  closed: { ...leaving, "late: closed": terminated },
  terminated: { ...leaving, "late: terminated": { to: "killed", acts: ["kill"] } },
  killed: leaving,
  exited: { "read out": gone("exit") },
  gone: {},
};
