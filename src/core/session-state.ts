/**
 * One life of a plugin's process as a pure machine: (state, event) -> state and effects.
 * What ends a session first is its cause; everything after that is only a consequence.
 */
import type { EndCause, SessionState, StartFailure } from "../../protocol/state.ts";

type Stream = "stdin" | "stdout";
type RequestedBy = Extract<EndCause, { kind: "requested" }>["by"];

export interface Session {
  readonly state: SessionState;
  /** Within `handshaking`: which answer is awaited. */
  readonly step: "initialize" | "activate" | null;
  /** Within `stopping`: how firmly it has been asked, and whether only its last output is awaited. */
  readonly force: "none" | "closed" | "terminated" | "killed" | "exited";
  readonly cause: EndCause | null;
  /** Ended while the process may still live. */
  readonly ended: Stream | null;
}

export const newSession: Session = { state: "spawning", step: null, force: "none", cause: null, ended: null };

/** Names of the one timer that a session has at a time. */
export type SessionTimer = "handshake" | "drain" | "closed" | "terminated" | "stream_end";

export type SessionEvent =
  | { readonly type: "spawned" }
  | { readonly type: "start_failed"; readonly failure: StartFailure }
  | { readonly type: "initialized" }
  | { readonly type: "activated" }
  | { readonly type: "stop"; readonly by: RequestedBy }
  /** The answer to `shutdown` came. */
  | { readonly type: "drained" }
  | { readonly type: "hung"; readonly detail: string }
  | { readonly type: "over_limit"; readonly limit: string; readonly detail: string }
  | { readonly type: "violation"; readonly reason: string; readonly detail: string }
  /** stdout ended, or stdin takes nothing more, while the process may still live. */
  | { readonly type: "stream_ended"; readonly stream: Stream }
  | { readonly type: "timer"; readonly timer: SessionTimer }
  | { readonly type: "exited"; readonly clean: boolean }
  /** After the exit both pipes were read to their end, or as far as patience goes. */
  | { readonly type: "read_out" };

export type SessionEffect =
  | { readonly type: "send"; readonly message: "initialize" | "activate" | "shutdown" | "exit" }
  | { readonly type: "close_stdin" }
  | { readonly type: "terminate" }
  | { readonly type: "kill" }
  | { readonly type: "set_timer"; readonly timer: SessionTimer }
  | { readonly type: "clear_timer" }
  | { readonly type: "read_out" }
  | { readonly type: "ready" }
  | { readonly type: "gone"; readonly cause: EndCause };

export type SessionStep = readonly [Session, readonly SessionEffect[]];

const clearTimer: SessionEffect = { type: "clear_timer" };
const setTimer = (timer: SessionTimer): SessionEffect => ({ type: "set_timer", timer });
const send = (message: "initialize" | "activate" | "shutdown" | "exit"): SessionEffect => ({
  type: "send",
  message,
});

export function sessionStep(session: Session, event: SessionEvent): SessionStep {
  if (session.state === "gone") return [session, []];
  if (event.type === "exited") return exited(session, event.clean);
  if (event.type === "read_out") return readOut(session);
  if (session.force === "exited") return [session, []];
  switch (session.state) {
    case "spawning":
      return spawning(session, event);
    case "handshaking":
      return handshaking(session, event);
    case "ready":
      return ready(session, event);
    case "draining":
      return draining(session, event);
    case "stopping":
      return stopping(session, event);
  }
}

type LiveEvent = Exclude<SessionEvent, { type: "exited" | "read_out" }>;

function spawning(session: Session, event: LiveEvent): SessionStep {
  switch (event.type) {
    case "spawned":
      if (session.cause !== null) return kill(session, session.cause);
      return [
        { ...session, state: "handshaking", step: "initialize" },
        [setTimer("handshake"), send("initialize")],
      ];
    case "start_failed":
      return gone(session, session.cause ?? { kind: "start_failure", failure: event.failure });
    case "stop":
      // There is no process to signal yet; `spawned` will find the cause.
      return [{ ...session, cause: session.cause ?? { kind: "requested", by: event.by } }, []];
    default:
      return [session, []];
  }
}

