import { BulkheadError } from "../../../protocol/error.ts";
import { examples } from "../context.ts";
import type { Define } from "../context.ts";
import { leaveNow } from "../leave.ts";

interface Options {
  readonly detach?: boolean;
  readonly printUnit?: boolean;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead up", "in the foreground; Ctrl-C drains and stops"],
    ["bulkhead up -d", "in the background; returns when it answers, or says why it does not"],
    [
      "bulkhead up -d --config ./bulkhead.toml --state-dir ./state",
      "with a configuration and a place of its own",
    ],
    ["bulkhead up --print-unit > ~/.config/systemd/user/bulkhead.service", "leave it to systemd"],
  ])
    .option(
      "-d, --detach",
      "run in the background; if the daemon runs already with this configuration, that is fine",
    )
    .option("--print-unit", "print a systemd unit for these options, and do nothing else")
    .addHelpText(
      "after",
      "\nEach state directory has one daemon. --socket, --state-dir and --config are global options.",
    )
    .action(async ({ detach, printUnit }: Options) => {
      const open = context();
      const { out, places } = open;
      if (printUnit === true) {
        const { unitFor } = await import("../systemd-unit.ts");
        const { thisProgram } = await import("../package.ts");
        out.line(unitFor(places, thisProgram(), process.geteuid?.() === 0).trimEnd());
        return;
      }
      if (detach === true) {
        const { startDetached } = await import("../detach.ts");
        const { pid, already } = await startDetached(places);
        if (out.json) out.value({ pid, socket: places.socket, already });
        else
          out.note(already ? `already running (pid ${pid})` : `up (pid ${pid}); stop it with: bulkhead down`);
        return;
      }
      Object.assign(process.env, places.env);
      // Threads for files, which file systems that do not answer may keep. They are made when the first one is needed, so
      // that this is the time to say how many.
      process.env["UV_THREADPOOL_SIZE"] ??= "16";
      process.on("exit", leaveNow);
      const { runDaemon } = await import("../../daemon/daemon.ts");
      open.exitCode = await runDaemon({
        configFile: places.configFile,
        stateDir: places.stateDir,
        // Someone may be watching; in the background, stderr is for what keeps it from starting.
        logToStderr: !out.json,
        ready: () => out.note(`up (pid ${process.pid}), listening at ${places.socket}; Ctrl-C stops it`),
      });
      if (open.exitCode !== 0)
        throw BulkheadError.of("daemon_failed", `the daemon ended with status ${open.exitCode}`);
    });
};
