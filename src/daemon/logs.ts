/** The plugins' log lines: from their files, and as they come. */
import type { ControlParams } from "../../protocol/control.ts";
import type { LogLine } from "../../protocol/state.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { aborted } from "./stream.ts";
import type { Stream } from "./stream.ts";

type Params = ControlParams<"log.read">;

/** Of one plugin, or of all in the order of time. */
export async function readLogs(supervisor: Supervisor, params: Params): Promise<LogLine[]> {
  const { plugin, lines = 200, previous } = params;
  const query = previous === undefined ? { lines } : { lines, previous };
  if (plugin !== undefined) return supervisor.logs(plugin, query);
  const logs = await Promise.all(supervisor.ids().map((id) => supervisor.logs(id, query)));
  // -0 would be everything.
  return lines === 0
    ? []
    : logs
        .flat()
        .sort((a, b) => a.at - b.at)
        .slice(-lines);
}

/** First what the files have, then what comes, each line once. Ends when the client cancels. */
export async function followLogs(
  supervisor: Supervisor,
  params: Params,
  { signal, item }: Stream,
): Promise<void> {
  const early: LogLine[] = [];
  let take = (line: LogLine): void => void early.push(line);
  const unsubscribe = supervisor.onLog((line) => {
    if (params.plugin === undefined || line.plugin === params.plugin) take(line);
  });
  try {
    const past = await readLogs(supervisor, params);
    // Lines that came while the files were read may stand in them or not.
    const known = new Set(past.map(identity));
    for (const line of past) item(line);
    for (const line of early) if (!known.has(identity(line))) item(line);
    take = item;
    await aborted(signal);
  } finally {
    unsubscribe();
  }
}

function identity({ plugin, generation, at, text }: LogLine): string {
  return `${plugin} ${generation} ${at} ${text}`;
}
