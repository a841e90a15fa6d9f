/** How a call goes and what came back, as lines. Pure. */
import type { BulkheadError } from "../../../../protocol/error.ts";
import { errorLines } from "../../../text/failure.ts";
import { progressWords } from "../../../text/progress-words.ts";
import { isObject } from "../../../text/schema.ts";
import { duration, plural } from "../../../text/words.ts";
import { widthOf } from "../../parts/fit.ts";
import { brokenLines } from "../../parts/labelled.ts";
import type { Scene, Size } from "../../screen.ts";
import { briefJson, oneLine } from "../../shapes/plain.ts";
import { drawnLines } from "../../shapes/shapes.ts";
import { tone } from "../../theme.ts";
import type { Tone } from "../../theme.ts";
import { headRows } from "./layout.ts";
import { nameOf } from "./methods.ts";
import type { Target } from "./methods.ts";
import type { Call } from "./state.ts";

export function resultLines(call: Call, scene: Scene, size: Size): string[] {
  const { columns, rows } = size;
  const room = Math.max(1, rows - headRows);
  const count = bodyCount(call, columns);
  const top = topOf(call, count, room);
  const hidden = count - top - room;
  const status = statusOf(
    call,
    scene.facts.now,
    top > 0 || hidden > 0 ? `${top + 1}–${Math.min(count, top + room)} of ${count}` : "",
  );
  const title = oneLine(nameOf(call.target), columns);
  const given = oneLine(`  ${briefJson(call.params, columns * 4)}`, columns - widthOf(title));
  return [
    tone("title", title) + tone("dim", given),
    tone(status.tone, oneLine(status.text, columns)),
    ...bodyLines(call, columns, top, room),
  ].slice(0, rows);
}

/** The first line in sight: the end of a stream that is followed. */
export function topOf({ target, isFollowing, look, top }: Call, count: number, room: number): number {
  const lowest = Math.max(0, count - room);
  return target.isStream && isFollowing && look === "items" ? lowest : Math.min(top, lowest);
}

/** Lines of all that came back. */
export function bodyCount(call: Call, columns: number): number {
  return (
    leadLines(call, columns).length +
    (call.drawing === null ? call.items.length : drawnLines(call.drawing, columns).length)
  );
}

function bodyLines(call: Call, columns: number, top: number, room: number): readonly string[] {
  const lead = leadLines(call, columns);
  const from = Math.max(0, top - lead.length);
  const left = room - Math.max(0, lead.length - top);
  const body =
    call.drawing === null
      ? itemLines(call, columns, from, left)
      : drawnLines(call.drawing, columns).slice(from, from + Math.max(0, left));
  return [...lead.slice(top, top + room), ...body];
}

function itemLines({ items, itemCount }: Call, columns: number, from: number, room: number): string[] {
  const digits = String(itemCount).length;
  return items.slice(from, from + Math.max(0, room)).map((item, at) => {
    const number = itemCount - items.length + from + at + 1;
    const text = oneLine(briefJson(item, columns * 4), columns - digits - 1);
    return `${tone("dim", String(number).padStart(digits))} ${text}`;
  });
}

/** What stands above it: progress, an error, the answer that ended a stream. */
function leadLines(call: Call, columns: number): string[] {
  const { answer, progress, target, itemCount, items } = call;
  if (answer === null) return progress === undefined ? [] : [progressLine(progress, columns), ""];
  if (!answer.ok) return [...failureLines(answer.error, target, columns), ""];
  if (!target.isStream) return [];
  const gone = itemCount - items.length;
  return [
    ...(answer.value === null ? [] : [oneLine(`answered: ${briefJson(answer.value, columns * 4)}`, columns)]),
    ...(gone === 0
      ? []
      : [tone("dim", oneLine(`the first ${gone} of ${itemCount} items are not kept`, columns))]),
  ];
}

function failureLines(error: BulkheadError, { plugin, described }: Target, columns: number): string[] {
  const looks: readonly Tone[] = ["bad", "plain", "accent"];
  const lines = errorLines(error, { plugin, command: "call" });
  // Whoever cancels knows why, and whose doing it was; only what became of the call is news.
  if (error.code === "cancelled")
    return brokenLines(lines[1]?.replace(/^ *fault: caller · /, "") ?? "", columns, 2);
  const told = lines.flatMap((line, at) => {
    const indent = /^ */.exec(line)?.[0] ?? "";
    return brokenLines(line.trim(), columns - indent.length, 6).map(
      (each) => indent + tone(looks[at] ?? "plain", each),
    );
  });
  const meaning = described.errors?.find(({ code }) => code === error.code)?.description;
  return meaning === undefined
    ? told
    : [...told, ...brokenLines(meaning, columns - 2, 3).map((line) => `  ${tone("dim", line)}`)];
}

/** `████████░░░░ 3/10 (30 %) reading src` */
function progressLine(progress: unknown, columns: number): string {
  const text = progressWords(progress);
  const share = shareOf(progress);
  if (share === undefined) return oneLine(text, columns);
  const width = Math.max(4, Math.min(30, Math.floor(columns / 3)));
  const full = Math.round(share * width);
  const bar = tone("accent", "█".repeat(full)) + tone("dim", "░".repeat(width - full));
  return `${bar} ${oneLine(text, columns - width - 1)}`;
}

function shareOf(progress: unknown): number | undefined {
  if (!isObject(progress)) return undefined;
  const { done, total } = progress;
  if (typeof done !== "number" || typeof total !== "number" || total <= 0) return undefined;
  return Math.min(1, Math.max(0, done / total));
}

function statusOf(call: Call, now: number, place: string): { text: string; tone: Tone } {
  const { answer, at, elapsedMs, target, itemCount, look, drawing } = call;
  const items = target.isStream ? plural(itemCount, "item") : "";
  const drawn = target.isStream ? look : (drawing?.kind ?? "");
  const told = (first: string): string =>
    [first, items, drawn === "" ? "" : `as ${drawn}`, place].filter(Boolean).join(" · ");
  if (answer === null) {
    // The clock moves once a second, and was up to a second old at the start: no more than is certain is claimed.
    const seconds = Math.floor(Math.max(elapsedMs, now - at - 1000) / 1000);
    return {
      text: told(seconds < 1 ? "◌ running" : `◌ running for ${duration(seconds * 1000)}`),
      tone: "accent",
    };
  }
  if (answer.ok) return { text: told(`✓ answered in ${timeOf(elapsedMs)}`), tone: "good" };
  return {
    text: told(`✗ ${answer.error.code} after ${timeOf(elapsedMs)}`),
    tone: answer.error.code === "cancelled" ? "warn" : "bad",
  };
}

export function timeOf(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)}ms` : duration(ms);
}

/** Where the result will be, before there is one. */
export function emptyResultLines({ columns, rows }: Size): string[] {
  return ["", "", tone("dim", oneLine("The answer comes here.", columns))].slice(0, rows);
}
