/** A typed client over a daemon, through versions of a plugin that fit its contract and versions that do not. */
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { contract, method } from "../../protocol/contract.ts";
import { bind } from "../../src/client/bind/bind.ts";
import { DaemonProcess, table } from "../helpers/daemon.ts";
import { failure } from "../helpers/supervisor.ts";

const words = contract({
  name: "words",
  version: "1.0.0",
  methods: {
    echo: method({ params: z.object({ n: z.int() }), result: z.object({ n: z.int() }) }),
  },
});

/** The fixture plugin, which answers `echo` with its params, described as a version of its own. */
const version = (plugin: string, name: string, n: object, more: object[] = []): string =>
  table("one", {
    describe: JSON.stringify({
      protocol: 1,
      plugin: { name: "fixture", version: plugin },
      apis: [
        {
          name: "words",
          version: plugin,
          methods: [
            {
              name,
              params: { type: "object", properties: { n: { type: "integer" } } },
              result: { type: "object", properties: { n }, required: ["n"] },
            },
            ...more,
          ],
        },
      ],
    }),
  });

const fits = version("1.0.0", "echo", { type: "integer" });

test("a typed client compares its contract again with every version of the plugin", async () => {
  const daemon = new DaemonProcess(fits);
  const client = await daemon.up();
  onTestFinished(() => client.close());
  await using one = await bind(client, "one", words);
  const replacedBy = async (config: string): Promise<void> => {
    daemon.configure(config);
    await client.control("config.reload");
    await client.control("plugin.restart", { plugin: "one" });
  };

  expect(await one.echo({ n: 1 })).toEqual({ n: 1 });

  await replacedBy(version("1.1.0", "echo", { type: "integer" }, [{ name: "more" }]));
  expect(await one.echo({ n: 2 })).toEqual({ n: 2 });

  await replacedBy(version("1.2.0", "echo", { type: "string" }));
  const differs = await failure(one.echo({ n: 3 }));
  expect(differs).toMatchObject({ code: "contract_mismatch", settlement: "not_sent" });
  expect(differs.message).toContain("words.echo result at /n");

  await replacedBy(version("1.3.0", "ecko", { type: "integer" }));
  const renamed = await failure(one.echo({ n: 4 }));
  expect(renamed.message).toContain("ecko");

  await replacedBy(version("2.0.0", "echo", { type: "integer" }));
  expect(await failure(one.echo({ n: 5 }))).toMatchObject({ code: "incompatible_api" });

  await replacedBy(fits);
  const answers = await Promise.all([6, 7, 8].map((n) => one.echo({ n })));
  expect(answers).toEqual([{ n: 6 }, { n: 7 }, { n: 8 }]);
});
