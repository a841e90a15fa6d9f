/** A crash report as a page to read. Pure. */
import type {
  CrashReport,
  Decision,
  EndCause,
  LostParams,
  ProcessExit,
  RecordedMessage,
} from "../../protocol/state.ts";
import { fields } from "./columns.ts";
import type { Paint } from "./columns.ts";
import { settlements } from "./failure.ts";
import { terminalLine } from "./sanitize.ts";
import { bytes, dateTime, duration, plural } from "./words.ts";

export function reportLines(report: CrashReport, style: Paint): string[] {
  const { executable, panic, diagnosis } = report;
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", style("bold", title), ...lines.map((line) => `  ${line}`)];
  const pairs = (...list: Parameters<typeof fields>[0]): string[] => fields(list, style);
  return [
    `${style(["bold", "red"], terminalLine(report.plugin))} ${terminalLine(report.summary)}`,
    ...section(
      "What died",
      pairs(
        [
          "report",
          `${terminalLine(report.id)}${report.durable ? "" : style("yellow", " (not yet on disk)")}`,
        ],
        ["when", dateTime(report.at)],
        [
          "plugin",
          `${terminalLine(report.plugin)} ${terminalLine(report.version ?? "(version unknown)")}, life ${report.generation}`,
        ],
        ["pid", report.pid === null ? "no process came about" : String(report.pid)],
        [
          "uptime",
          `${duration(report.uptimeMs)}, ${report.readyMs === null ? "never ready" : `ready for ${duration(report.readyMs)}`}`,
        ],
        ["executable", terminalLine(executable.path)],
        ["sha256", executable.sha256 ?? undefined],
        ["build", report.profile === "debug" ? style("yellow", "debug") : (report.profile ?? undefined)],
      ),
    ),
    ...section(
      "Why",
      pairs(
        ["cause", terminalLine(causeWords(report.cause))],
        ["exit", report.exit === null ? undefined : exitWords(report.exit)],
        ["used", report.exit === null ? undefined : usedWords(report.exit)],
        [
          "panic",
          panic === null
            ? undefined
            : `thread ${terminalLine(panic.thread)} at ${style(["bold", "yellow"], terminalLine(`${panic.file}:${panic.line}:${panic.column}`))}`,
        ],
        ["message", panic === null ? undefined : terminalLine(panic.message)],
        [
          "diagnosis",
          diagnosis === null
            ? undefined
            : terminalLine(`${diagnosis.kind}: ${diagnosis.message}${place(diagnosis)}`),
        ],
      ),
    ),
    ...section("What was lost", lostLines(report)),
    ...section("What happens next", [terminalLine(decisionWords(report.decision))]),
    ...section("Last messages", report.messages.map(messageLine)),
    ...section("Last lines on stderr", report.stderrTail.map(terminalLine)),
  ];
}

/** @param brief one or two words, for a table */
export function decisionWords(decision: Decision, brief = false): string {
  switch (decision.action) {
    case "restart":
      return brief
        ? `restart in ${duration(decision.delayMs)}`
        : `restart ${decision.attempt} after ${duration(decision.delayMs)}: ${decision.why}`;
    case "give_up":
      return brief ? "given up" : `given up [${decision.code}]: ${decision.why}`;
    case "none":
      return brief ? "none" : `nothing: ${decision.why}`;
    default:
      return decision satisfies never;
  }
}

export function causeWords(cause: EndCause): string {
  switch (cause.kind) {
    case "requested":
      return `requested by the ${cause.by}`;
    case "start_failure": {
      const { code, message, detail } = cause.failure;
      const more = detail === undefined ? "" : ` ${JSON.stringify(detail)}`;
      return `could not start: ${message} [${code}]${more}`;
    }
    case "exit":
      return "the process ended by itself";
    case "hung":
      return `hung, so it was killed: ${cause.detail}`;
    case "over_limit":
      return `over a limit of its entry, so it was killed: ${cause.detail}`;
    case "violation":
      return `broke the wire's rules (${cause.reason}): ${cause.detail}`;
    default:
      return cause satisfies never;
  }
}

function exitWords({ code, signal, core }: ProcessExit): string {
  if (signal === null) return `status ${code}`;
  return `${signal}${core ? ", core dumped" : ""}`;
}

function usedWords({ userMicros, systemMicros, peakMemoryBytes }: ProcessExit): string | undefined {
  const cpu =
    userMicros === undefined && systemMicros === undefined
      ? undefined
      : (userMicros ?? 0) + (systemMicros ?? 0);
  const parts = [
    ...(cpu === undefined ? [] : [`${duration(cpu / 1000)} of CPU time`]),
    ...(peakMemoryBytes === undefined ? [] : [`${bytes(peakMemoryBytes)} of memory at most`]),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

function place({ file, line }: { file?: string; line?: number }): string {
  return file === undefined ? "" : ` at ${file}${line === undefined ? "" : `:${line}`}`;
}

function lostLines({ lostCalls, lostCallCount }: CrashReport): string[] {
  if (lostCallCount === 0) return ["no calls were in flight"];
  const listed = lostCalls.flatMap(({ method, settlement, ageMs, params }) => [
    terminalLine(`${method}  ${settlements[settlement]}, ${duration(ageMs)} after it was sent`),
    ...(params === undefined ? [] : paramsLines(params)),
  ]);
  const more = lostCallCount - lostCalls.length;
  return [`${plural(lostCallCount, "call")}:`, ...listed, ...(more > 0 ? [`and ${more} more`] : [])];
}

/** Longer ones are in `--json`. */
const shownParams = 300;

function paramsLines(params: LostParams): string[] {
  const data = params.dataBytes === 0 ? [] : [`and ${bytes(params.dataBytes)} of data, not kept`];
  if (params.kept === "head") {
    const head = params.head === "" ? "" : `${params.head.slice(0, shownParams)}… `;
    return [`${head}(${bytes(params.bytes)}, not kept whole)`, ...data].map((line) =>
      terminalLine(`  ${line}`),
    );
  }
  const { text, secrets } = params;
  const shown =
    text === undefined ? [] : [text.length > shownParams ? `${text.slice(0, shownParams)}…` : text];
  const hidden = secrets.length === 0 ? [] : [`without its secrets: ${secrets.join(", ")}`];
  return [...shown, ...hidden, ...data].map((line) => terminalLine(`  ${line}`));
}

function messageLine({ beforeMs, direction, bytes: size, head }: RecordedMessage): string {
  const arrow = direction === "to_plugin" ? "->" : "<-";
  return terminalLine(
    `${`-${duration(beforeMs)}`.padStart(8)} ${arrow} ${head}${Buffer.byteLength(head) < size ? `… (${bytes(size)})` : ""}`,
  );
}
