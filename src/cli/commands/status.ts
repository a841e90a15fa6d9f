import type { ProcessLimits } from "../../../protocol/config.ts";
import type { PluginDetail } from "../../../protocol/control-results.ts";
import { about, examples } from "../context.ts";
import type { Define } from "../context.ts";
import { fields } from "../../text/columns.ts";
import type { Output } from "../output.ts";
import { terminalLine } from "../../text/sanitize.ts";
import { stateCell, versionCell } from "../../text/status-words.ts";
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
            ["isolation", flags(daemon.isolation)],
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
  // Often the error in other words, and it may be long: once is enough.
  const why = error !== null && plugin.why.includes(error.message) ? "" : plugin.why;
  return fields(
    [
      ["plugin", plugin.id],
      [
        "state",
        `${state.style === undefined ? shown : style(state.style, shown)}${why === "" ? "" : `, ${terminalLine(why)}`}`,
      ],
      ["error", error === null ? undefined : `${terminalLine(error.message)} [${error.code}]`],
      ["try", error === null ? undefined : terminalLine(error.hint.replaceAll(/\bP\b/g, plugin.id))],
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
      [
        "timeouts",
        timeouts === undefined
          ? undefined
          : `handshake ${duration(timeouts.handshakeMs)}, call ${duration(timeouts.callMs)} idle, ${timeouts.totalMs === undefined ? "no total" : `${duration(timeouts.totalMs)} total`}, drain ${duration(timeouts.drainMs)}`,
      ],
      [
        "restart",
        restart === undefined
          ? undefined
          : `${restart.when}, ${duration(restart.minDelayMs)} to ${duration(restart.maxDelayMs)}, at most ${restart.maxFailures} failures in ${duration(restart.windowMs)}`,
      ],
      [
        "limits",
        limits === undefined
          ? undefined
          : `${limits.inFlight} calls in flight, ${limits.waiting} waiting, frames of ${bytes(limits.frameBytes)}`,
      ],
      ["process", limits === undefined ? undefined : processLimits(limits.process) || undefined],
      ["isolation", plugin.isolation === undefined ? undefined : flags(plugin.isolation)],
    ],
    style,
  );
}

function aliasWords(aliases: Readonly<Record<string, string>> = {}): string | undefined {
  return (
    Object.entries(aliases)
      .map(([name, api]) => `${name} (${api})`)
      .join(", ") || undefined
  );
}

function processLimits({ memory, files, processes, cpu, fileSize, core }: ProcessLimits): string {
  const parts = [
    memory === undefined ? undefined : `memory ${bytes(memory)}`,
    files === undefined ? undefined : plural(files, "open file"),
    processes === undefined ? undefined : `${processes} processes of the user`,
    cpu === undefined ? undefined : `CPU time ${duration(cpu * 1000)}`,
    fileSize === undefined ? undefined : `files of ${bytes(fileSize)}`,
    core === undefined ? undefined : `core dumps of ${bytes(core)}`,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

/** `orphansKilled, not resourceLimits`. */
function flags(isolation: Readonly<Record<string, boolean>>): string {
  return Object.entries(isolation)
    .map(([name, holds]) => (holds ? name : `not ${name}`))
    .join(", ");
}
