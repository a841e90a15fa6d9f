/** Colours and their like. Only the terminal's own sixteen, so that they fit a light background as well as a dark one. */
import { styleText } from "node:util";
import type { Paint } from "../text/columns.ts";

/** What a text is, rather than how it looks. */
export type Tone = "plain" | "dim" | "strong" | "good" | "warn" | "bad" | "accent" | "selected" | "title";

/** https://no-color.org: any value but none; bold, dim and reversed text are no colours. */
const isColoured = !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";

const looks = {
  plain: [],
  dim: ["dim"],
  strong: ["bold"],
  good: isColoured ? ["green"] : [],
  warn: isColoured ? ["yellow"] : [],
  bad: isColoured ? ["red"] : ["bold"],
  accent: isColoured ? ["cyan"] : [],
  selected: ["inverse"],
  title: isColoured ? ["bold", "cyan"] : ["bold"],
} as const satisfies Record<Tone, readonly Parameters<typeof styleText>[0][]>;

export function tone(name: Tone, text: string): string {
  const look = looks[name];
  return look.length === 0 || text === "" ? text : styleText([...look], text, { validateStream: false });
}

const colours: ReadonlySet<string> = new Set(["red", "green", "yellow", "blue", "magenta", "cyan", "gray"]);

/** For what `src/text` makes. */
export const paint: Paint = (style, text) => {
  const asked = [style].flat();
  const look = isColoured ? asked : asked.filter((each) => !colours.has(each));
  return look.length === 0 || text === "" ? text : styleText(look, text, { validateStream: false });
};
