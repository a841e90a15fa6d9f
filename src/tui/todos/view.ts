/** What the todo desk shows of itself. Data only. */
import type { Action } from "../../../protocol/description.ts";
import type { TodoList } from "../../todo/list.ts";

/** Whether plugins can work on this list. */
export type ServiceState =
  /** The daemon is. */
  | { readonly state: "away" }
  | { readonly state: "opening" }
  | { readonly state: "provided" }
  /** Another program is the todo host; tried again until it has gone. */
  | { readonly state: "taken"; readonly why: string }
  /** The connection only looks. */
  | { readonly state: "refused" }
  | { readonly state: "failed"; readonly why: string };

export interface DeskPlugin {
  readonly id: string;
  readonly actions: readonly Action[];
  /** Its todos follow something outside, and it can be asked what is new there. */
  readonly mirrors: boolean;
}

export interface UnfitPlugin {
  readonly id: string;
  readonly why: string;
}

/** Something that a plugin was asked and has not answered yet. */
export interface RunningAsk {
  readonly id: string;
  readonly plugin: string;
  /** `generate`, or the action's id. */
  readonly what: string;
  /** Unix time, milliseconds. */
  readonly since: number;
  /** The latest that it has said of it. */
  readonly progress: unknown;
}

export interface Counts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

export type Happening =
  /** A hook. `told`: how many plugins; null: the daemon could not be asked to. */
  | {
      readonly kind: "event";
      readonly event: string;
      readonly title: string | null;
      readonly by: string | null;
      readonly told: number | null;
    }
  /** A batch that was applied; `by` null: a person's. */
  | {
      readonly kind: "batch";
      readonly by: string | null;
      readonly summary: string;
      readonly counts: Counts;
    }
  | { readonly kind: "problem"; readonly plugin: string | null; readonly message: string };

export type Activity = Happening & {
  /** Counts all of them. */
  readonly seq: number;
  /** Unix time, milliseconds. */
  readonly at: number;
};

export type FileState =
  | { readonly state: "saved" }
  | { readonly state: "saving" }
  | { readonly state: "unsaved"; readonly why: string };

export interface DeskView {
  readonly list: TodoList;
  /** Labels of what would be taken back, or done again. */
  readonly history: { readonly undo: string | null; readonly redo: string | null };
  readonly service: ServiceState;
  /** Those that fit; none while the service is not provided. */
  readonly plugins: readonly DeskPlugin[];
  readonly unfit: readonly UnfitPlugin[];
  readonly asks: readonly RunningAsk[];
  /** Oldest first; of each kind the latest. */
  readonly activity: readonly Activity[];
  readonly path: string;
  readonly file: FileState;
}

export const keptActivity = { event: 100, batch: 100, problem: 50 } as const;

/** Adds one, and forgets the oldest of its kind when there are too many. */
export function withActivity(activity: readonly Activity[], next: Activity): Activity[] {
  const same = activity.filter(({ kind }) => kind === next.kind);
  const oldest = same.length < keptActivity[next.kind] ? undefined : same[0];
  return [...activity.filter((each) => each !== oldest), next];
}
