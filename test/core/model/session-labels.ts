/** The real machine of one life in the words of the model. */
import type { Session, SessionEffect, SessionEvent } from "../../../src/core/session-state.ts";
import type { CauseLabel, EventLabel, Label } from "./session.model.ts";

export const events: Readonly<Record<EventLabel, SessionEvent>> = {
  spawned: { type: "spawned" },
  "start failed": { type: "start_failed", failure: { code: "bad_description", message: "no" } },
  initialized: { type: "initialized" },
  activated: { type: "activated" },
  stop: { type: "stop", by: "operator" },
  drained: { type: "drained" },
  hung: { type: "hung", detail: "" },
  "over limit": { type: "over_limit", limit: "max_memory", detail: "" },
  violation: { type: "violation", reason: "bad_json", detail: "" },
  "stream ended": { type: "stream_ended", stream: "stdout" },
  "late: handshake": { type: "timer", timer: "handshake" },
  "late: drain": { type: "timer", timer: "drain" },
  "late: closed": { type: "timer", timer: "closed" },
  "late: terminated": { type: "timer", timer: "terminated" },
  "late: stream_end": { type: "timer", timer: "stream_end" },
  "exit 0": { type: "exited", clean: true },
  exit: { type: "exited", clean: false },
  "read out": { type: "read_out" },
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a Record of them
export const eventLabels = Object.keys(events) as EventLabel[];

export function labelOf(session: Session): Label {
  const { state, step, force, ended, cause } = session;
  const mark = ended === null ? "" : "~";
  switch (state) {
    case "spawning":
      return cause === null ? "spawning" : "spawning, unwanted";
    case "handshaking":
      return `${step ?? "initialize"}${mark}`;
    case "ready":
      return `ready${mark}`;
    case "stopping":
      return force === "none" ? "closed" : force;
    case "draining":
    case "gone":
      return state;
  }
}

export function eventLabel(event: SessionEvent): EventLabel {
  switch (event.type) {
    case "start_failed":
      return "start failed";
    case "stream_ended":
      return "stream ended";
    case "timer":
      return `late: ${event.timer}`;
    case "exited":
      return event.clean ? "exit 0" : "exit";
    case "read_out":
      return "read out";
    case "over_limit":
      return "over limit";
    default:
      return event.type;
  }
}

export function causeLabel({ cause }: Session): CauseLabel {
  if (cause === null) return "none";
  if (cause.kind === "over_limit") return "over limit";
  return cause.kind === "start_failure" ? "start failure" : cause.kind;
}

export function actsOf(effects: readonly SessionEffect[]): string[] {
  return effects.map((effect) => {
    switch (effect.type) {
      case "send":
        return `send ${effect.message}`;
      case "set_timer":
        return `timer ${effect.timer}`;
      case "clear_timer":
        return "no timer";
      default:
        return effect.type.replace("_", " ");
    }
  });
}
