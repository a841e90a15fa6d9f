import { about, examples } from "../context.ts";
import type { Define } from "../context.ts";
import { table } from "../../text/columns.ts";

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead actions", "of every plugin that is known: what to run, with its suggested key"],
    ["bulkhead actions todo-tasks", "of one plugin; bulkhead run starts them"],
  ])
    .argument("[plugin]")
    .action(async (plugin: string | undefined) => {
      const open = context();
      const { out } = open;
      const actions =
        plugin === undefined
          ? await (await open.daemon()).control("action.list")
          : await about(open, plugin, async (daemon) => {
              // One that never ran has not said what there is to run.
              await daemon.describe(plugin);
              return daemon.control("action.list", { plugin });
            });
      if (out.json) {
        out.value(actions);
        return;
      }
      const rows = actions.map((each) => [
        `${each.plugin}.${each.id}`,
        each.key ?? "-",
        `${each.plugin}.${each.api}.${each.method}`,
        each.description ?? "-",
      ]);
      if (rows.length === 0) {
        const hint =
          plugin === undefined ? "; of a plugin that never ran, ask by name: bulkhead actions P" : "";
        out.note(`no actions${hint}`);
      } else
        for (const line of table(["ACTION", "KEY", "CALLS", "WHAT"], rows, out.style, out.width))
          out.line(line);
    });
};
