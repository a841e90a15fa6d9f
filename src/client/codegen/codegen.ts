/** A contract in TypeScript from what a plugin says of itself. */
import semver from "semver";
import type { Described } from "../../../protocol/caller.ts";
import type { Api, Description, JsonSchema, Method } from "../../../protocol/description.ts";
import { pluginId } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { nearest } from "../../../protocol/nearest.ts";
import { block, Identifiers, literal, quoted } from "./source-text.ts";
import { ZodSource } from "./zod-source.ts";

/**
 * The source of a module that exports a contract: what it gives is as strict as the plugin's own schemas.
 *
 * @param api The name of one of its apis; without one, all of them. Of versions: the one in force, otherwise the highest.
 * @throws {BulkheadError} `incompatible_api` when there is no such api
 */
export function contractSource(described: Description | Described, api?: string): string {
  const names = [...new Set(described.apis.map(({ name }) => name))];
  if (api !== undefined && !names.includes(api)) {
    const near = nearest(api, names);
    const hint = near === undefined ? `it offers ${names.join(", ") || "none"}` : `did you mean ${near}?`;
    throw BulkheadError.of("incompatible_api", `${described.plugin.name} offers no api ${api}: ${hint}`);
  }
  const imports = ["z", "bytes", "contract", "method", "stream", "jsonSchema"];
  const identifiers = new Identifiers(imports);
  const zod = new ZodSource(identifiers);
  const contracts = (api === undefined ? names : [api]).map((name) => {
    const version = versionOf(described, name);
    const offered = described.apis.find((each) => each.name === name && each.version === version);
    return offered === undefined ? "" : contractOf(offered, zod, identifiers);
  });
  const body = [...zod.declarations, ...contracts].join("\n\n");
  // Outside of strings only: a plugin may write there what it likes.
  const code = body.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const used = imports.slice(1).filter((name) => new RegExp(`\\b${name}[(<]`).test(code));
  const { name, version } = described.plugin;
  const isNamed = pluginId.safeParse(name).success && semver.valid(version) === version;
  return [
    `/** Written by \`bulkhead types\` from what ${isNamed ? `${name} ${version}` : "a plugin"} says of itself. */`,
    `import { ${used.sort().join(", ")} } from "bulkhead";`,
    ...(/\bz\./.test(code) ? ['import { z } from "zod";'] : []),
    "",
    body,
    "",
  ].join("\n");
}

function versionOf(described: Description | Described, name: string): string | undefined {
  const agreed = "agreed" in described ? described.agreed.find((each) => each.name === name) : undefined;
  const offered = described.apis.filter((each) => each.name === name).map(({ version }) => version);
  return agreed?.version ?? semver.rsort(offered)[0];
}

function contractOf(
  { name, version, methods, events, actions }: Api,
  zod: ZodSource,
  identifiers: Identifiers,
): string {
  const camel = name.replaceAll(/-+(.?)/g, (_, letter: string) => letter.toUpperCase());
  // JavaScript would take a client with such a method for a promise.
  const usable = methods.filter((each) => each.name !== "then");
  const kept = actions?.filter(({ method }) => method !== "then");
  const text = block([
    ["name", quoted(name)],
    ["version", quoted(version)],
    ["methods", block(usable.map((each) => [each.name, methodOf(each, zod)]))],
    ["events", events && block(events.map((each) => [each.name, zod.of(each.params ?? { type: "object" })]))],
    ["actions", kept && block(kept.map(({ id, ...action }) => [id, literal(action)]))],
  ]);
  return `export const ${identifiers.next(`${camel}Contract`)} = contract(${text});`;
}

function methodOf(method: Method, zod: ZodSource): string {
  const { description, params, result, progress, item, errors, idempotent } = method;
  const schema = (each: JsonSchema | undefined): string | undefined =>
    each === undefined ? undefined : zod.of(each);
  const text = block([
    ["description", description === undefined ? undefined : quoted(description)],
    ["params", params === undefined ? "z.looseObject({})" : zod.of(params)],
    ["item", item === undefined ? undefined : zod.of(item)],
    ["result", schema(result)],
    ["progress", schema(progress)],
    ["errors", errors && block(errors.map(({ code, ...rest }) => [code, literal(rest)]))],
    ["idempotent", idempotent === true ? "true" : undefined],
  ]);
  return `${item === undefined ? "method" : "stream"}(${text})`;
}
