/** Typed clients and a plugin of the TypeScript SDK, with bytes all the way: real processes. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { bytes, contract, method, stream } from "../../../protocol/contract.ts";
import { bind } from "../../../src/client/bind/bind.ts";
import type { TypedClient } from "../../../src/client/bind/typed.ts";
import type { Client } from "../../../src/client/client.ts";
import { contractSource } from "../../../src/client/codegen/codegen.ts";
import { Supervisor } from "../../../src/supervisor/supervisor.ts";
import { DaemonProcess } from "../../helpers/daemon.ts";
import { failure, supervise } from "../../helpers/supervisor.ts";

const image = contract({
  name: "image",
  version: "1.0.0",
  methods: {
    turn: method({ params: z.object({ image: bytes() }), result: bytes() }),
    pair: method({ params: z.object({ images: z.array(bytes()) }), result: z.record(z.string(), bytes()) }),
    /** The plugin says that it wants text. */
    text: method({ params: z.object({ image: bytes() }), result: z.string() }),
    kind: method({ params: z.object({ given: bytes() }), result: z.string() }),
    rows: stream({ params: z.object({ image: bytes() }), item: bytes(), result: bytes() }),
  },
});

const file = fileURLToPath(new URL("../../sdk/fixtures/image.ts", import.meta.url));
const plugins = { image: { command: process.execPath, args: [file] } };
const config = `[plugins.image]\ncommand = ${JSON.stringify(process.execPath)}\nargs = [${JSON.stringify(file)}]\n`;
const size = 16 * 1024 * 1024;

describe.each<[where: string, start: () => Promise<Supervisor | Client>]>([
  ["an embedded supervisor", () => Supervisor.open({ plugins })],
  ["a daemon", () => new DaemonProcess(config).up()],
])("a typed client of %s", (_where, start) => {
  let caller: Supervisor | Client;
  let client: TypedClient<typeof image>;
  beforeAll(async () => {
    caller = await start();
    client = await bind(caller, "image", image);
  });
  afterAll(() => caller.close());

  test("takes and gives bytes", async () => {
    const turned = await client.turn({ image: new Uint8Array([1, 2, 3]) });
    expect(turned).toStrictEqual(new Uint8Array([3, 2, 1]));
    expect(await client.turn({ image: new Uint8Array() })).toStrictEqual(new Uint8Array());
    expect(await client.pair({ images: [new Uint8Array([1]), Buffer.from("ab")] })).toStrictEqual({
      "no. 0": new Uint8Array([1]),
      "no. 1": new Uint8Array([97, 98]),
    });
    expect(await client.kind({ given: new Uint8Array(1) })).toBe("[object Uint8Array]");
  });

  test("takes and gives 16 MiB", async () => {
    const given = Buffer.alloc(size, "bulkhead");
    const expected = Buffer.from(given.toReversed());
    const turned = await client.turn({ image: given });
    expect(expected.equals(turned)).toBe(true);
  });

  test("reaches a method that wants text", async () => {
    expect(await client.text({ image: new Uint8Array([1]) })).toBe("AQ==");
  });

  test("takes items as text and the answer after them as data", async () => {
    const rows = client.rows({ image: new Uint8Array([1, 2]) });
    const seen: Uint8Array[] = [];
    for await (const row of rows) seen.push(row);
    expect(seen).toStrictEqual([new Uint8Array([1]), new Uint8Array([2])]);
    expect(await rows.result).toStrictEqual(new Uint8Array([2, 1]));
  });

  test("is what the plugin's description is turned into", async () => {
    const source = contractSource(await caller.describe("image"));
    expect(source).toContain("image: bytes(),");
    expect(source).toContain("item: bytes(),");
  });
});

test("without bulk, bytes are base64 text in both directions", async () => {
  const supervisor = await supervise(plugins);
  expect(await supervisor.call("image/image.turn", { image: "AQID" })).toBe("AwIB");
  expect(await supervisor.call("image/image.kind", { given: "AQID" })).toBe("[object String]");
  expect(await failure(supervisor.call("image/image.turn", { image: "AQI" }))).toMatchObject({
    code: "invalid_params",
  });
});
