/** A list that is narrowed by typing `/`. Pure. */
import type { Key } from "../keys.ts";
import { edited, emptyInput, inserted } from "./text-input.ts";
import type { TextInput } from "./text-input.ts";

export interface Filter {
  readonly input: TextInput;
  /** Keys go to the text. */
  readonly isTyping: boolean;
}

export const noFilter: Filter = { input: emptyInput, isTyping: false };

export function typedFilter(filter: Filter, key: Key): Filter {
  return { ...filter, input: edited(filter.input, key) };
}

/** A filter is one line, whatever was pasted. */
export function pastedFilter(filter: Filter, text: string): Filter {
  return { ...filter, input: inserted(filter.input, text.replaceAll(/\s+/g, " ")) };
}

/** Every word of the filter is somewhere in the text, whatever its case. */
export function passes(filter: Filter, text: string): boolean {
  const words = filter.input.text.toLowerCase().split(/\s+/).filter(Boolean);
  const lower = words.length === 0 ? "" : text.toLowerCase();
  return words.every((word) => lower.includes(word));
}
