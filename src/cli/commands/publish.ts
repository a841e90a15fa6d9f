import { examples } from "../context.ts";
import type { Define } from "../context.ts";
import { baseParams, readText } from "../invoke.ts";
import { parseAssignments } from "../params.ts";
import { plural } from "../../text/words.ts";

interface Options {
  readonly params?: string;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead publish todo.added title=milk done:=false", "to clients, and to the plugins that want it"],
    ["bulkhead events -f", "in another terminal: what is published"],
  ])
    .argument("<api.event>")
    .argument("[values...]", "key=value; a.b=1 goes inside; key:=JSON; - reads JSON from stdin")
    .option("--params <json>", "the params as a JSON object; key=value is laid over them")
    .action(async (event: string, words: string[], options: Options) => {
      const { out, daemon } = context();
      const base = await baseParams(words, options.params);
      const values = words.filter((word) => word !== "-");
      const params = parseAssignments(values, undefined, readText, base);
      const published = await (await daemon()).control("event.publish", { event, params });
      if (out.json) out.value(published);
      else out.note(`on its way to ${plural(published.subscribers, "plugin")}`);
    });
};
