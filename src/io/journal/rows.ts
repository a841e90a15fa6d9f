/** What the journal stores, and its translation to and from what the supervisor speaks of. */
import type { CrashReport, SupervisorEvent } from "../../../protocol/state.ts";

/** The counters of a plugin that outlive the daemon. */
export interface PluginRow {
  readonly id: string;
  /** The last one used. */
  readonly generation: number;
  /** Restarts after crashes since the journal began. */
  readonly restarts: number;
  readonly disabled: boolean;
  /** Unix time in milliseconds of each recent failure. */
  readonly failures: readonly number[];
  /** Position in the back-off. */
  readonly attempt: number;
  /** Calls that may have killed it; absent: none. */
  readonly quarantine?: Quarantine;
}

/** As `src/core/quarantine.ts` has it. */
export interface Quarantine {
  readonly binary: string | null;
  /** What params are hashed with. */
  readonly key?: string;
  readonly entries: readonly QuarantineEntry[];
}

export interface QuarantineEntry {
  readonly method: string;
  readonly params: string;
  readonly standing: "noted" | "suspect" | "trial" | "guilty";
  readonly crashes: number;
  readonly reports: readonly string[];
  readonly at: number;
}

export interface EventRow {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly plugin: string | null;
  readonly body: string;
}

export interface CrashRow {
  readonly id: string;
  readonly plugin: string;
  readonly at: number;
  readonly body: string;
}

/** As it comes out: with what the store itself knows about the row. */
export interface StoredCrashRow extends CrashRow {
  readonly durable: number;
}

export interface DescriptionRow {
  readonly sha256: string;
  readonly body: string;
}

/** What goes into one transaction. */
export interface Batch {
  readonly events: readonly EventRow[];
  readonly crashes: readonly CrashRow[];
  readonly plugins: readonly PluginRow[];
  readonly descriptions: readonly DescriptionRow[];
}

export const emptyBatch: Batch = { events: [], crashes: [], plugins: [], descriptions: [] };

/** Throws a TypeError when the event can not be written as JSON. */
export function encodeEvent(event: SupervisorEvent): EventRow {
  const { seq, at, ...body } = event;
  return {
    seq,
    at,
    type: body.type,
    plugin: "plugin" in body ? body.plugin : null,
    body: JSON.stringify(body),
  };
}

/** Throws a TypeError when the report can not be written as JSON. */
export function encodeCrash(report: CrashReport): CrashRow {
  return { id: report.id, plugin: report.plugin, at: report.at, body: JSON.stringify(report) };
}

/** Undefined when the row does not hold what its columns say. */
export function decodeEvent(row: EventRow): SupervisorEvent | undefined {
  const body = json(row.body);
  if (!isRecord(body) || body["type"] !== row.type || (body["plugin"] ?? null) !== row.plugin)
    return undefined;
  const event: unknown = { ...body, seq: row.seq, at: row.at };
  return isEvent(event) ? event : undefined;
}

/** Undefined when the row does not hold what its columns say. */
export function decodeCrash(row: StoredCrashRow): CrashReport | undefined {
  const body = json(row.body);
  if (!isRecord(body) || body["id"] !== row.id || body["plugin"] !== row.plugin) return undefined;
  const report: unknown = { ...body, durable: row.durable === 1 };
  return isReport(report) ? report : undefined;
}

/** One row as SQLite hands it over. */
export type Columns = Readonly<Record<string, unknown>>;

export function eventRow(row: Columns): EventRow {
  const plugin = row["plugin"];
  return {
    seq: Number(row["seq"]),
    at: Number(row["at"]),
    type: String(row["type"]),
    plugin: typeof plugin === "string" ? plugin : null,
    body: String(row["body"]),
  };
}

export function crashRow(row: Columns): StoredCrashRow {
  return {
    id: String(row["id"]),
    plugin: String(row["plugin"]),
    at: Number(row["at"]),
    body: String(row["body"]),
    durable: Number(row["durable"]),
  };
}

/**
 * Undefined when the row does not say which plugin it is about, and whether that is disabled. Other counters that can not be read
 * begin at nothing: for their sake, nobody's `disable` is forgotten.
 */
export function decodePlugin(row: Columns): PluginRow | undefined {
  const { id, disabled } = row;
  if (typeof id !== "string" || (disabled !== 0 && disabled !== 1)) return undefined;
  const failures = json(String(row["failures"]));
  const quarantine = json(String(row["quarantine"]));
  return {
    id,
    generation: count(row["generation"]),
    restarts: count(row["restarts"]),
    disabled: disabled === 1,
    failures: Array.isArray(failures) && failures.every((at) => typeof at === "number") ? failures : [],
    attempt: count(row["attempt"]),
    ...(isQuarantine(quarantine) ? { quarantine } : {}),
  };
}

function count(value: unknown): number {
  return typeof value === "number" && value >= 0 ? value : 0;
}

/** The last word of an operator on whether a plugin may run, as its event has it; undefined: the event is about something else. */
export function decodeDisabled({ plugin, body }: Columns): { id: string; disabled: boolean } | undefined {
  const action = json(String(body));
  if (typeof plugin !== "string" || !isRecord(action) || action["plugin"] !== plugin) return undefined;
  const { action: did } = action;
  return did === "disable" || did === "enable" ? { id: plugin, disabled: did === "disable" } : undefined;
}

/** Undefined when the text is not JSON; JSON itself has no undefined. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// What this program wrote is trusted to have its shape; these tell it from what damage or a stranger left there.

function isEvent(value: unknown): value is SupervisorEvent {
  return (
    isRecord(value) &&
    typeof value["type"] === "string" &&
    typeof value["seq"] === "number" &&
    typeof value["at"] === "number"
  );
}

function isQuarantine(value: unknown): value is Quarantine {
  return isRecord(value) && Array.isArray(value["entries"]) && value["entries"].every(isEntry);
}

function isEntry(value: unknown): value is QuarantineEntry {
  return (
    isRecord(value) &&
    typeof value["method"] === "string" &&
    typeof value["params"] === "string" &&
    typeof value["crashes"] === "number" &&
    ["noted", "suspect", "trial", "guilty"].some((each) => each === value["standing"]) &&
    Array.isArray(value["reports"])
  );
}

function isReport(value: unknown): value is CrashReport {
  return (
    isRecord(value) &&
    typeof value["at"] === "number" &&
    typeof value["generation"] === "number" &&
    typeof value["summary"] === "string" &&
    isRecord(value["cause"]) &&
    isRecord(value["decision"]) &&
    Array.isArray(value["stderrTail"]) &&
    Array.isArray(value["lostCalls"])
  );
}
