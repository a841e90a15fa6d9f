import { documentOfApi } from "../../../protocol/contract.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { Described } from "../../../protocol/caller.ts";
import type { Api } from "../../../protocol/description.ts";
import { about, examples } from "../context.ts";
import type { Define } from "../context.ts";

interface Options {
  readonly api?: string;
  readonly document?: boolean;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead types wordcount > wordcount.ts", "TypeScript contracts to bind with"],
    ["bulkhead types todo-scan --api todo", "of one api, where a plugin offers several"],
    [
      "bulkhead types wordcount --document > text.json",
      'as JSON, for contracts = ["text.json"] of its entry',
    ],
  ])
    .argument("<plugin>")
    .option("--api <api>", "of this api only")
    .option("--document", "one api as a contract document (JSON) instead of TypeScript")
    .addHelpText(
      "after",
      "\nThe plugin need not run: its description is kept for as long as its executable is the same.",
    )
    .action(async (plugin: string, { api, document }: Options) => {
      const open = context();
      const { out } = open;
      const described = await about(open, plugin, (daemon) => daemon.describe(plugin));
      if (document === true || out.json) {
        out.value(documentOfApi(chosen(plugin, described, api)));
        return;
      }
      const { contractSource } = await import("../../client/codegen/codegen.ts");
      out.line(contractSource(described, api).trimEnd());
    });
};

/** The version in force of the api that is meant. */
function chosen(plugin: string, { apis, agreed }: Described, name: string | undefined): Api {
  const inForce = apis.filter((api) =>
    agreed.some((each) => each.name === api.name && each.version === api.version),
  );
  const meant = name === undefined ? inForce : inForce.filter((each) => each.name === name);
  const [only, ...others] = meant;
  if (only !== undefined && others.length === 0) return only;
  const names = inForce.map((each) => each.name).join(", ") || "none";
  throw BulkheadError.of("usage", `choose one api of ${plugin} with --api: ${names}`);
}
