import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BulkheadError } from "../../../protocol/error.ts";
import { formatProblem, loadConfig } from "../../../src/io/config/config.ts";
import { settingsFileOf, stageSettings } from "../../../src/io/config/settings-file.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "bulkhead settings ü "));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, content: string): string {
  const file = path.join(dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

async function load(toml: string) {
  const result = await loadConfig(write("bulkhead.toml", toml), { env: {}, platform: "linux" });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.config;
}

const short = (text: string): string => text.replaceAll(`${dir}/`, "");

describe("the settings of a plugin", () => {
  test("come from its entry and from its own file, each with its place", async () => {
    const own = write("config/p.toml", "# mine\nbpm = 90\nwhen = 1979-05-27\n");
    const { plugins, origins, files } = await load(
      '[plugins.p]\ncommand = "x"\nconfig = { sound = "bell" }\n',
    );
    expect(plugins[0]?.config).toEqual({ sound: "bell", bpm: 90, when: "1979-05-27" });
    const places = origins
      .filter(({ key }) => key.includes(".config."))
      .map((each) => [each.key, short(each.origin)]);
    expect(places).toEqual([
      ["plugins.p.config.sound", "bulkhead.toml:3"],
      ["plugins.p.config.bpm", "config/p.toml:2"],
      ["plugins.p.config.when", "config/p.toml:3"],
    ]);
    expect(files).toContain(own);
  });

  test("of a manifest stand beside bulkhead.toml all the same", async () => {
    write("plugins/p/plugin.toml", 'command = "x"\n[config]\na = 1\n');
    write("config/p.toml", "b = 2\n");
    write("plugins/p/config/p.toml", "c = 3\n");
    const { plugins } = await load('plugin_dirs = ["plugins"]');
    expect(plugins[0]?.config).toEqual({ a: 1, b: 2 });
  });

  test.each<[what: string, content: string, problem: string | RegExp]>([
    [
      "in both places",
      "b = 1\na = 2\n",
      "config/p.toml:2: a: is set in bulkhead.toml:3 as well; keep it in one place",
    ],
    ["no TOML", "a = \n", /^config\/p\.toml:1:\d+: is not valid TOML/],
    ["what JSON can not say", "x = nan\n", /^config\/p\.toml:1: x: found NaN/],
  ])("%s cost this plugin and no other", async (_what, content, problem) => {
    write("config/p.toml", content);
    const { plugins, broken } = await load(
      '[plugins.p]\ncommand = "x"\nconfig = { a = 1 }\n[plugins.q]\ncommand = "x"\n',
    );
    expect(plugins.map(({ id }) => id)).toEqual(["q"]);
    const told = broken.flatMap(({ problems }) => problems.map((each) => short(formatProblem(each))));
    expect(told).toEqual([typeof problem === "string" ? problem : expect.stringMatching(problem)]);
  });

  test("are not looked for under a name that is none", async () => {
    write("outside.toml", "a = \n");
    const { broken } = await load('[plugins."../outside"]\ncommand = "x"\n');
    expect(broken[0]?.problems.map(({ file }) => path.basename(file))).toEqual(["bulkhead.toml"]);
  });
});

const refused = async (doing: Promise<unknown>): Promise<string> => {
  const error = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BulkheadError);
  return error instanceof BulkheadError ? `${error.code}: ${short(error.message)}` : "";
};
const bpm = { set: { bpm: 90 }, unset: [] };

const file = (): string => settingsFileOf(path.join(dir, "bulkhead.toml"), "p");

describe("a change of the file", () => {
  test("is seen when it is committed, for nobody else's eyes", async () => {
    const staged = await stageSettings(file(), bpm);
    expect(existsSync(file())).toBe(false);
    await staged.commit();
    expect(readFileSync(file(), "utf8")).toBe("bpm = 90\n");
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file())).mode & 0o777).toBe(0o700);
    expect(readdirSync(path.dirname(file()))).toEqual(["p.toml"]);
  });

  test("leaves nothing behind when it is not", async () => {
    write("config/p.toml", "bpm = 120\n");
    const staged = await stageSettings(file(), bpm);
    await staged.discard();
    expect(readdirSync(path.dirname(file()))).toEqual(["p.toml"]);
    expect(readFileSync(file(), "utf8")).toBe("bpm = 120\n");
  });

  test("does not overwrite what somebody wrote meanwhile", async () => {
    write("config/p.toml", "bpm = 120\n");
    const staged = await stageSettings(file(), bpm);
    write("config/p.toml", "bpm = 60 # by hand\n");
    expect(await refused(staged.commit())).toContain("was changed by somebody else just now");
    expect(readFileSync(file(), "utf8")).toBe("bpm = 60 # by hand\n");
    expect(readdirSync(path.dirname(file()))).toEqual(["p.toml"]);
  });

  test("goes through a symbolic link", async () => {
    const real = write("dotfiles/p.toml", "bpm = 120\n");
    mkdirSync(path.dirname(file()));
    symlinkSync(real, file());
    await (await stageSettings(file(), bpm)).commit();
    expect(lstatSync(file()).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, "utf8")).toBe("bpm = 90\n");
  });

  test("goes through a symbolic link to a file that is not there yet", async () => {
    const real = path.join(path.dirname(path.dirname(file())), "dotfiles", "p.toml");
    mkdirSync(path.dirname(file()));
    symlinkSync("../dotfiles/p.toml", file());
    await (await stageSettings(file(), bpm)).commit();
    expect(lstatSync(file()).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, "utf8")).toBe("bpm = 90\n");
  });

  test.each<[what: string, content: string, change: object, message: string]>([
    ["a file that is no TOML", "a = \n", bpm, "config/p.toml:1"],
    ["a table", "[bpm]\n", bpm, "bpm is written as a table; edit the file by hand"],
    ["null", "", { set: { bpm: null }, unset: [] }, "TOML has no null"],
    [
      "a key that is none",
      "",
      { set: JSON.parse('{"__proto__": 1}'), unset: [] },
      "can not be changed safely",
    ],
  ])("is refused for %s, and the file stays", async (_what, content, change, message) => {
    write("config/p.toml", content);
    expect(await refused(stageSettings(file(), { ...bpm, ...change }))).toContain(message);
    expect(readFileSync(file(), "utf8")).toBe(content);
    expect(readdirSync(path.dirname(file()))).toEqual(["p.toml"]);
  });

  test.skipIf(process.getuid?.() === 0)("is refused where it can not be written", async () => {
    write("config/p.toml", "");
    chmodSync(path.dirname(file()), 0o500);
    expect(await refused(stageSettings(file(), bpm))).toContain("can not be written: permission denied");
    chmodSync(path.dirname(file()), 0o700);
  });
});
