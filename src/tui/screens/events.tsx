/** Everything that happens, as it happens. */
import type { ReactNode } from "react";
import { jsonText } from "../../text/sanitize.ts";
import { noFilter } from "../parts/filter.ts";
import type { Filter } from "../parts/filter.ts";
import { filterKeys } from "../parts/filter-keys.ts";
import { Lines } from "../parts/lines.tsx";
import { listTop, movedList, moveKeys } from "../parts/list.ts";
import { step } from "../screen.ts";
import type { Binding, Scene, Screen, Step } from "../screen.ts";
import { eventsLines } from "./events/lines.ts";
import { listRows, positionOf, selectedEvent, shownEvents } from "./events/list.ts";
import type { EventsState } from "./events/list.ts";

type EventsBinding = Binding<EventsState, never>;

/** What another text leads to is seen from its end. */
function filtered(state: EventsState, filter: Filter): Step<EventsState, never> {
  const isFollowing = state.isFollowing || filter.input !== state.filter.input;
  return step({ ...state, filter, isFollowing });
}

const typing = filterKeys<EventsState, never>(({ filter }) => filter, filtered);

const bindings: readonly EventsBinding[] = [
  ...moveKeys.map(({ keys, label, move }): EventsBinding => ({
    keys,
    label,
    run: (state, scene) => {
      const events = shownEvents(state, scene);
      const from = positionOf(state, scene, events.length);
      const position = movedList(from, move, events.length, listRows(scene));
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
    run: (state, scene) => {
      const event = selectedEvent(state, scene);
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
      const event = selectedEvent(state, scene);
      return event === undefined
        ? step(state)
        : step(state, { do: "copy", text: jsonText(event), what: "the event" });
    },
  },
  {
    keys: ["e"],
    label: "the event as JSON, in the pager",
    hint: "pager",
    run: (state, scene) => {
      const event = selectedEvent(state, scene);
      return event === undefined
        ? step(state)
        : step(state, { do: "pager", text: `${jsonText(event, 2)}\n` });
    },
  },
];

const unfilter: EventsBinding = {
  keys: ["esc"],
  label: "show everything again",
  when: ({ filter }) => filter.input.text !== "",
  run: (state) => filtered(state, noFilter),
};

export const eventsScreen: Screen<EventsState, never> = {
  id: "events",
  title: "Events",
  initial: { filter: noFilter, position: listTop, isFollowing: true },
  bindings: ({ filter }) => (filter.isTyping ? typing.bindings : [...bindings, unfilter]),
  isTyping: ({ filter }) => filter.isTyping,
  type: typing.type,
  paste: typing.paste,
  command: () => "events -f",
  View: EventsView,
};

function EventsView({ state, scene }: { readonly state: EventsState; readonly scene: Scene }): ReactNode {
  return <Lines lines={eventsLines(state, scene)} rows={scene.size.rows} />;
}
