import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { generateSchemas, schemaDirectory, staleSchemas } from "../../scripts/generate-schemas.ts";

test("protocol/schema is what would be generated now (else: node scripts/generate-schemas.ts)", () => {
  expect(staleSchemas()).toEqual([]);
});

test("generating is deterministic, and each file ends in a newline", () => {
  const first = generateSchemas();
  expect([...generateSchemas()]).toEqual([...first]);
  for (const content of first.values()) expect(content).toMatch(/[^\n]\n$/);
});

const schemaOf = (name: string) => JSON.parse(readFileSync(path.join(schemaDirectory, name), "utf8"));

test("files that people write may not have unknown members; messages may", () => {
  expect(schemaOf("plugin.toml.schema.json").additionalProperties).toBe(false);
  expect(schemaOf("bulkhead.toml.schema.json").additionalProperties).toBe(false);
  expect(schemaOf("initialize.result.schema.json").additionalProperties).not.toBe(false);
  expect(schemaOf("activate.params.schema.json").additionalProperties).not.toBe(false);
});

test("every message of protocol/README.md that has a shape of its own has a schema", () => {
  expect([...generateSchemas().keys()]).toEqual(
    expect.arrayContaining(["initialize.params.schema.json", "initialize.result.schema.json", "errors.json"]),
  );
});
