import type { Api } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { nearest } from "../../../protocol/nearest.ts";
import { examples } from "../context.ts";
import type { Define } from "../context.ts";
import { invokable, invoke, splitTarget } from "../invoke.ts";
import type { InvokeOptions } from "../invoke.ts";

export const define: Define = (command, context) => {
  const named = examples(command, [
    ["bulkhead actions", "what there is to run"],
    ["bulkhead run view-stats.refresh", "an action by its id"],
    ["bulkhead run todo-tasks.todo.generate max=3", "with the api named, and with params"],
  ]).argument("<plugin.action>", "or plugin.api.action");
  invokable(named).action(async (target: string, words: string[], options: InvokeOptions) => {
    const { plugin, name } = splitTarget(target, "action");
    await invoke(context(), plugin, (apis) => methodOf(plugin, name, apis), words, options);
  });
};

/** The method behind an action. @throws {BulkheadError} `method_not_found`, `ambiguous_method` */
function methodOf(plugin: string, name: string, apis: readonly Api[]): string {
  const actions = apis.flatMap((api) =>
    (api.actions ?? []).map(({ id, method }) => ({ id, api: api.name, method: `${api.name}.${method}` })),
  );
  const fitting = actions.filter(({ id, api }) => id === name || `${api}.${id}` === name);
  const [only] = fitting;
  if (only !== undefined && new Set(fitting.map(({ method }) => method)).size === 1) return only.method;
  if (only !== undefined) {
    const choices = fitting.map(({ api, id }) => `${plugin}.${api}.${id}`);
    throw BulkheadError.of("ambiguous_method", `${plugin}.${name} could be ${choices.join(" or ")}`, {
      detail: { choices },
    });
  }
  const known = actions.map(({ id }) => id);
  const near = nearest(name, known);
  const did = near === undefined ? "" : `; did you mean ${plugin}.${near}?`;
  throw BulkheadError.of("method_not_found", `${plugin} has no action ${name}${did}`, {
    detail: { near, offered: known },
  });
}
