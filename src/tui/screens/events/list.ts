/** Which events are listed, and which one is selected. Pure. */
import type { SupervisorEvent } from "../../../../protocol/state.ts";
import { eventWords } from "../../../text/event-words.ts";
import { passes } from "../../parts/filter.ts";
import type { Filter } from "../../parts/filter.ts";
import { placed } from "../../parts/list.ts";
import type { ListPosition } from "../../parts/list.ts";
import type { Scene } from "../../screen.ts";

export interface EventsState {
  readonly filter: Filter;
  readonly position: ListPosition;
  /** The end stays in sight. */
  readonly isFollowing: boolean;
}

export function whoOf(event: SupervisorEvent): string {
  return ("plugin" in event ? event.plugin : null) ?? "bulkhead";
}

export function shownEvents({ filter }: EventsState, { facts }: Scene): readonly SupervisorEvent[] {
  if (filter.input.text === "") return facts.events;
  return facts.events.filter((event) => passes(filter, `${whoOf(event)} ${event.type} ${eventWords(event)}`));
}

/** Lines below the list, in which the selected event is whole. */
export function detailRows({ size }: Scene): number {
  return size.rows >= 16 ? 5 : size.rows >= 10 ? 4 : 0;
}

export function listRows(scene: Scene): number {
  return Math.max(1, scene.size.rows - 1 - detailRows(scene));
}

export function positionOf(state: EventsState, scene: Scene, count: number): ListPosition {
  const { position, isFollowing } = state;
  return placed(isFollowing ? { ...position, cursor: count - 1 } : position, count, listRows(scene));
}

export function selectedEvent(state: EventsState, scene: Scene): SupervisorEvent | undefined {
  const events = shownEvents(state, scene);
  return events[positionOf(state, scene, events.length).cursor];
}
