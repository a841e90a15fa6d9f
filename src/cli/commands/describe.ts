import type { Described } from "../../../protocol/caller.ts";
import type { Api, Description } from "../../../protocol/description.ts";
import { about, examples } from "../context.ts";
import type { Define } from "../context.ts";
import type { Paint } from "../../text/columns.ts";
import type { Output } from "../output.ts";
import { terminalLine } from "../../text/sanitize.ts";
import { members, signature } from "../../text/signature.ts";

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead describe min", "its methods with their parameters"],
    ["bulkhead describe min --json", "everything it says of itself, JSON Schemas included"],
  ])
    .argument("<plugin>")
    .action(async (plugin: string) => {
      const open = context();
      const description = await about(open, plugin, (daemon) =>
        daemon.control("plugin.describe", { plugin }),
      );
      if (open.out.json) open.out.value(description);
      else for (const line of describeLines(plugin, description, open.out)) open.out.line(line);
    });
};

export function describeLines(
  plugin: string,
  description: Description & Partial<Pick<Described, "agreed">>,
  { style }: Pick<Output, "style">,
): string[] {
  const { plugin: own, build, apis, needs, exclusive, agreed } = description;
  const facts = [
    build?.language,
    build?.compiler,
    build?.profile,
    build?.target,
    `protocol ${description.protocol}`,
    ...(exclusive === true ? ["exclusive"] : []),
  ].filter((fact) => fact !== undefined);
  const lines = [
    `${style("bold", terminalLine(own.name))} ${terminalLine(own.version)}  ${style("dim", terminalLine(facts.join(", ")))}`,
    ...(needs ?? []).map(
      ({ service, range, optional }) =>
        `${optional === true ? "can use" : "needs"} ${terminalLine(service)} ${terminalLine(range)}`,
    ),
    ...(description.config === undefined
      ? []
      : [`config (${members(description.config)}): see bulkhead config ${plugin}`]),
  ];
  for (const api of apis) {
    const isInForce = agreed?.some(({ name, version }) => name === api.name && version === api.version);
    const idle = isInForce === false ? `  ${style("dim", "not in force")}` : "";
    lines.push("", `${style("bold", terminalLine(api.name))} ${terminalLine(api.version)}${idle}`);
    lines.push(...apiLines(plugin, api, style));
  }
  return lines;
}

function apiLines(plugin: string, api: Api, style: Paint): string[] {
  const about = (text: string | undefined): string[] =>
    text === undefined ? [] : [`      ${style("dim", terminalLine(text))}`];
  const methods = api.methods.flatMap((method) => {
    const notes = [
      ...(method.idempotent === true ? ["idempotent"] : []),
      ...(method.item === undefined ? [] : ["stream"]),
      ...(method.progress === undefined ? [] : ["reports progress"]),
    ];
    return [
      `  ${terminalLine(`${plugin}.${api.name}.${method.name}${signature(method)}`)}${notes.length === 0 ? "" : `  ${style("dim", notes.join(", "))}`}`,
      ...about(method.description),
    ];
  });
  const events = (api.events ?? []).flatMap(({ name, params, description }) => [
    `  wants the event ${terminalLine(`${api.name}.${name}(${members(params)})`)}`,
    ...about(description),
  ]);
  const actions = (api.actions ?? []).flatMap(({ id, method, key, description }) => [
    `  action ${terminalLine(`${id}: ${api.name}.${method}`)}${key === undefined ? "" : `  ${style("dim", `key ${terminalLine(key)}`)}`}`,
    ...about(description),
  ]);
  return [...methods, ...events, ...actions];
}
