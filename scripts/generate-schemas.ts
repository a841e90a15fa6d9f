/**
 * Writes protocol/schema/ and protocol/ERRORS.md from the zod schemas and the error table, for whoever is not writing
 * TypeScript.
 *
 *   node scripts/generate-schemas.ts            writes what has changed
 *   node scripts/generate-schemas.ts --check    only says what is stale, and exits 1 if anything is
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { configFileSchema, pluginEntry } from "../protocol/config.ts";
import { callBounds, control } from "../protocol/control.ts";
import { errors, handshakeCodes, reserved } from "../protocol/error.ts";
import type { ErrorEntry } from "../protocol/error.ts";
import * as messages from "../protocol/plugin.ts";

export const schemaDirectory = path.join(import.meta.dirname, "../protocol/schema");
/** Beside the directory, because people read it. */
const errorsPage = "../ERRORS.md";

/** File names and contents: the same for the same sources. */
export function generateSchemas(): ReadonlyMap<string, string> {
  const schemas: Readonly<Record<string, readonly [title: string, schema: z.ZodType]>> = {
    "initialize.params": ["Params of `initialize`, supervisor to plugin", messages.initializeParams],
    "initialize.result": ["Result of `initialize`: what a plugin says of itself", messages.initializeResult],
    "activate.params": ["Params of `activate`, supervisor to plugin", messages.activateParams],
    "configure.params": ["Params of `configure`, supervisor to plugin", messages.configureParams],
    "item.params": ["Params of `$/item`", messages.itemParams],
    "credit.params": ["Params of `$/credit`", messages.creditParams],
    "shutdown.params": ["Params of `shutdown`, supervisor to plugin", messages.shutdownParams],
    "progress.value": ["Value of `$/progress`, unless the method describes another", messages.progressValue],
    "call.context": ["`ctx`, a member of a request", messages.callContext],
    "incompatible-protocol.data": [
      `Data of the error ${handshakeCodes.incompatibleProtocol}`,
      messages.incompatibleProtocolData,
    ],
    "config-invalid.data": [`Data of the error ${handshakeCodes.configInvalid}`, messages.configInvalidData],
    "bulkhead.toml": ["bulkhead.toml", configFileSchema],
    "plugin.toml": ["plugin.toml, the manifest of a plugin in one of `plugin_dirs`", pluginEntry],
  };
  const files = Object.entries(schemas).map(([name, [title, schema]]) => {
    const { $schema, ...rest } = jsonSchema(schema);
    return [`${name}.schema.json`, { $schema, title, ...rest }] as const;
  });
  const daemonMethods = { ...control, "ctx of a call": callBounds };
  const controlSchema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Params of the control socket's methods, by method",
    $defs: Object.fromEntries(
      Object.entries<z.ZodType>(daemonMethods).map(([method, params]) => {
        const { $schema: _, ...rest } = jsonSchema(params);
        return [method, rest];
      }),
    ),
  };
  const contents: readonly (readonly [string, unknown])[] = [
    ...files,
    ["control.schema.json", controlSchema],
    ["errors.json", { reserved, handshake: handshakeCodes, errors }],
  ];
  const pages = contents.map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`] as const);
  return new Map([...pages, [errorsPage, errorsAsMarkdown()]]);
}

/** The error table for people. */
function errorsAsMarkdown(): string {
  const rows = Object.entries<ErrorEntry>(errors).map(
    ([code, { number, fault, retryable, cause, hint }]) =>
      `| \`${code}\` | ${number} | ${fault} | ${retryable ? "yes" : "no"} | ${cell(cause)} | ${cell(hint)} |`,
  );
  return `# Errors

Every error that a user can meet. Match on the code, never on the message. *Fault* is who has to change something;
*retry* says whether the same call may succeed later with nothing changed. \`P\` stands for the plugin's name. In programs:
\`BulkheadError\`, with \`code\`, \`settlement\`, \`report\` and \`hint\`; as data: [schema/errors.json](schema/errors.json).

Generated from [error-table.ts](error-table.ts) by \`node scripts/generate-schemas.ts\`.

| code | number | fault | retry | cause | cure |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** As a reader should take it: members that it does not know are allowed, except in files that people write. */
function jsonSchema(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
}

/** Names of files that are missing, differ from what would be generated, or are generated no more. */
export function staleSchemas(): string[] {
  const wanted = generateSchemas();
  const present = new Map(
    filesIn(schemaDirectory).map((name) => [name, readFileSync(path.join(schemaDirectory, name), "utf8")]),
  );
  return [...new Set([...wanted.keys(), ...present.keys()])]
    .filter((name) => wanted.get(name) !== present.get(name))
    .sort();
}

function filesIn(directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  return [...readdirSync(directory), ...(existsSync(path.join(directory, errorsPage)) ? [errorsPage] : [])];
}

function main(): void {
  const stale = staleSchemas();
  if (process.argv.includes("--check")) {
    if (stale.length === 0) return;
    process.stderr.write(
      `Stale in protocol/schema: ${stale.join(", ")}\nWrite them anew: node scripts/generate-schemas.ts\n`,
    );
    process.exitCode = 1;
    return;
  }
  const wanted = generateSchemas();
  for (const name of stale) {
    const file = path.join(schemaDirectory, name);
    const content = wanted.get(name);
    if (content === undefined) rmSync(file);
    else writeFileSync(file, content);
    process.stdout.write(`${content === undefined ? "removed" : "wrote"} protocol/schema/${name}\n`);
  }
}

if (import.meta.main) main();
