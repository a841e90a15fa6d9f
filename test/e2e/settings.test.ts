/** A plugin's own settings over a daemon and the command line: shown, changed in force and in their file, explained. */
import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Check, PluginSettings } from "../../protocol/control-results.ts";
import { DaemonProcess, table } from "../helpers/daemon.ts";
import { failure } from "../helpers/supervisor.ts";

const bin = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function cli(daemon: DaemonProcess, args: readonly string[], stdin = ""): Promise<Ran> {
  const env = { PATH: process.env["PATH"], HOME: daemon.directory, BULKHEAD_SOCKET: daemon.socket };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], { env }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
    child.stdin?.end(stdin);
  });
}

const config = JSON.stringify({
  type: "object",
  properties: {
    word: { type: "string", default: "hello", description: "What to say.\nTo whom." },
    count: { type: "integer", minimum: 1 },
    tone: { enum: ["loud", "soft"] },
    roots: { type: "array", items: { type: "string" } },
    token: { type: "string", minLength: 4, writeOnly: true },
  },
});
const live = { config, configure: "yes" };
const settingsFile = (daemon: DaemonProcess, plugin = "one"): string =>
  path.join(daemon.directory, "config", `${plugin}.toml`);

function writeSettings(daemon: DaemonProcess, text: string, plugin = "one"): void {
  mkdirSync(path.dirname(settingsFile(daemon)), { recursive: true });
  writeFileSync(settingsFile(daemon, plugin), text);
}

function of({ settings }: PluginSettings, key: string) {
  return settings.find((each) => each.key === key);
}

const exposed = async (daemon: DaemonProcess) => {
  const checked = await cli(daemon, ["config", "check", daemon.config, "--json"]);
  const { stdout } = await cli(daemon, ["--config", daemon.config, "doctor", "--json"]);
  const checks = JSON.parse(stdout) as Check[];
  const { warnings } = JSON.parse(checked.stdout) as { warnings: string[] };
  return { warnings, status: checked.status, doctor: checks.find(({ name }) => name === "settings") };
};
const daemonWithOpen = (text: string): DaemonProcess => {
  const daemon = new DaemonProcess(table("one", live));
  chmodSync(daemon.directory, 0o755);
  writeSettings(daemon, text);
  chmodSync(settingsFile(daemon), 0o644);
  return daemon;
};

describe("a secret in a file that everybody can read", () => {
  test("is warned of in one line, by its schema where that is known", async () => {
    const daemon = daemonWithOpen('token = "hunter2"\ncount = 2\n');
    const file = settingsFile(daemon);
    const guessed = `everybody can read ${file} (mode 644): it holds what looks like a secret, token of one`;
    expect(await exposed(daemon)).toMatchObject({
      status: 0,
      warnings: [guessed],
      doctor: { level: "warn", message: guessed, advice: `chmod 600 ${file}` },
    });
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
    const certain = `everybody can read ${file} (mode 644): it holds the secret token of one`;
    expect(await exposed(daemon)).toMatchObject({ warnings: [certain], doctor: { message: certain } });
    const { stderr } = await cli(daemon, ["config", "check", daemon.config]);
    expect(stderr).toContain(`warning: ${certain}; try: chmod 600 ${file}\n`);
    expect(stderr).not.toContain("hunter2");
  });

  test("is none behind a closed directory, in a closed file, or where nothing is secret", async () => {
    const daemon = daemonWithOpen('token = "hunter2"\n');
    const fine = { warnings: [], doctor: { level: "ok" } };
    chmodSync(daemon.directory, 0o700);
    expect(await exposed(daemon)).toMatchObject(fine);
    chmodSync(daemon.directory, 0o755);
    chmodSync(settingsFile(daemon), 0o640);
    expect(await exposed(daemon)).toMatchObject(fine);
    chmodSync(settingsFile(daemon), 0o644);
    writeSettings(daemon, "count = 2\n");
    expect(await exposed(daemon)).toMatchObject(fine);
  });
});

