import { BulkheadError } from "../../../protocol/error.ts";
import { about, examples } from "../context.ts";
import type { Define } from "../context.ts";
import { milliseconds } from "../milliseconds.ts";
import { terminalLine } from "../../text/sanitize.ts";
import { oneStatus } from "../../text/status-words.ts";

interface Options {
  readonly ready?: boolean;
  readonly stopped?: boolean;
  readonly timeout?: string;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead wait min --ready", "until it serves, or can't any more"],
    ["bulkhead wait min --stopped --timeout 10s", "until no process of it is left; exit 124 after 10 s"],
  ])
    .argument("<plugin>")
    .option("--ready", "until it takes calls (the default)")
    .option("--stopped", "until it has stopped")
    .option("--timeout <time>", 'how long, such as "500ms", "10s" or "2m"')
    .action(async (plugin: string, options: Options) => {
      const open = context();
      if (options.ready && options.stopped)
        throw BulkheadError.of("usage", "either --ready or --stopped, not both");
      const until = options.stopped === true ? "stopped" : "ready";
      const timeoutMs = await milliseconds(options.timeout, "--timeout");
      const params = { plugin, until, ...(timeoutMs === undefined ? {} : { timeoutMs }) } as const;
      const signal = open.interrupt();
      const status = await about(open, plugin, (daemon) => daemon.control("plugin.wait", params, { signal }));
      if (open.out.json) open.out.value(status);
      else open.out.line(terminalLine(oneStatus(status)));
    });
};
