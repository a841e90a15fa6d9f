import type { DaemonStatus } from "../../../protocol/control.ts";
import type { PluginStatus } from "../../../protocol/state.ts";
import { examples } from "../context.ts";
import type { Define } from "../context.ts";
import { table } from "../../text/columns.ts";
import type { Output } from "../output.ts";
import { sandboxCell, stateCell, troubleOf, versionCell } from "../../text/status-words.ts";
import { duration } from "../../text/words.ts";

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead ps", "every plugin, its state and its last crash"],
    ["bulkhead ps --json", "the same with every process id, the daemon's too"],
  ]).action(async () => {
    const { out, daemon } = context();
    const client = await daemon();
    const [status, plugins] = await Promise.all([
      client.control("daemon.status"),
      client.control("plugin.list"),
    ]);
    if (out.json) out.value({ daemon: status, plugins });
    else for (const line of psLines(plugins, out, Date.now())) out.line(line);
    if (plugins.length === 0) out.note(noPlugins(status));
    for (const error of status.configErrors) out.note(`${out.styleTalk("yellow", "config:")} ${error}`);
  });
};

const noSandbox = { mode: "none" } as const;
const columns = ["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "CALLS", "VERSION"];

export function psLines(
  plugins: readonly PluginStatus[],
  { style, width }: Pick<Output, "style" | "width">,
  now: number,
): string[] {
  // A column of dashes tells nobody anything.
  const anySandbox = plugins.some(({ sandbox = noSandbox }) => sandbox.mode !== "none");
  const rows = plugins.map((plugin) => [
    plugin.id,
    stateCell(plugin, now),
    plugin.pid === null ? "-" : String(plugin.pid),
    plugin.readySince === null ? "-" : duration(now - plugin.readySince),
    restarts(plugin),
    calls(plugin),
    versionCell(plugin),
    ...(anySandbox ? [sandboxCell(plugin)] : []),
    troubleOf(plugin, now) ?? "-",
  ]);
  return table([...columns, ...(anySandbox ? ["SANDBOX"] : []), "LAST CRASH"], rows, style, width);
}

function restarts({ restarts: all, recentFailures: recent }: PluginStatus): string {
  return recent === 0 ? String(all) : `${all} (${recent} recent)`;
}

function calls({ calls: { answered, failed, inFlight, waiting } }: PluginStatus): string {
  const open = inFlight + waiting;
  return open === 0 ? String(answered + failed) : `${answered + failed} +${open}`;
}

function noPlugins({ configFile }: DaemonStatus): string {
  return configFile === null
    ? "no plugins: the daemon found no bulkhead.toml; start it with --config FILE"
    : `no plugins: ${configFile} names none`;
}
