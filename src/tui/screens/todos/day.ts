/** Days as they are typed and as they are told. Pure. */
import { isDay } from "../../../todo/batch.ts";

export type TypedDay =
  | { readonly ok: true; readonly day: string | null }
  | { readonly ok: false; readonly why: string };

const two = (value: number): string => String(value).padStart(2, "0");

/** The local day, `2026-12-31`. @param at Unix time, milliseconds @param days later */
function dayOf(at: number, days = 0): string {
  const date = new Date(at);
  date.setDate(date.getDate() + days);
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `2026-12-31`, `today`, `tomorrow`, `+3d`, `+2w`; nothing: no day. */
export function typedDay(text: string, now: number): TypedDay {
  const word = text.trim().toLowerCase();
  if (word === "") return { ok: true, day: null };
  if (word === "today") return { ok: true, day: dayOf(now) };
  if (word === "tomorrow") return { ok: true, day: dayOf(now, 1) };
  const [, count, unit] = /^\+(\d{1,4})([dw])$/.exec(word) ?? [];
  if (count !== undefined) return { ok: true, day: dayOf(now, Number(count) * (unit === "w" ? 7 : 1)) };
  if (!/^\d{4}-\d{2}-\d{2}$/.test(word)) {
    return { ok: false, why: "a day such as 2026-12-31, today, tomorrow, +3d or +2w; nothing: none" };
  }
  return isDay(word) ? { ok: true, day: word } : { ok: false, why: `there is no ${word}` };
}

/** `today`, `2026-12-31`, `late 2026-01-01`. */
export function dueWords(due: string, now: number): { readonly text: string; readonly isLate: boolean } {
  const today = dayOf(now);
  if (due === today) return { text: "today", isLate: false };
  if (due === dayOf(now, 1)) return { text: "tomorrow", isLate: false };
  return due < today ? { text: `late ${due}`, isLate: true } : { text: due, isLate: false };
}
