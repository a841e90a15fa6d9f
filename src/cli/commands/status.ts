import type { PluginDetail } from "../../../protocol/control-results.ts";
import { about, examples } from "../context.ts";
import type { Define } from "../context.ts";
import { fields } from "../../text/columns.ts";
import type { Output } from "../output.ts";
import { terminalLine } from "../../text/sanitize.ts";
import {
  aliasWords,
  isolationNames,
  limitWords,
  processLimitWords,
  restartWords,
  sandboxWords,
  timeoutWords,
  usageLimitWords,
} from "../../text/spec-words.ts";
import { helpOf, stateCell, versionCell, whyOf } from "../../text/status-words.ts";
import { ago, bytes, dateTime, duration, plural } from "../../text/words.ts";

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead status", "the daemon itself"],
    ["bulkhead status min", "one plugin: process, limits, isolation, errors"],
    ["bulkhead status min --json", "the same with every process id, the daemon's too"],
  ])
    .argument("[plugin]")
    .action(async (plugin: string | undefined) => {
      const open = context();
      const { out } = open;
      if (plugin === undefined) {
        const client = await open.daemon();
        const [daemon, plugins] = await Promise.all([
          client.control("daemon.status"),
          client.control("plugin.list"),
        ]);
        if (out.json) return out.value({ daemon, plugins });
        const up = `${duration(Date.now() - daemon.startedAt)}, since ${dateTime(daemon.startedAt)}`;
        const lines = fields(
          [
            ["daemon", `${daemon.version}, control protocol ${daemon.protocol}`],
            ["pid", String(daemon.pid)],
            ["uptime", up],
            ["socket", daemon.socket],
            ["state", daemon.stateDir],
            ["config", daemon.configFile ?? "none"],
            ...daemon.configErrors.map((error) => ["config error", terminalLine(error)] as const),
            ["clients", String(daemon.clients)],
            ["memory", bytes(daemon.memoryBytes)],
            [
              "journal",
              daemon.journal.ok ? "ok" : out.style("red", terminalLine(daemon.journal.message ?? "failed")),
            ],
            ["isolation", isolationNames(daemon.isolation)],
            ["plugins", plugins.map(({ id, state }) => `${id} ${state}`).join(", ") || "none"],
          ],
          out.style,
        );
        for (const line of lines) out.line(line);
        return;
      }
      await about(open, plugin, async (client) => {
        const detail = await client.control("plugin.status", { plugin });
        if (!out.json) for (const line of statusLines(detail, out, Date.now())) out.line(line);
        else out.value({ daemon: await client.control("daemon.status"), plugins: [detail] });
      });
    });
};

export function statusLines(plugin: PluginDetail, { style }: Pick<Output, "style">, now: number): string[] {
  const { error, lastCrash, calls, timeouts, limits, restart } = plugin;
  const state = stateCell(plugin, now);
  const version = versionCell(plugin);
  const shown = terminalLine(state.text);
  const why = whyOf(plugin);
  return fields(
    [
      ["plugin", plugin.id],
      [
        "state",
        `${state.style === undefined ? shown : style(state.style, shown)}${why === "" ? "" : `, ${terminalLine(why)}`}`,
      ],
      ["error", error === null ? undefined : `${terminalLine(error.message)} [${error.code}]`],
      ["try", error === null ? undefined : terminalLine(helpOf(error, plugin.id))],
      ["pid", plugin.pid === null ? "none" : String(plugin.pid)],
      ["guard pid", plugin.guardPid === null ? undefined : String(plugin.guardPid)],
      [
        "ready",
        plugin.readySince === null
          ? undefined
          : `${duration(now - plugin.readySince)}, since ${dateTime(plugin.readySince)}`,
      ],
      [
        "life",
        `number ${plugin.generation}, ${plural(plugin.restarts, "restart")} after crashes, ${plural(plugin.recentFailures, "failure")} within the window`,
      ],
      [
        "last crash",
        lastCrash === null
          ? undefined
          : `${ago(lastCrash.at, now)}: ${terminalLine(lastCrash.summary)} (bulkhead crashes ${lastCrash.id})`,
      ],
      [
        "version",
        `${terminalLine(version.text)}${plugin.profile === "debug" ? ": a debug build is slow and large" : ""}`,
      ],
      [
        "apis",
        terminalLine(plugin.apis.map(({ name, version: each }) => `${name} ${each}`).join(", ")) ||
          "none known",
      ],
      ["required", plugin.required?.map(({ name, range }) => `${name} ${range}`).join(", ") || undefined],
      ["aliases", aliasWords(plugin.aliases)],
      ["may use", plugin.granted?.services.join(", ") || undefined],
      ["may call", plugin.granted?.calls.join(", ") || undefined],
      [
        "calls",
        `${calls.answered} answered, ${calls.failed} failed, ${calls.inFlight} in flight, ${calls.waiting} waiting for a start`,
      ],
      ...(plugin.subscriptions ?? []).map(
        ({ event, state, failures, delivered, dropped }) =>
          [
            "event",
            `${terminalLine(event)} ${state === "on" ? "" : style("red", "ended, ")}${delivered} delivered, ${dropped} dropped, ${plural(failures, "failure")} in a row`,
          ] as const,
      ),
      ["executable", terminalLine(plugin.executable)],
      [
        "args",
        plugin.args === undefined || plugin.args.length === 0
          ? undefined
          : terminalLine(JSON.stringify(plugin.args)),
      ],
      ["cwd", plugin.cwd === undefined ? undefined : terminalLine(plugin.cwd)],
      ["sha256", plugin.sha256 ?? undefined],
      ["data", plugin.dataDir],
      ["defined in", plugin.origin],
      ["timeouts", timeouts === undefined ? undefined : timeoutWords(timeouts)],
      ["restart", restart === undefined ? undefined : restartWords(restart)],
      ["limits", limits === undefined ? undefined : limitWords(limits)],
      ["process", limits === undefined ? undefined : processLimitWords(limits.process)],
      ["together", limits === undefined ? undefined : usageLimitWords(limits.usage)],
      ["sandbox", plugin.sandbox === undefined ? undefined : sandboxWords(plugin.sandbox)],
      ...(plugin.sandbox?.enforced ?? []).map(
        ({ item, holds, why }) =>
          [
            holds ? "enforced" : "open",
            `${holds ? item : style("yellow", item)}: ${terminalLine(why)}`,
          ] as const,
      ),
      ["isolation", plugin.isolation === undefined ? undefined : isolationNames(plugin.isolation)],
    ],
    style,
  );
}
