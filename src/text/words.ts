/** Numbers and times as people say them. Pure. */

const units: readonly (readonly [number, string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
];

/** The two largest units: `950ms`, `12s`, `3m 4s`, `2d 5h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`;
  const first = units.findIndex(([size]) => ms >= size);
  const [size, name] = units[first] ?? [1000, "s"];
  const whole = Math.floor(ms / size);
  const next = units[first + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[0]);
  return rest === 0 || next === undefined ? `${whole}${name}` : `${whole}${name} ${rest}${next[1]}`;
}

/** In whole seconds, one at least: a time that is looked at while it runs does not flicker. */
export function wholeSeconds(ms: number): string {
  return duration(Math.max(1, Math.round(ms / 1000)) * 1000);
}

/** One unit: `3m ago`. */
export function ago(at: number, now: number): string {
  const ms = now - at;
  if (ms < 1000) return "just now";
  return `${duration(ms).split(" ")[0]} ago`;
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const names = ["KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(names.length, Math.floor(Math.log(count) / Math.log(1024)));
  return `${(count / 1024 ** power).toFixed(1).replace(/\.0$/, "")} ${names[power - 1]}`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Local time, `2026-03-04 05:06:07`. */
export function dateTime(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` + clockTime(at);
}

/** Local time of day, `05:06:07`. */
export function clockTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
