import { describe, expect, test } from "vitest";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const api = (name: string, method: string) => ({
  name,
  version: "1.0.0",
  methods: [{ name: method, params: { type: "object" }, result: {} }],
});

/** The fixture plugin, describing two apis; it answers to whatever follows the dot. */
const suite = (aliases: Record<string, string>) =>
  fixture(
    {
      describe: JSON.stringify({
        protocol: 1,
        plugin: { name: "suite", version: "1.0.0" },
        apis: [api("words", "echo"), api("lines", "crash")],
      }),
    },
    { aliases },
  );

describe("an alias", () => {
  test("is a name for one api of a plugin", async () => {
    const supervisor = await supervise({ suite: suite({ text: "words", rows: "lines" }) });
    expect(await supervisor.call("text/words.echo", { n: 1 })).toEqual({ n: 1 });
    expect(await supervisor.call("suite/words.echo", { n: 2 })).toEqual({ n: 2 });
    const error = await failure(supervisor.call("text/lines.crash", {}));
    expect(error).toMatchObject({ code: "method_not_found", settlement: "not_sent" });
    expect(supervisor.status("text")).toMatchObject({ id: "suite" });
  });

  test("shares its process: one crash is reported once, under the plugin's own name", async () => {
    const supervisor = await supervise({ suite: suite({ text: "words", rows: "lines" }) });
    await supervisor.wait("rows", "ready");
    const crashed = event(supervisor, "session.crash");
    const [lost, killed] = await Promise.all([
      failure(supervisor.call("text/words.hang", {})).catch(() => null),
      failure(supervisor.call("rows/lines.crash", {})),
    ]);
    expect(lost?.code).toBe("method_not_found");
    expect(killed).toMatchObject({ code: "plugin_crashed" });
    expect(await crashed).toMatchObject({ plugin: "suite", report: killed.report });
    expect(await supervisor.journal.crashes({})).toHaveLength(1);
  });

  test("describes its api alone", async () => {
    const supervisor = await supervise({ suite: suite({ text: "words" }) });
    const described = await supervisor.describe("text");
    expect(described.apis.map(({ name }) => name)).toEqual(["words"]);
    expect(described.agreed).toEqual([{ name: "words", version: "1.0.0" }]);
  });

  test("of an api that is not offered keeps the plugin from starting", async () => {
    const supervisor = await supervise({ suite: suite({ text: "sentences" }) });
    const error = await failure(supervisor.wait("suite", "ready"));
    expect(error).toMatchObject({ code: "incompatible_api" });
    expect(error.message).toContain("sentences");
  });

  test("never takes the name of a plugin", async () => {
    const plugins = { suite: suite({ one: "words" }), one: fixture({ tag: "one" }) };
    const error = await failure(supervise(plugins));
    expect(error).toMatchObject({ code: "invalid_config" });
    expect(error.message).toContain("plugins.suite.aliases.one: it is a name of one already");
  });

  test("that is misspelt is named in the error", async () => {
    const supervisor = await supervise({ suite: suite({ text: "words" }) });
    const error = await failure(supervisor.call("texx/words.echo", {}));
    expect(error.message).toContain("did you mean text?");
  });
});
