/** The feed as lines, and the selected event in full. Pure. */
import type { SupervisorEvent } from "../../../../protocol/state.ts";
import { eventWords } from "../../../text/event-words.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { clockTime, dateTime, plural } from "../../../text/words.ts";
import { cut, fit, widthOf } from "../../parts/fit.ts";
import { brokenLines } from "../../parts/labelled.ts";
import { promptLine } from "../../parts/prompt.ts";
import type { Scene } from "../../screen.ts";
import { tone } from "../../theme.ts";
import type { Tone } from "../../theme.ts";
import { detailRows, listRows, positionOf, shownEvents, whoOf } from "./list.ts";
import type { EventsState } from "./list.ts";

export function eventsLines(state: EventsState, scene: Scene): string[] {
  const { columns, rows } = scene.size;
  const events = shownEvents(state, scene);
  const { cursor, top } = positionOf(state, scene, events.length);
  const room = listRows(scene);
  const lines = events
    .slice(top, top + room)
    .map((event, at) => eventLine(event, columns, top + at === cursor));
  if (events.length === 0) lines.push(tone("dim", cut(nothingWords(state, scene), columns)));
  const gap = Array.from({ length: room - lines.length }, () => "");
  const selected = events[cursor];
  const detail = selected === undefined ? [] : detailLines(selected, columns, detailRows(scene));
  return [topLine(state, events.length, scene), ...lines, ...gap, ...detail].slice(0, rows);
}

const whoWidth = 14;

function eventLine(event: SupervisorEvent, columns: number, isSelected: boolean): string {
  const time = clockTime(event.at);
  const who = fit(terminalLine(whoOf(event)), whoWidth);
  const room = columns - time.length - whoWidth - 3;
  const text = fit(terminalLine(eventWords(event)), Math.max(0, room));
  const line = cut(`${time}  ${who} ${text}`, columns);
  if (isSelected) return tone("selected", line);
  return room < 1 ? line : `${tone("dim", time)}  ${tone("accent", who)} ${tone(toneOf(event), text)}`;
}

function nothingWords({ filter }: EventsState, { facts }: Scene): string {
  if (filter.input.text !== "") return "No event fits the filter.";
  return facts.connection.state === "up"
    ? "Nothing has happened yet."
    : "The daemon is not there: no event is known.";
}

/** The line of the list is cut; here it goes on. */
function detailLines(event: SupervisorEvent, width: number, rows: number): string[] {
  if (rows === 0) return [];
  const about = `${dateTime(event.at)}  ${whoOf(event)}  ${event.type}`;
  const head = rows < 5 ? [] : [tone("dim", cut(terminalLine(about), width))];
  const words = brokenLines(eventWords(event), width, rows - 1 - head.length);
  return [tone("dim", "─".repeat(width)), ...head, ...words.map((line) => tone(toneOf(event), line))];
}

function topLine({ filter, isFollowing }: EventsState, count: number, { facts, size }: Scene): string {
  const width = size.columns;
  if (filter.isTyping || filter.input.text !== "") {
    const found = ` ${count} of ${facts.events.length}`;
    const room = width - widthOf(found);
    if (room < 12) return promptLine("/", filter.input, width, filter.isTyping);
    return `${promptLine("/", filter.input, room, filter.isTyping)}${tone("dim", found)}`;
  }
  return tone("dim", cut(`${plural(count, "event")}${isFollowing ? ", following" : ""}`, width));
}

function toneOf({ type }: SupervisorEvent): Tone {
  if (type === "session.crash" || type === "plugin.gave_up" || type === "config.rejected") return "bad";
  if (type === "plugin.restart" || type === "session.noise" || type === "events.dropped") return "warn";
  return "plain";
}