describe("the settings of a plugin", () => {
  test("are shown with type, value and place, and without secrets", async () => {
    const daemon = new DaemonProcess(table("one", live, 'config = { word = "hi" }'));
    writeSettings(daemon, '# mine\ntoken = "hunter2"\ncount = 2\n');
    const client = await daemon.up();
    const view = await client.control("plugin.settings", { plugin: "one" });
    expect(view).toMatchObject({
      plugin: "one",
      file: settingsFile(daemon),
      live: true,
      schema: JSON.parse(config),
    });
    expect(view.settings).toEqual([
      {
        key: "word",
        type: "string",
        value: "hi",
        origin: "bulkhead.toml:4",
        description: "What to say.\nTo whom.",
        required: false,
        default: "hello",
      },
      { key: "count", type: "integer", value: 2, origin: "config/one.toml:3", required: false },
      { key: "tone", type: "select", origin: "unset", choices: ["loud", "soft"], required: false },
      { key: "roots", type: "strings", origin: "unset", required: false },
      { key: "token", type: "secret", value: "(secret)", origin: "config/one.toml:2", required: false },
    ]);
    const { entries } = await client.control("config.show");
    expect(entries.find(({ key }) => key.endsWith(".count"))).toMatchObject({
      value: 2,
      origin: `${settingsFile(daemon)}:3`,
    });
    expect(JSON.stringify([view, entries])).not.toContain("hunter2");
    const { stdout } = await cli(daemon, ["config", "one"]);
    expect(stdout).toMatch(/^word +"hi" +bulkhead\.toml:4 +string +What to say\.$/m);
    expect(stdout).toMatch(/^token +\(secret\) +config\/one\.toml:2 +secret/m);
    client.close();
  });

  test("of a plugin that describes none are what it was given", async () => {
    const daemon = new DaemonProcess(table("one", {}, "config = { any = [1] }"));
    const client = await daemon.up();
    expect(await client.control("plugin.settings", { plugin: "one" })).toMatchObject({
      live: false,
      schema: null,
      settings: [{ key: "any", type: "other", value: [1], origin: "bulkhead.toml:4", required: false }],
    });
    client.close();
  });
});

const entriesWith = (word: string): string =>
  table("one", live) + table("two", live, `config = { word = "${word}" }`);

