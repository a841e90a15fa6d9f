import { methodsOf } from "../../../protocol/description.ts";
import { examples } from "../context.ts";
import type { Define } from "../context.ts";
import { invokable, invoke, splitTarget } from "../invoke.ts";
import type { InvokeOptions } from "../invoke.ts";
import { chooseMethod } from "../params.ts";

export const define: Define = (command, context) => {
  const named = examples(command, [
    ["bulkhead call min.min a=1 b=2", "the plugin min, and its one method *.min"],
    ["bulkhead call min.numbers.min a=1 b=2", "with the api named as well"],
    ["bulkhead call wordcount.count text=@README.md", "a file's text as a value"],
    ["bulkhead call todo-scan.scan root=$PWD include:='[\"todo\"]'", ":= takes JSON as it is"],
    [
      'bulkhead call min.min --params \'{"a": 1, "b": 2}\'',
      "all of it as JSON; --params @FILE reads it from a file",
    ],
    ['echo \'{"a": 1, "b": 2}\' | bulkhead call min.min -', "all of it as JSON from stdin"],
    ["bulkhead call ticks.watch", "a stream: one JSON value a line, until it ends or Ctrl-C"],
  ]).argument("<plugin.method>", "or plugin.api.method");
  invokable(named).action(async (target: string, words: string[], options: InvokeOptions) => {
    const { plugin, name } = splitTarget(target, "method");
    const choose = (apis: Parameters<typeof methodsOf>[0]): string =>
      chooseMethod(plugin, name, [...methodsOf(apis).keys()]);
    await invoke(context(), plugin, choose, words, options);
  });
};
