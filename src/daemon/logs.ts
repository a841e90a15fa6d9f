/** The plugins' log lines: from their files, and as they come. */
import type { ControlParams } from "../../protocol/control.ts";
import type { LogLine } from "../../protocol/state.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { follow } from "./stream.ts";
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

export function followLogs(
  supervisor: Supervisor,
  { plugin }: Params,
  past: () => Promise<LogLine[]>,
  stream: Stream,
): Promise<void> {
  return follow<LogLine>(
    stream,
    (listener) =>
      supervisor.onLog((line) => (plugin === undefined || line.plugin === plugin) && listener(line)),
    past,
    // Lines that came while the files were read may stand in them or not.
    (known) => {
      const identities = new Set(known.map(identity));
      return (line) => !identities.has(identity(line));
    },
  );
}

function identity({ plugin, generation, at, text }: LogLine): string {
  return `${plugin} ${generation} ${at} ${text}`;
}