describe("a change", () => {
  test("is in force at once, in the file, and after a restart of the daemon", async () => {
    const daemon = new DaemonProcess(table("one", live) + table("two", live));
    writeSettings(daemon, "# mine\n# count = 1\n# the end\n");
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
    const before = await client.control("plugin.status", { plugin: "one" });
    const view = await client.control("plugin.configure", {
      plugin: "one",
      set: { count: 3, roots: ["a", "b"], token: "hunter2" },
    });
    expect(of(view, "count")).toMatchObject({ value: 3, origin: "config/one.toml:3" });
    expect(JSON.stringify(view)).not.toContain("hunter2");
    const text = '# mine\n# count = 1\ncount = 3\n# the end\nroots = ["a", "b"]\ntoken = "hunter2"\n';
    expect(readFileSync(settingsFile(daemon), "utf8")).toBe(text);
    expect(statSync(settingsFile(daemon)).mode & 0o777).toBe(0o600);
    expect(await client.control("plugin.status", { plugin: "one" })).toMatchObject({
      pid: before.pid,
      generation: before.generation,
    });
    const whole = { word: "hello", count: 3, roots: ["a", "b"], token: "hunter2" };
    expect(await client.call("one/fixture.config")).toEqual(whole);
    const { entries } = await client.control("config.show");
    expect(JSON.stringify(entries)).not.toContain("hunter2");
    client.close();
    await daemon.kill("SIGKILL");
    const again = await daemon.up();
    expect(await again.call("one/fixture.config")).toEqual(whole);
    const less = await again.control("plugin.configure", { plugin: "one", unset: ["count", "token"] });
    expect(of(less, "count")).toMatchObject({ origin: "unset" });
    expect(await again.call("one/fixture.config")).toEqual({ word: "hello", roots: ["a", "b"] });
    expect(readFileSync(settingsFile(daemon), "utf8")).toBe(
      '# mine\n# count = 1\n# the end\nroots = ["a", "b"]\n',
    );
    again.close();
  });

  test("brings nothing else along that was edited meanwhile", async () => {
    const daemon = new DaemonProcess(entriesWith("first"));
    const client = await daemon.up();
    daemon.configure(entriesWith("second"));
    await client.control("plugin.configure", { plugin: "one", set: { count: 3 } });
    expect(await client.call("two/fixture.config")).toMatchObject({ word: "first" });
    expect(await client.control("config.reload")).toMatchObject({ changed: ["two"] });
    expect(await client.call("two/fixture.config")).toMatchObject({ word: "second" });
    expect(await client.call("one/fixture.config")).toMatchObject({ count: 3 });
    client.close();
  });

  test.each<[what: string, modes: Record<string, string>]>([
    ["that takes it while it runs", { ...live, rejects: "rude" }],
    ["that is replaced", { config, rejects: "rude" }],
  ])("that is refused leaves everything as it was: a plugin %s", async (_what, modes) => {
    const daemon = new DaemonProcess(table("one", modes, 'config = { tone = "soft" }'));
    const text = 'word = "polite" # always\n';
    writeSettings(daemon, text);
    const client = await daemon.up();
    const { pid } = await client.control("plugin.wait", { plugin: "one", until: "ready" });
    const refusals: [set: Record<string, unknown>, message: string][] = [
      [{ word: "rude" }, "/word: not this one"],
      [{ count: 0 }, "count: found 0, must be a whole number, at least 1"],
      [{ wrod: "x" }, "wrod: unknown key; did you mean word?"],
      [{ token: "xyz" }, "token: does not fit"],
      [{ tone: "loud" }, "tone is set in bulkhead.toml:4: change it there"],
      [{ tone: null }, "tone is set in bulkhead.toml:4"],
    ];
    for (const [set, message] of refusals) {
      const error = await failure(client.control("plugin.configure", { plugin: "one", set }));
      expect(error.code).toBe("config_invalid");
      expect(error.message).toContain(message);
      expect(error.message).not.toContain("xyz");
    }
    const unset = await failure(client.control("plugin.configure", { plugin: "one", unset: ["wrod"] }));
    expect(unset).toMatchObject({ code: "config_invalid", message: "wrod is not set; did you mean word?" });
    expect(readFileSync(settingsFile(daemon), "utf8")).toBe(text);
    expect(await client.call("one/fixture.config")).toEqual({ word: "polite", tone: "soft" });
    expect(await client.control("plugin.status", { plugin: "one" })).toMatchObject({ state: "serving", pid });
    expect(of(await client.control("plugin.settings", { plugin: "one" }), "word")).toMatchObject({
      value: "polite",
    });
    client.close();
  });

  test("mends a plugin that could not start for want of it", async () => {
    const strict = JSON.stringify({
      properties: { token: { type: "string", writeOnly: true } },
      required: ["token"],
    });
    const daemon = new DaemonProcess(table("one", { config: strict }));
    const client = await daemon.up();
    const error = await failure(client.control("plugin.wait", { plugin: "one", until: "ready" }));
    expect(error).toMatchObject({ code: "config_invalid" });
    expect(error.message).toContain("token is missing, must be a string");
    expect(of(await client.control("plugin.settings", { plugin: "one" }), "token")).toMatchObject({
      type: "secret",
      required: true,
      origin: "unset",
    });
    const ran = await cli(daemon, ["config", "one", "set", "-"], '{"token": "hunter2"}');
    expect(ran.status).toBe(0);
    expect(ran.stdout + ran.stderr).not.toContain("hunter2");
    expect(await client.call("one/fixture.config")).toEqual({ token: "hunter2" });
    client.close();
  });

  test("by hand takes effect with a reload, in the running process", async () => {
    const daemon = new DaemonProcess(table("one", live));
    const client = await daemon.up();
    const { pid } = await client.control("plugin.wait", { plugin: "one", until: "ready" });
    writeSettings(daemon, "count = 7\n");
    expect(await client.control("config.reload")).toMatchObject({ changed: ["one"], errors: [] });
    expect(await client.call("one/fixture.config")).toMatchObject({ count: 7 });
    expect(await client.control("plugin.status", { plugin: "one" })).toMatchObject({ pid });
    writeSettings(daemon, "count = 0\n");
    const { errors } = await client.control("config.reload");
    expect(errors).toEqual([
      expect.stringContaining("one: the new configuration is refused: count: found 0"),
    ]);
    expect(await client.call("one/fixture.config")).toMatchObject({ count: 7 });
    client.close();
  });
});

