import path from "node:path";
import { BulkheadError } from "../../../protocol/error.ts";
import { examples } from "../context.ts";
import type { Define } from "../context.ts";
import { packageVersion } from "../package.ts";

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead tui", "see plugins, call them, read crashes, work on todos; ? shows the keys"],
    ["bulkhead tui --todos TODO.md", "with a todo list of your own"],
    ["bulkhead --read-only tui", "only to look: no key can stop or call a plugin"],
    ["NO_COLOR=1 bulkhead tui", "without colours"],
  ])
    .option(
      "--todos <file>",
      "the Markdown checklist of the todo screen (default: todos.md in the state directory)",
    )
    .action(async ({ todos }: { readonly todos?: string }) => {
      const { places, readOnly } = context();
      if (!process.stdin.isTTY || !process.stdout.isTTY) {
        throw BulkheadError.of("usage", "the terminal interface needs a terminal on stdin and stdout");
      }
      const { openTui } = await import("../../tui/open.tsx");
      await openTui({
        socket: places.socket,
        readOnly,
        version: packageVersion(),
        todoFile: path.resolve(todos ?? path.join(places.stateDir, "todos.md")),
      });
    });
};
