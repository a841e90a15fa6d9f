/** Everything that happens, as it happens. */
import type { ReactNode } from "react";
import type { SupervisorEvent } from "../../../protocol/state.ts";
import { eventWords } from "../../text/event-words.ts";
import { jsonText, terminalLine } from "../../text/sanitize.ts";
import { clockTime } from "../../text/words.ts";
import { emptyInput } from "../parts/text-input.ts";
import { noFilter, passes, typedFilter } from "../parts/filter.ts";
import type { Filter } from "../parts/filter.ts";
import { inserted } from "../parts/text-input.ts";
import { fit } from "../parts/fit.ts";
import { Lines } from "../parts/lines.tsx";
import { listTop, movedList, moveKeys, placed } from "../parts/list.ts";
import type { ListPosition } from "../parts/list.ts";
import { promptLine } from "../parts/prompt.ts";
import { step } from "../screen.ts";
import type { Binding, Scene, Screen } from "../screen.ts";
import { tone } from "../theme.ts";
import type { Tone } from "../theme.ts";

interface EventsState {
  readonly filter: Filter;
  readonly position: ListPosition;
  /** The end stays in sight. */
  readonly isFollowing: boolean;
}

type EventsBinding = Binding<EventsState, never>;

/** Lines that are not the list's. */
const ownRows = 1;

function shownEvents({ filter }: EventsState, { facts }: Scene): readonly SupervisorEvent[] {
  if (filter.input.text === "") return facts.events;
  return facts.events.filter((event) => passes(filter, `${whoOf(event)} ${event.type} ${eventWords(event)}`));
}

function positionOf(state: EventsState, scene: Scene, count: number): ListPosition {
  const { position, isFollowing } = state;
  return placed(
    isFollowing ? { ...position, cursor: count - 1 } : position,
    count,
    scene.size.rows - ownRows,
  );
}

const bindings: readonly EventsBinding[] = [
  ...moveKeys.map(({ keys, label, move }): EventsBinding => ({
    keys,
    label,
    run: (state, scene) => {
      const events = shownEvents(state, scene);
      const from = positionOf(state, scene, events.length);
      const position = movedList(from, move, events.length, scene.size.rows - ownRows);
      return step({ ...state, position, isFollowing: position.cursor >= events.length - 1 });
    },
  })),
  {
    keys: ["f"],
    label: "follow: stay at the end",
    hint: "follow",
    run: (state) => step({ ...state, isFollowing: !state.isFollowing }),
  },
  {
    keys: ["/"],
    label: "filter by plugin, type or words",
    hint: "filter",
    run: (state) => step({ ...state, filter: { ...state.filter, isTyping: true } }),
  },
  {
    keys: ["enter"],
    label: "the plugin, or the report of a crash",
    hint: "open",
    when: ({ filter }) => !filter.isTyping,
    run: (state, scene) => {
      const events = shownEvents(state, scene);
      const event = events[positionOf(state, scene, events.length).cursor];
      if (event === undefined) return step(state);
      if ("report" in event && event.report !== null) {
        return step(state, { do: "go", screen: "crashes", arg: { report: event.report } });
      }
      const plugin = "plugin" in event ? event.plugin : null;
      return plugin === null ? step(state) : step(state, { do: "go", screen: "plugin", arg: { plugin } });
    },
  },
  {
    keys: ["y"],
    label: "copy the event as JSON",
    hint: "copy",
    run: (state, scene) => {
      const events = shownEvents(state, scene);
      const event = events[positionOf(state, scene, events.length).cursor];
      return event === undefined
        ? step(state)
        : step(state, { do: "copy", text: jsonText(event), what: "the event" });
    },
  },
];

const typingBindings: readonly EventsBinding[] = [
  {
    keys: ["enter"],
    label: "keep the filter",
    hint: "keep",
    run: (state) => step({ ...state, filter: { ...state.filter, isTyping: false } }),
  },
  {
    keys: ["esc"],
    label: "show everything again",
    hint: "no filter",
    run: (state) => step({ ...state, filter: noFilter, position: listTop, isFollowing: true }),
  },
];

const unfilter: EventsBinding = {
  keys: ["esc"],
  label: "show everything again",
  when: ({ filter }) => filter.input.text !== "",
  run: (state) => step({ ...state, filter: noFilter, isFollowing: true }),
};

export const eventsScreen: Screen<EventsState, never> = {
  id: "events",
  title: "Events",
  initial: { filter: noFilter, position: listTop, isFollowing: true },
  bindings: ({ filter }) => (filter.isTyping ? typingBindings : [...bindings, unfilter]),
  isTyping: ({ filter }) => filter.isTyping,
  type: (state, key) => step({ ...state, filter: typedFilter(state.filter, key), isFollowing: true }),
  paste: (state, text) => {
    const input = inserted(state.filter.input, text.replaceAll(/\s+/g, " "));
    return step({ ...state, filter: { ...state.filter, input } });
  },
  command: () => "events -f",
  View: EventsView,
};

function EventsView({ state, scene }: { readonly state: EventsState; readonly scene: Scene }): ReactNode {
  const { columns, rows } = scene.size;
  const events = shownEvents(state, scene);
  const { cursor, top } = positionOf(state, scene, events.length);
  const shown = events.slice(top, top + rows - ownRows);
  const lines = shown.map((event, at) => {
    const who = fit(terminalLine(whoOf(event)), 14);
    const text = fit(terminalLine(eventWords(event)), columns - 25);
    if (top + at === cursor) return tone("selected", `${clockTime(event.at)}  ${who} ${text}`);
    return `${tone("dim", clockTime(event.at))}  ${tone("accent", who)} ${tone(toneOf(event), text)}`;
  });
  if (events.length === 0)
    lines.push(
      tone(
        "dim",
        state.filter.input === emptyInput ? "Nothing has happened yet." : "No event fits the filter.",
      ),
    );
  return <Lines lines={[topLine(state, events.length, columns), ...lines]} rows={rows} />;
}

function topLine({ filter, isFollowing }: EventsState, count: number, width: number): string {
  if (filter.isTyping || filter.input.text !== "")
    return promptLine("/", filter.input, width, filter.isTyping);
  return tone("dim", `${count} events${isFollowing ? ", following" : ""}`);
}

function whoOf(event: SupervisorEvent): string {
  return ("plugin" in event ? event.plugin : null) ?? "bulkhead";
}

function toneOf({ type }: SupervisorEvent): Tone {
  if (type === "session.crash" || type === "plugin.gave_up" || type === "config.rejected") return "bad";
  if (type === "plugin.restart" || type === "session.noise" || type === "events.dropped") return "warn";
  return "plain";
}