describe("bulkhead config P", () => {
  test("sets words typed by the schema, and unsets", async () => {
    const daemon = new DaemonProcess(table("one", live) + table("show", live));
    const client = await daemon.up();
    const words = ["word=123", "count=4", "roots=a", "roots=b", "tone=soft"];
    const { status, stdout } = await cli(daemon, ["config", "one", "set", ...words]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^roots +\["a","b"\] +config\/one\.toml:3/m);
    expect(stdout).not.toMatch(/^token/m);
    const whole = { word: "123", count: 4, roots: ["a", "b"], tone: "soft" };
    expect(await client.call("one/fixture.config")).toEqual(whole);
    expect((await cli(daemon, ["config", "one", "unset", "word", "count"])).status).toBe(0);
    expect(await client.call("one/fixture.config")).toEqual({
      word: "hello",
      roots: ["a", "b"],
      tone: "soft",
    });
    const { stdout: json } = await cli(daemon, ["config", "one", "--json"]);
    expect(JSON.parse(json)).toEqual(await client.control("plugin.settings", { plugin: "one" }));
    expect((await cli(daemon, ["config", "--plugin", "show", "set", "count=5"])).status).toBe(0);
    expect(await client.call("show/fixture.config")).toMatchObject({ count: 5 });
    client.close();
  });

  test.each<[args: string[], status: number, message: string]>([
    [["one", "set", "count=many"], 2, 'count: found "many", must be a whole number, at least 1'],
    [["one", "set", "cuont=1"], 2, "cuont: unknown key; did you mean count?"],
    [["one", "set", "tone=shrill"], 2, 'tone: found "shrill", must be one of "loud", "soft"'],
    [["one", "set"], 2, "set needs key=value"],
    [["one", "unset"], 2, "unset needs the key"],
    [["one", "sett", "a=1"], 2, "one can not be told to sett: set, unset or template"],
    [["one", "--write"], 2, "--write belongs to template"],
    [["oen"], 4, "did you mean one?"],
    [["relod"], 4, "did you mean bulkhead config reload?"],
  ])("%j is refused by name", async (args, status, message) => {
    const { daemon } = await shared;
    const ran = await cli(daemon, ["config", ...args]);
    expect(ran.stderr).toContain(message);
    expect({ status: ran.status, stdout: ran.stdout }).toEqual({ status, stdout: "" });
  });

  test("completes plugins, verbs and keys", async () => {
    const { daemon } = await shared;
    const candidates = async (...words: string[]): Promise<string[]> =>
      (await cli(daemon, ["__complete", "--", "config", ...words])).stdout.trim().split("\n");
    expect(await candidates("")).toEqual(["show", "check", "reload", "one"]);
    expect(await candidates("one", "")).toEqual(["set", "unset", "template"]);
    expect(await candidates("one", "set", "count=1", "t")).toEqual(["tone=", "token="]);
    expect(await candidates("one", "unset", "w")).toEqual(["word"]);
  });

  test("prints a template, and writes it where there is none", async () => {
    const daemon = new DaemonProcess(table("one", live));
    const client = await daemon.up();
    const printed = await cli(daemon, ["config", "one", "template"]);
    expect(printed.stdout).toContain('# What to say.\n# To whom.\n# A string.\n# word = "hello"\n');
    expect(existsSync(settingsFile(daemon))).toBe(false);
    expect(await cli(daemon, ["config", "one", "template", "--write"])).toMatchObject({
      status: 0,
      stdout: "",
    });
    expect(readFileSync(settingsFile(daemon), "utf8")).toBe(printed.stdout);
    expect(statSync(settingsFile(daemon)).mode & 0o777).toBe(0o600);
    const again = await cli(daemon, ["config", "one", "template", "--write"]);
    expect(again.status).toBe(2);
    expect(again.stderr).toContain("is there already");
    await cli(daemon, ["config", "one", "set", "word=x", "token=hunter2"]);
    expect(readFileSync(settingsFile(daemon), "utf8")).toContain('# word = "hello"\nword = "x"\n');
    const { stdout } = await cli(daemon, ["config", "one", "template"]);
    expect(stdout).toContain('# A string.\nword = "x"\n');
    expect(stdout).not.toContain("hunter2");
    client.close();
  });
});

const shared = (async () => {
  const daemon = new DaemonProcess(table("one", live));
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
  client.close();
  return { daemon };
})();
