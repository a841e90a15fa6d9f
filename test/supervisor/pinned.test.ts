import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { contract, method } from "../../protocol/contract.ts";
import type { Contract } from "../../protocol/contract.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { failure, fixture, supervise } from "../helpers/supervisor.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A file with the contract, as an entry names it. */
function pinned(name: string, pin: Contract): string {
  const file = path.join(directory, `${name}.json`);
  writeFileSync(file, JSON.stringify(pin.document()));
  return file;
}

const words = (result: z.ZodType, more = {}) =>
  contract({
    name: "words",
    version: "1.0.0",
    methods: { count: method({ params: z.object({ text: z.string() }), result }), ...more },
  });

/** Describes `words.count` and answers whatever it was asked. */
const plugin = (contracts: string[]) =>
  fixture(
    {
      describe: JSON.stringify({
        protocol: 1,
        plugin: { name: "fixture", version: "1.0.0" },
        apis: [
          {
            name: "words",
            version: "1.2.0",
            methods: [
              {
                name: "count",
                params: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
                result: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
              },
            ],
          },
        ],
      }),
    },
    { contracts },
  );

describe("a pinned contract", () => {
  test("that fits lets the plugin become ready", async () => {
    const file = pinned("fits", words(z.object({ n: z.number() })));
    const supervisor = await supervise({ one: plugin([file]) });
    expect(await supervisor.wait("one", "ready")).toMatchObject({ state: "serving" });
  });

  test("that does not fit keeps it from becoming ready, and says where and who has to change", async () => {
    const file = pinned("differs", words(z.object({ n: z.string() }), { sum: method({}) }));
    const supervisor = await supervise({ one: plugin([file]) });
    const error = await failure(supervisor.wait("one", "ready"));
    expect(error.code).toBe("contract_mismatch");
    expect(error.message).toContain("words.count result at /n");
    expect(error.message).toContain("words.sum");
    expect(error.message).toContain("change the plugin");
    expect(supervisor.status("one")).toMatchObject({ state: "failed", recentFailures: 0 });
  });

  test("for a version that is not in force says which one is", async () => {
    const newer = contract({ name: "words", version: "2.0.0", methods: {} });
    const supervisor = await supervise({ one: plugin([pinned("newer", newer)]) });
    const error = await failure(supervisor.wait("one", "ready"));
    expect(error).toMatchObject({ code: "incompatible_api" });
    expect(error.message).toContain("words ^2.0.0");
    expect(error.message).toContain("1.2.0 is in force");
  });

  test("that can not be read is a mistake of the configuration", async () => {
    await expect(supervise({ one: plugin([path.join(directory, "nowhere.json")]) })).rejects.toThrow(
      BulkheadError,
    );
    const file = path.join(directory, "list.json");
    writeFileSync(file, "[]");
    await expect(supervise({ one: plugin([file]) })).rejects.toThrow("no contract document");
  });
});
