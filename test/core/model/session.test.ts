/** The machine of one life against its model: every event in every state that can be reached. */
import { describe, expect, test } from "vitest";
import { newSession, sessionStep } from "../../../src/core/session-state.ts";
import type { Session, SessionEvent, SessionTimer } from "../../../src/core/session-state.ts";
import { actsOf, causeLabel, eventLabels, events, labelOf } from "./session-labels.ts";
import { table } from "./session.model.ts";
import type { CauseLabel, Row } from "./session.model.ts";

/** All that events can lead to, found breadth first. The state holds no counters, so there are few. */
function reachable(): Session[] {
  const found = new Map([[JSON.stringify(newSession), newSession]]);
  for (const session of found.values()) {
    for (const label of eventLabels) {
      const [next] = sessionStep(session, events[label]);
      found.set(JSON.stringify(next), next);
    }
  }
  return [...found.values()];
}

const states = reachable();

function causeAfter(before: CauseLabel, row: Row | undefined): CauseLabel {
  if (row?.cause === undefined) return before;
  return before === "none" || row.overrides === true ? row.cause : before;
}

describe("every event in every state that can be reached", () => {
  test("reaches each state of the model, and no other", () => {
    expect(new Set(states.map(labelOf))).toEqual(new Set(Object.keys(table)));
    expect(states.length).toBeLessThan(200);
  });

  test.each(eventLabels)("%s: does what the model says", (label) => {
    for (const session of states) {
      const row = table[labelOf(session)][label];
      const [next, effects] = sessionStep(session, events[label]);
      expect({
        session,
        to: labelOf(next),
        acts: actsOf(effects),
        cause: causeLabel(next),
        next: row === undefined ? next : null,
      }).toEqual({
        session,
        to: row?.to ?? labelOf(session),
        acts: row?.acts ?? [],
        cause: causeAfter(causeLabel(session), row),
        next: row === undefined ? session : null,
      });
    }
  });
});

/** The machine with what its effects do to the world: one timer, and a process that obeys nothing but SIGKILL. */
interface World {
  readonly session: Session;
  readonly timer: SessionTimer | null;
  readonly isKilled: boolean;
}

function step({ session, timer, isKilled }: World, event: SessionEvent): World {
  const [next, effects] = sessionStep(session, event);
  let armed = event.type === "timer" ? null : timer;
  let killed = isKilled;
  for (const effect of effects) {
    if (effect.type === "set_timer") armed = effect.timer;
    if (effect.type === "clear_timer") armed = null;
    if (effect.type === "kill") killed = true;
  }
  return { session: next, timer: armed, isKilled: killed };
}

/** What can happen there: a timer fires only when it is set, and nobody exits before there is a process. */
function possible({ session, timer }: World, event: SessionEvent): boolean {
  switch (event.type) {
    case "spawned":
      return session.state === "spawning";
    case "timer":
      return timer === event.timer;
    case "read_out":
      return session.force === "exited";
    case "exited":
      return session.state !== "spawning" && session.force !== "exited";
    default:
      return true;
  }
}

/** What comes by itself, or null: nothing has to. */
function inevitable({ session, timer, isKilled }: World): SessionEvent | null {
  if (session.state === "gone") return null;
  if (session.force === "exited") return events["read out"];
  if (isKilled) return events.exit;
  return timer === null ? null : { type: "timer", timer };
}

function worlds(): World[] {
  const first: World = { session: newSession, timer: null, isKilled: false };
  const found = new Map([[JSON.stringify(first), first]]);
  for (const world of found.values()) {
    for (const label of eventLabels) {
      if (!possible(world, events[label])) continue;
      const next = step(world, events[label]);
      found.set(JSON.stringify(next), next);
    }
  }
  return [...found.values()];
}

describe("whatever a plugin does not do", () => {
  test("a life that waits is starting, or serves, or comes to its end by itself", () => {
    for (let world of worlds()) {
      for (let next = inevitable(world); next !== null; next = inevitable(world)) world = step(world, next);
      // The supervisor bounds the time that a spawn takes.
      expect(["spawning", "spawning, unwanted", "ready", "gone"]).toContain(labelOf(world.session));
    }
  });

  test("a timer is set in no other state than the one it is for", () => {
    const where: Record<SessionTimer, readonly string[]> = {
      handshake: ["initialize", "activate"],
      stream_end: ["initialize~", "activate~", "ready~"],
      drain: ["draining"],
      closed: ["closed"],
      terminated: ["terminated"],
    };
    const misplaced = worlds().filter(
      ({ session, timer }) => timer !== null && !where[timer].includes(labelOf(session)),
    );
    expect(misplaced).toEqual([]);
  });
});
