import { examples, Interrupted } from "../context.ts";
import type { Define } from "../context.ts";
import { eventLine } from "../../text/event-words.ts";
import { count } from "../count.ts";
import type { SupervisorEvent } from "../../../protocol/state.ts";

interface Options {
  readonly follow?: boolean;
  readonly plugin?: string;
  readonly since?: number;
  readonly limit?: number;
}

/** How many past events are shown before the new ones. */
const followedPast = 20;

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead events", "the latest: starts, crashes, restarts, operators' actions"],
    ["bulkhead events -f --plugin chaos", "the last twenty, and go on as they happen"],
    ["bulkhead events -f --json", "one object a line"],
  ])
    .option("-f, --follow", "go on until Ctrl-C")
    .option("--plugin <plugin>", "only of this plugin")
    .option("--since <seq>", "only after this position", count(0, Number.MAX_SAFE_INTEGER))
    .option("--limit <n>", "at most so many past ones", count(1, 10_000))
    .action(async ({ follow, plugin, since, limit }: Options) => {
      const open = context();
      const { out } = open;
      open.plugin = plugin;
      const params = {
        ...(plugin === undefined ? {} : { plugin }),
        ...(since === undefined ? {} : { since }),
        ...(limit === undefined ? {} : { limit }),
      };
      const print = (event: SupervisorEvent): void =>
        out.json ? out.value(event) : out.line(eventLine(event, out.style));
      const daemon = await open.daemon();
      if (follow === true) {
        // Where it stands before it goes on.
        await daemon.follow("event.read", { limit: followedPast, ...params }, print, open.interrupt());
        throw new Interrupted();
      }
      for (const event of await daemon.control("event.read", params)) print(event);
    });
};
