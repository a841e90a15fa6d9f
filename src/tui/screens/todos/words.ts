/** How todos, batches and what happens to them are told. Plain text, not harmless yet. Pure. */
import type { Todo } from "../../../../protocol/todo.ts";
import { plural } from "../../../text/words.ts";
import type { Tone } from "../../theme.ts";
import type { Activity, Counts, DeskView } from "../../todos/view.ts";

export const stateMarks = {
  open: "[ ]",
  active: "[/]",
  blocked: "[!]",
  done: "[x]",
  cancelled: "[-]",
} as const satisfies Record<Todo["state"], string>;

export const stateTones = {
  open: "plain",
  active: "accent",
  blocked: "warn",
  done: "good",
  cancelled: "dim",
} as const satisfies Record<Todo["state"], Tone>;

/** Two columns. */
export const priorityMarks = {
  low: "↓ ",
  normal: "",
  high: "! ",
} as const satisfies Record<Todo["priority"], string>;

/** `3 added, 1 changed` */
function countWords({ added, changed, removed }: Counts): string {
  const words = [
    ...(added > 0 ? [`${added} added`] : []),
    ...(changed > 0 ? [`${changed} changed`] : []),
    ...(removed > 0 ? [`${removed} deleted`] : []),
  ];
  return words.length === 0 ? "rearranged" : words.join(", ");
}

/** Whether plugins work on this list, where that is not as it should be. */
export function serviceWords({
  service,
  plugins,
}: DeskView): { readonly text: string; readonly tone: Tone } | null {
  switch (service.state) {
    case "away":
      return { text: "The daemon is away: the list works, plugins are missing.", tone: "warn" };
    case "taken":
      return {
        text: "Another program is the todo host: no plugins here for now.",
        tone: "warn",
      };
    case "refused":
      return { text: "The connection is read-only: the list works, plugins are missing.", tone: "warn" };
    case "failed":
      return { text: `Plugins can not be reached, trying again: ${service.why}`, tone: "bad" };
    case "opening":
      return { text: plugins.length === 0 ? "Looking for todo plugins…" : "", tone: "dim" };
    case "provided":
      return null;
    default:
      return service satisfies never;
  }
}

export interface ActivityWords {
  readonly who: string;
  readonly text: string;
  readonly tone: Tone;
}

export function activityWords(each: Activity): ActivityWords {
  switch (each.kind) {
    case "event": {
      const { event, title, told, by } = each;
      const about = title === null ? "" : `  “${title}”`;
      const to = told === null ? "to nobody" : told === 0 ? "to no plugin" : `to ${plural(told, "plugin")}`;
      return { who: by ?? "you", text: `${event} ${to}${about}`, tone: "plain" };
    }
    case "batch": {
      const { summary, counts, by } = each;
      return { who: by ?? "you", text: `${summary || "a batch"} (${countWords(counts)})`, tone: "good" };
    }
    case "problem":
      return { who: each.plugin ?? "todo host", text: each.message, tone: "bad" };
    default:
      return each satisfies never;
  }
}

/** Where the list is kept, and whether it is. */
export function fileWords({ file, path }: DeskView): { readonly text: string; readonly tone: Tone } {
  switch (file.state) {
    case "saved":
      return { text: path, tone: "dim" };
    case "saving":
      return { text: `${path} …`, tone: "dim" };
    case "unsaved":
      return { text: `not saved: ${file.why}`, tone: "bad" };
    default:
      return file satisfies never;
  }
}