function handshaking(session: Session, event: LiveEvent): SessionStep {
  switch (event.type) {
    case "initialized":
      return session.step === "initialize"
        ? [{ ...session, step: "activate" }, [send("activate")]]
        : [session, []];
    case "activated":
      // One that can not be reached any more is not ready, whatever it answers.
      return session.step === "activate" && session.ended === null
        ? [{ ...session, state: "ready", step: null }, [clearTimer, { type: "ready" }]]
        : [session, []];
    case "start_failed":
      return kill(session, { kind: "start_failure", failure: event.failure });
    case "stop":
      return terminate(session, { kind: "requested", by: event.by });
    case "timer":
      if (event.timer === "handshake")
        return kill(session, { kind: "start_failure", failure: late(session) });
      if (event.timer === "stream_end") return kill(session, closed(session.ended));
      return [session, []];
    default:
      return broken(session, event);
  }
}

function ready(session: Session, event: LiveEvent): SessionStep {
  switch (event.type) {
    case "stop":
      return [
        { ...session, state: "draining", cause: { kind: "requested", by: event.by } },
        [send("shutdown"), setTimer("drain")],
      ];
    case "timer":
      return event.timer === "stream_end" ? kill(session, closed(session.ended)) : [session, []];
    default:
      return broken(session, event);
  }
}

function draining(session: Session, event: LiveEvent): SessionStep {
  switch (event.type) {
    case "drained":
      return close(session);
    case "stream_ended":
      return close(session);
    case "timer":
      return event.timer === "drain" ? close(session) : [session, []];
    case "hung":
    case "over_limit":
    case "violation":
      // It was asked to leave anyway: the request stays the cause, but there is nothing left to wait for.
      return kill(session, session.cause ?? { kind: "requested", by: "supervisor" });
    default:
      return [session, []];
  }
}

function stopping(session: Session, event: LiveEvent): SessionStep {
  if (event.type !== "timer") return [session, []];
  if (event.timer === "closed" && session.force === "closed") {
    return terminate(session, session.cause ?? { kind: "requested", by: "supervisor" });
  }
  if (event.timer === "terminated" && session.force === "terminated") {
    return [{ ...session, force: "killed" }, [{ type: "kill" }]];
  }
  return [session, []];
}

/** What a plugin can do wrong in any state in which it is expected to serve. */
function broken(session: Session, event: LiveEvent): SessionStep {
  switch (event.type) {
    case "hung":
      return kill(session, { kind: "hung", detail: event.detail });
    case "over_limit":
      return kill(session, { kind: "over_limit", limit: event.limit, detail: event.detail });
    case "violation":
      return kill(session, { kind: "violation", reason: event.reason, detail: event.detail });
    case "stream_ended":
      // Its exit is on the way in most cases, and says more than the closed pipe does.
      return [{ ...session, ended: session.ended ?? event.stream }, [setTimer("stream_end")]];
    default:
      return [session, []];
  }
}

function close(session: Session): SessionStep {
  return [
    { ...session, state: "stopping", force: "closed" },
    [send("exit"), { type: "close_stdin" }, setTimer("closed")],
  ];
}

function terminate(session: Session, cause: EndCause): SessionStep {
  return [
    { ...session, state: "stopping", step: null, force: "terminated", cause },
    [{ type: "close_stdin" }, { type: "terminate" }, setTimer("terminated")],
  ];
}

function kill(session: Session, cause: EndCause): SessionStep {
  return [
    { ...session, state: "stopping", step: null, force: "killed", cause },
    [clearTimer, { type: "kill" }],
  ];
}

function exited(session: Session, clean: boolean): SessionStep {
  if (session.force === "exited") return [session, []];
  const cause = session.cause ?? causeOfExit(session);
  // A crash while draining is a crash, although nobody will restart it.
  const crashed = session.state === "draining" && !clean;
  return [
    { ...session, state: "stopping", step: null, force: "exited", cause: crashed ? { kind: "exit" } : cause },
    [clearTimer, { type: "read_out" }],
  ];
}

function readOut(session: Session): SessionStep {
  return session.force === "exited" ? gone(session, session.cause ?? { kind: "exit" }) : [session, []];
}

function gone(session: Session, cause: EndCause): SessionStep {
  return [{ ...session, state: "gone", step: null, cause }, [clearTimer, { type: "gone", cause }]];
}

function causeOfExit(session: Session): EndCause {
  if (session.state !== "handshaking" && session.state !== "spawning") return { kind: "exit" };
  const failure: StartFailure = {
    code: "exited_in_handshake",
    message: `exited before it answered ${session.step ?? "initialize"}`,
  };
  return { kind: "start_failure", failure };
}

function late(session: Session): StartFailure {
  return { code: "handshake_timeout", message: `did not answer ${session.step ?? "initialize"} in time` };
}

function closed(stream: Stream | null): EndCause {
  const name = stream ?? "stdout";
  return { kind: "violation", reason: `${name}_closed`, detail: `closed its ${name} but went on running` };
}
