import { Option } from "commander";
import type { LogLine } from "../../../protocol/state.ts";
import { about, examples, Interrupted } from "../context.ts";
import type { Define } from "../context.ts";
import { count } from "../count.ts";
import { logLine } from "../../text/log-words.ts";

interface Options {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly current?: boolean;
  readonly lines: number;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead logs", "the last lines of every plugin's stderr"],
    ["bulkhead logs chaos -f", "of one plugin, and go on as they come"],
    ["bulkhead logs chaos --previous", "what the life before this one said"],
    ["bulkhead logs chaos -n 1000 --json", "one object a line"],
  ])
    .argument("[plugin]")
    .option("-f, --follow", "go on until Ctrl-C")
    .option("-p, --previous", "the life before the current one")
    .addOption(new Option("--current", "the current life").conflicts("previous"))
    .option("-n, --lines <n>", "at most so many past lines", count(0, 100_000), 200)
    .action(async (plugin: string | undefined, { follow, previous, current, lines }: Options) => {
      const open = context();
      const { out } = open;
      const params = {
        lines,
        ...(plugin === undefined ? {} : { plugin }),
        ...(previous === true ? { previous: 1 } : {}),
        ...(current === true ? { previous: 0 } : {}),
      };
      const print = (line: LogLine): void => {
        if (out.json) out.value(line);
        else out.line(logLine(line, plugin === undefined, out.style));
      };
      const read = async (): Promise<void> => {
        const daemon = await open.daemon();
        if (follow !== true) for (const line of await daemon.control("log.read", params)) print(line);
        else await daemon.follow("log.read", params, print, open.interrupt());
      };
      await (plugin === undefined ? read() : about(open, plugin, read));
      if (follow === true) throw new Interrupted();
    });
};
