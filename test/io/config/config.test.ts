import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaults, noTrust, pluginEntry } from "../../../protocol/config.ts";
import {
  daemonDefaults,
  formatProblem,
  loadConfig,
  sameSpec,
  specFrom,
} from "../../../src/io/config/config.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "bulkhead config ü "));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array, mode = 0o644): string {
  const file = path.join(dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content, { mode });
  return file;
}

const linux = { platform: "linux", env: {} } as const;

async function load(toml: string, options: { env?: NodeJS.ProcessEnv; platform?: NodeJS.Platform } = {}) {
  const result = await loadConfig(write("bulkhead.toml", toml), { ...linux, ...options });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.config;
}

async function refusal(toml: string | Uint8Array): Promise<string[]> {
  const result = await loadConfig(write("bulkhead.toml", toml), linux);
  if (result.ok) throw new Error("accepted");
  return result.problems.map((problem) => formatProblem(problem).replace(`${dir}/`, ""));
}

/** The problems of the one plugin `p` that the text describes. */
async function problemsOf(toml: string): Promise<string[]> {
  const { broken, plugins } = await load(toml);
  expect(plugins).toEqual([]);
  return broken.flatMap(({ problems }) => problems.map((each) => formatProblem(each).replace(`${dir}/`, "")));
}

describe("a sound file", () => {
  test("gives complete specifications, sorted by id", async () => {
    const { plugins, broken, problems, daemon } = await load(`
[plugins.zeta]
command = "bin/zeta"
[plugins.alpha]
command = "./alpha"
args = ["--fast"]
cwd = "."
apis = { text = "^1.0.0", min = ">=2" }
start = "lazy"
idle_stop = "10m"
sha256 = "${"AB".repeat(32)}"
config = { roots = ["x"], when = 1979-05-27 }
services = ["host.log", "todo"]
calls = ["zeta"]
validate = "relay"
aliases = { words = "text", lines = "rows" }
watch = true
restart = { when = "always", min_delay = "1s", max_failures = 0 }
timeouts = { handshake = "1.5s", total = "2h" }
limits = { in_flight = 2, frame = "2MiB", memory = 4096, cpu = "1500ms", core = 0 }
[daemon]
keep = "7d"
log_level = "debug"
`);
    expect({ broken, problems }).toEqual({ broken: [], problems: [] });
    expect(daemon).toEqual({ ...daemonDefaults, keepMs: 7 * 86_400_000, logLevel: "debug" });
    expect(plugins).toEqual([
      {
        id: "alpha",
        command: path.join(dir, "alpha"),
        args: ["--fast"],
        cwd: dir,
        env: {},
        apis: [
          { name: "min", range: ">=2" },
          { name: "rows", range: "*" },
          { name: "text", range: "^1.0.0" },
        ],
        start: "lazy",
        idleStopMs: 600_000,
        sha256: "ab".repeat(32),
        trust: noTrust,
        sandbox: { mode: "none" },
        config: { roots: ["x"], when: "1979-05-27" },
        services: ["host.call", "host.log", "todo"],
        calls: ["zeta"],
        contracts: [],
        validate: "relay",
        quarantine: true,
        aliases: { words: "text", lines: "rows" },
        watch: true,
        restart: { ...defaults.restart, when: "always", minDelayMs: 1000, maxFailures: 0 },
        timeouts: { ...defaults.timeouts, handshakeMs: 1500, totalMs: 7_200_000 },
        limits: {
          ...defaults.limits,
          inFlight: 2,
          frameBytes: 2 * 1024 ** 2,
          process: { memory: 4096, cpu: 2, core: 0 },
        },
      },
      {
        id: "zeta",
        command: path.join(dir, "bin/zeta"),
        args: [],
        cwd: dir,
        env: {},
        apis: [],
        start: "auto",
        ...rest,
      },
    ]);
  });

  const rest = {
    idleStopMs: undefined,
    sha256: undefined,
    trust: noTrust,
    sandbox: { mode: "none" },
    config: {},
    services: [],
    calls: [],
    contracts: [],
    validate: "edges",
    quarantine: true,
    aliases: {},
    watch: false,
    ...defaults,
  };

  test("may be empty, begin with a byte order mark, or not exist at all", async () => {
    expect((await load("")).plugins).toEqual([]);
    expect((await load('\uFEFF[plugins.p]\ncommand = "p"')).plugins).toHaveLength(1);
    expect(await loadConfig(null, linux)).toMatchObject({
      ok: true,
      config: { file: null, plugins: [], daemon: daemonDefaults, files: [] },
    });
  });
});

describe("a file that is made to be hard to read", () => {
  const mebibyte = 1024 ** 2;
  const head = '[plugins.p]\ncommand = "p"\n';
  const good = '[plugins.good]\ncommand = "g"\n';

  test.each([
    ["a key of half a million parts", `a${".a".repeat(mebibyte / 2 - 10)} = 1`],
    [
      "tables within tables in each line",
      Array.from({ length: 100 }, (_, i) => `[k${i}${".a".repeat(3000)}]`).join("\n"),
    ],
  ])("%s is refused as too deep", async (_what, toml) => {
    expect(await refusal(toml)).toEqual(["bulkhead.toml: is nested deeper than 90 levels"]);
  });

  test("a key of 300 KB above 50,000 others is read", async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `k${i} = 1`);
    const problems = await problemsOf(`[plugins.p.${"k".repeat(300_000)}]\n${lines.join("\n")}`);
    expect(problems.join("").length).toBeLessThan(5000);
  });

  test.each([
    ["arguments", `args = [${"1,".repeat(400_000)}]`],
    ["numbers", `config = { a = [${"inf,".repeat(200_000)}] }`],
    ["keys", Array.from({ length: 60_000 }, (_, i) => `k${i} = 1`).join("\n")],
  ])("tens of thousands of wrong %s, or more, are told by the first twenty", async (_what, wrong) => {
    const { plugins, broken } = await load(`${good}${head}${wrong}`);
    expect(plugins.map(({ id }) => id)).toEqual(["good"]);
    expect(broken[0]?.problems).toHaveLength(21);
    expect(broken[0]?.problems.map(formatProblem).at(-1)).toMatch(/: \d+ more mistakes are not shown$/);
  });

  test("a name of a megabyte is told by its beginning", async () => {
    const { broken } = await load(`[plugins.${"P".repeat(900_000)}]\ncommand = "p"`);
    expect(broken[0]?.problems.map((each) => formatProblem(each).length)).toEqual([expect.closeTo(300, -3)]);
  });
});

test("an alias that is taken is named with its place, and ignored", async () => {
  const { plugins, problems } = await load(`
[plugins.one]
command = "a"
aliases = { two = "text", words = "text" }
[plugins.three]
command = "a"
aliases = { words = "rows" }
[plugins.two]
command = "a"
`);
  expect(plugins.map(({ id }) => id)).toEqual(["one", "three", "two"]);
  expect(problems.map(formatProblem)).toEqual([
    expect.stringMatching(/:4:.*aliases\.two.*ignored: two is a name of two already/),
    expect.stringMatching(/:7:.*aliases\.words.*ignored: words is a name of one already/),
  ]);
});

describe("the command", () => {
  test("a bare name is the file beside the configuration, else what the PATH has", async () => {
    write("here", "#!/bin/sh\n", 0o755);
    write("both", "", 0o644);
    write("bin/both", "#!/bin/sh\n", 0o755);
    write("bin/there", "#!/bin/sh\n", 0o755);
    write("bin/plain", "", 0o644);
    mkdirSync(path.join(dir, "there"));
    const names = ["here", "both", "there", "plain", "nowhere", "bin/there"];
    const toml = names.map((name, index) => `[plugins.p${index}]\ncommand = "${name}"`).join("\n");
    const { plugins } = await load(toml, { env: { PATH: `relative:${path.join(dir, "bin")}` } });
    expect(plugins.map((each) => path.relative(dir, each.command))).toEqual([
      "here",
      "both",
      "bin/there",
      "plain",
      "nowhere",
      "bin/there",
    ]);
  });

  test("that no file can be called is left to the start to refuse", async () => {
    const names = ["x".repeat(5000), "loop"];
    symlinkSync(path.join(dir, "loop"), path.join(dir, "loop"));
    const toml = names.map((name, index) => `[plugins.p${index}]\ncommand = "${name}"`).join("\n");
    const { plugins, broken } = await load(toml, { env: { PATH: dir } });
    expect({ count: plugins.length, broken }).toEqual({ count: 2, broken: [] });
  });

  test("is the platform's own where they differ", async () => {
    const toml = '[plugins.p]\ncommand = { linux = "/l/p", darwin = "/d/p" }';
    expect((await load(toml, { platform: "darwin" })).plugins[0]?.command).toBe("/d/p");
    const { broken } = await load(toml, { platform: "win32" });
    expect(broken[0]?.problems).toEqual([
      expect.objectContaining({
        line: 2,
        key: "plugins.p.command",
        message: "names no executable for this platform (win32); given: linux, darwin",
      }),
    ]);
  });

  test("a tilde is not expanded", async () => {
    const { plugins } = await load('[plugins.p]\ncommand = "~/p"');
    expect(plugins[0]?.command).toBe(path.join(dir, "~/p"));
  });
});

test("only named variables of the daemon's environment reach a plugin", async () => {
  const { plugins } = await load(
    '[plugins.p]\ncommand = "p"\npass_env = ["TOKEN", "ABSENT"]\nenv = { TZ = "UTC", MODE = "x" }',
    {
      env: {
        PATH: "/bin",
        HOME: "/h",
        TZ: "CET",
        TOKEN: "t",
        AWS_SECRET_ACCESS_KEY: "s",
        LD_PRELOAD: "evil.so",
      },
    },
  );
  expect(plugins[0]?.env).toEqual({ PATH: "/bin", HOME: "/h", TZ: "UTC", TOKEN: "t", MODE: "x" });
});

async function read(file: string): Promise<string[]> {
  const result = await loadConfig(file, linux);
  return result.ok ? [] : result.problems.map(formatProblem);
}

describe("a file that changes nothing", () => {
  test.each([
    ["a syntax error", "a = 1\nb = = 2", [/^bulkhead\.toml:2:5: is not valid TOML: /]],
    [
      "an unknown section",
      "[demon]\nkeep = '1d'",
      [/:1: demon: unknown key; did you mean daemon\? allowed: plugin_dirs, daemon, trust, plugins$/],
    ],
    [
      "a wrong daemon option",
      "[daemon]\nlog_files = 500",
      [/:2: daemon\.log_files: found 500, must be a whole number from 1 to 100$/],
    ],
    ["plugins that are no table", "plugins = 3", [/:1: plugins: found 3, must be a table$/]],
    [
      "a wrong plugin directory",
      "plugin_dirs = [\n 'a',\n 7]",
      [/:3: plugin_dirs\[1\]: found 7, must be a string that is not empty$/],
    ],
    [
      "two mistakes",
      "plugin_dirs = 1\n[daemon]\nkeep = 5",
      [
        /:1: plugin_dirs: found 1, must be an array$/,
        /:3: daemon\.keep: found 5, must be a duration such as /,
      ],
    ],
  ])("%s", async (_, toml, expected) => {
    const problems = await refusal(toml);
    expect(problems).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  test("is not there, is a directory, is not text, or is huge", async () => {
    expect(await read(path.join(dir, "no.toml"))).toEqual([
      `${dir}/no.toml: cannot be read: there is no such file`,
    ]);
    expect(await read(dir)).toEqual([`${dir}: cannot be read: it is a directory, not a file`]);
    expect(await refusal(Buffer.from([0x61, 0xff]))).toEqual(["bulkhead.toml: must be UTF-8 text"]);
    expect(await refusal(`# ${"x".repeat(1024 ** 2)}`)).toEqual([
      "bulkhead.toml: is too large: larger than 1 MiB",
    ]);
  });

  test("is a device without an end, or a pipe that nobody writes to", async () => {
    const endless = path.join(dir, "zero.toml");
    symlinkSync("/dev/zero", endless);
    expect(await read(endless)).toEqual([`${endless}: cannot be read: it is a device, not a file`]);
    const pipe = path.join(dir, "pipe.toml");
    execFileSync("mkfifo", [pipe]);
    expect(await read(pipe)).toEqual([`${pipe}: cannot be read: it is a named pipe, not a file`]);
  });

  test("has the largest size that is allowed", async () => {
    expect((await load(`#${"x".repeat(1024 ** 2 - 1)}`)).plugins).toEqual([]);
  });
});

describe("one bad entry fails that plugin only", () => {
  test("and the others are as they would be without it", async () => {
    const { plugins, broken } = await load('[plugins.bad]\ncommand = 5\n[plugins.good]\ncommand = "g"');
    expect(plugins.map(({ id }) => id)).toEqual(["good"]);
    expect(broken.map(({ id }) => id)).toEqual(["bad"]);
  });

  const jitterLine = "bulkhead.toml:3: plugins.p.restart.jitter: found 3, must be a number from 0 to 1";
  test.each([
    [
      "no command",
      "[plugins.p]",
      [
        'bulkhead.toml:1: plugins.p.command: is missing, must be the path of an executable, or a table of one for each platform: { linux = "…" }',
      ],
    ],
    ["dotted key", '[plugins]\np.command = "x"\np.restart.jitter = 3', [jitterLine]],
    ["inline table", '[plugins.p]\ncommand = "x"\nrestart = { jitter = 3 }', [jitterLine]],
    ["quoted key", '[plugins."p"]\ncommand = "x"\n"restart".\'jitter\' = 3', [jitterLine]],
    [
      "unknown key",
      '[plugins.p]\ncomand = "x"',
      [
        expect.stringContaining("is missing"),
        expect.stringMatching(
          /^bulkhead\.toml:2: plugins\.p\.comand: unknown key; did you mean command\? allowed: command, args,/,
        ),
      ],
    ],
    [
      "unknown key further down",
      '[plugins.p]\ncommand = "x"\n[plugins.p.timeouts]\ncal = "3s"',
      [
        "bulkhead.toml:4: plugins.p.timeouts.cal: unknown key; did you mean call? allowed: handshake, call, total, drain, terminate",
      ],
    ],
    [
      "unknown platform",
      '[plugins.p]\ncommand = { linx = "x" }',
      [
        "bulkhead.toml:2: plugins.p.command.linx: unknown key; did you mean linux? allowed: linux, darwin, win32",
      ],
    ],
    [
      "element of an array",
      '[plugins.p]\ncommand = "x"\nargs = [\n "a",\n true]',
      ["bulkhead.toml:5: plugins.p.args[1]: found true, must be a string"],
    ],
    [
      "choice",
      '[plugins.p]\ncommand = "x"\nstart = "now"',
      ['bulkhead.toml:3: plugins.p.start: found "now", must be one of "auto", "lazy"'],
    ],
    [
      "duration",
      '[plugins.p]\ncommand = "x"\nidle_stop = "5 min"',
      [
        'bulkhead.toml:3: plugins.p.idle_stop: found "5 min", must be a duration such as "500ms", "30s" or "10m", up to "10d"',
      ],
    ],
    [
      "a wait longer than a timer can",
      '[plugins.p]\ncommand = "x"\nidle_stop = "11d"',
      [expect.stringContaining('up to "10d"')],
    ],
    [
      "size",
      '[plugins.p]\ncommand = "x"\nlimits.memory = "64kb"',
      [
        'bulkhead.toml:3: plugins.p.limits.memory: found "64kb", must be a size such as 65536, "64KiB" or "512MiB"',
      ],
    ],
    [
      "no size at all",
      '[plugins.p]\ncommand = "x"\nlimits.frame = "0MiB"',
      [expect.stringContaining('found "0MiB", must be a size')],
    ],
    [
      "api range",
      '[plugins.p]\ncommand = "x"\napis.text = "latest"',
      ['bulkhead.toml:3: plugins.p.apis.text: found "latest", must be a semver range such as ^1.2.0'],
    ],
    [
      "api name",
      '[plugins.p]\ncommand = "x"\napis.Text = "*"',
      [expect.stringMatching(/:3: plugins\.p\.apis\.Text: the name "Text" must be lower-case letters/)],
    ],
    [
      "checksum",
      '[plugins.p]\ncommand = "x"\nsha256 = "abc"',
      ['bulkhead.toml:3: plugins.p.sha256: found "abc", must be 64 hexadecimal digits'],
    ],
    [
      "NUL",
      '[plugins.p]\ncommand = "x\\u0000"',
      [expect.stringContaining("must not contain a NUL character")],
    ],
    [
      "what JSON can not carry",
      '[plugins.p]\ncommand = "x"\nconfig.share = nan',
      ["bulkhead.toml:3: plugins.p.config.share: found NaN, must be a finite number"],
    ],
    [
      "a key that is no key",
      '[plugins.p]\ncommand = "x"\nconfig.__proto__ = 1',
      ["bulkhead.toml:3: plugins.p.config.__proto__: is not allowed as a key"],
    ],
    [
      "delays the wrong way round",
      '[plugins.p]\ncommand = "x"\nrestart.min_delay = "1m"',
      [
        "bulkhead.toml:3: plugins.p.restart.min_delay: found 60000 ms, must not be above max_delay, which is 30000 ms",
      ],
    ],
    [
      "name",
      '[plugins."My Plugin"]\ncommand = "x"',
      [
        expect.stringMatching(
          /^bulkhead\.toml:1: plugins\."My Plugin": the plugin's name "My Plugin" must be lower-case/,
        ),
      ],
    ],
    [
      "name from a prototype",
      '[plugins.__proto__]\ncommand = "x"',
      [expect.stringContaining('the plugin\'s name "__proto__"')],
    ],
    ["entry that is no table", "plugins.p = 5", ["bulkhead.toml:1: plugins.p: found 5, must be a table"]],
  ])("%s", async (_, toml, expected) => {
    expect(await problemsOf(toml)).toEqual(expected);
  });

  test("a working directory that is not there", async () => {
    const [problem] = await problemsOf('[plugins.p]\ncommand = "x"\ncwd = "gone"');
    expect(problem).toMatch(/^bulkhead\.toml:3: plugins\.p\.cwd: .*gone is not a directory$/);
  });
});

describe("plugin_dirs", () => {
  test("each subfolder with a manifest is a plugin; a bad one is listed and stops nobody", async () => {
    write("dir/good/plugin.toml", 'command = "./good"');
    write("dir/bad/plugin.toml", "command = ./bad");
    write("dir/Wrong Name/plugin.toml", 'command = "x"');
    write("dir/notes/readme.txt", "");
    write("dir/file", "");
    write("dir/good/nested/plugin.toml", 'command = "x"');
    write("elsewhere/plugin.toml", 'command = "./linked"\nrestart.jitter = 2');
    symlinkSync(path.join(dir, "elsewhere"), path.join(dir, "dir", "linked"));
    symlinkSync(path.join(dir, "nothing"), path.join(dir, "dir", "dangling"));
    const { plugins, broken, files } = await load('plugin_dirs = ["dir"]\n[plugins.first]\ncommand = "f"');

    expect(plugins.map(({ id, command, cwd }) => ({ id, command, cwd }))).toEqual([
      { id: "first", command: path.join(dir, "f"), cwd: dir },
      { id: "good", command: path.join(dir, "dir/good/good"), cwd: path.join(dir, "dir/good") },
    ]);
    expect(
      broken.map(({ id, problems }) => [
        id,
        problems.map(({ file, line, key }) => [path.relative(dir, file), line, key]),
      ]),
    ).toEqual([
      ["Wrong Name", [["dir/Wrong Name/plugin.toml", undefined, ""]]],
      ["bad", [["dir/bad/plugin.toml", 1, ""]]],
      ["linked", [["dir/linked/plugin.toml", 2, "restart.jitter"]]],
    ]);
    expect(files.map((file) => path.relative(dir, file))).toEqual([
      "bulkhead.toml",
      "dir/Wrong Name/plugin.toml",
      "dir/bad/plugin.toml",
      "dir/good/plugin.toml",
      "dir/linked/plugin.toml",
    ]);
  });

  test("a manifest that is a directory or a named pipe is listed, and the others are read", async () => {
    mkdirSync(path.join(dir, "dir/odd/plugin.toml"), { recursive: true });
    mkdirSync(path.join(dir, "dir/pipe"));
    execFileSync("mkfifo", [path.join(dir, "dir/pipe/plugin.toml")]);
    write("dir/sound/plugin.toml", 'command = "x"');
    const { broken, plugins } = await load('plugin_dirs = ["dir"]');
    expect(broken.map(({ problems }) => problems[0]?.message)).toEqual([
      "cannot be read: it is a directory, not a file",
      "cannot be read: it is a named pipe, not a file",
    ]);
    expect(plugins.map(({ id }) => id)).toEqual(["sound"]);
  });

  test.skipIf(process.getuid?.() === 0)("a manifest that may not be read is listed", async () => {
    chmodSync(write("dir/secret/plugin.toml", 'command = "x"'), 0);
    const { broken } = await load('plugin_dirs = ["dir"]');
    expect(broken[0]?.problems[0]?.message).toBe("cannot be read: permission denied");
  });

  test("one that is missing is a problem, not an obstacle", async () => {
    const { plugins, problems } = await load('plugin_dirs = ["gone"]\n[plugins.p]\ncommand = "p"');
    expect(plugins).toHaveLength(1);
    expect(problems.map(formatProblem)).toEqual([
      `${dir}/bulkhead.toml:1: plugin_dirs[0]: ${dir}/gone cannot be read: there is no such file`,
    ]);
  });

  test("an id that is defined twice keeps its first definition, and both places are named", async () => {
    write("one/p/plugin.toml", 'command = "one"');
    write("one/q/plugin.toml", 'command = "one"');
    write("two/q/plugin.toml", 'command = "two"');
    const { plugins, problems } = await load('plugin_dirs = ["one", "two"]\n[plugins.p]\ncommand = "table"');
    expect(plugins.map(({ command }) => path.relative(dir, command))).toEqual(["table", "one/q/one"]);
    expect(problems.map(formatProblem)).toEqual([
      `${dir}/one/p/plugin.toml: ignored: plugin p is defined in ${dir}/bulkhead.toml:2 already`,
      `${dir}/two/q/plugin.toml: ignored: plugin q is defined in ${dir}/one/q/plugin.toml already`,
    ]);
  });
});

describe("origins", () => {
  test("tell for every setting where its value comes from", async () => {
    write("dir/q/plugin.toml", 'command = "q"\n\nlimits.frame = 1024');
    const { origins } = await load(
      'plugin_dirs = ["dir"]\n[daemon]\nkeep = "7d"\n[plugins.p]\ncommand = "p"\nrestart.jitter = 0.5\nlimits.memory = "1GiB"\nconfig = { a = 1 }',
    );
    const lines = origins.map(
      ({ key, value, origin }) => `${key} = ${JSON.stringify(value)} # ${origin.replace(dir, "")}`,
    );
    expect(lines).toEqual(
      expect.arrayContaining([
        'daemon.keep = "7d" # /bulkhead.toml:3',
        'daemon.keep_size = "256MiB" # default',
        `plugins.p.command = ${JSON.stringify(path.join(dir, "p"))} # /bulkhead.toml:5`,
        "plugins.p.restart.jitter = 0.5 # /bulkhead.toml:6",
        'plugins.p.restart.max_delay = "30s" # default',
        'plugins.p.limits.memory = "1GiB" # /bulkhead.toml:7',
        "plugins.p.config.a = 1 # /bulkhead.toml:8",
        "plugins.q.limits.frame = 1024 # /dir/q/plugin.toml:3",
        'plugins.p.limits.frame = "64MiB" # default',
      ]),
    );
  });

  test("never show the value of a variable that is passed on", async () => {
    const env = { PATH: "/secret/path", TOKEN: "hush" };
    const { origins } = await load('[plugins.p]\ncommand = "/p"\npass_env = ["TOKEN"]\nenv.MODE = "x"', {
      env,
    });
    expect(JSON.stringify(origins)).not.toMatch(/hush|secret/);
    const file = path.join(dir, "bulkhead.toml");
    expect(origins.filter(({ key }) => key.includes(".env."))).toEqual([
      { key: "plugins.p.env.PATH", value: "(from the environment)", origin: "default" },
      { key: "plugins.p.env.TOKEN", value: "(from the environment)", origin: `${file}:3` },
      { key: "plugins.p.env.MODE", value: "(set)", origin: `${file}:4` },
    ]);
  });
});

const spec = (entry: object) =>
  specFrom("p", pluginEntry.parse({ command: "/p", ...entry }), { dir: "/", ...linux });

describe("sameSpec", () => {
  test("an untouched entry stays the same, whatever its keys' order and spelling", () => {
    expect(
      sameSpec(
        spec({ args: ["a"], restart: { min_delay: "1s" } }),
        spec({ restart: { min_delay: "1000ms" }, args: ["a"] }),
      ),
    ).toBe(true);
    expect(sameSpec(spec({ apis: { a: "1", b: "2" } }), spec({ apis: { b: "2", a: "1" } }))).toBe(true);
    expect(sameSpec(spec({}), spec({ start: "auto" }))).toBe(true);
  });

  test.each([
    { args: ["b"] },
    { env: { A: "1" } },
    { config: { a: [1] } },
    { limits: { memory: 1 } },
    { command: "/q" },
  ])("%j makes it another one", (change) => {
    expect(sameSpec(spec({}), spec(change))).toBe(false);
  });

  test("specFrom refuses an entry without a command for this platform", () => {
    expect(() => spec({ command: { darwin: "/p" } })).toThrow(
      expect.objectContaining({ code: "invalid_config" }),
    );
  });
});

test("sample-plugins/bulkhead.toml is a working example", async () => {
  const samples = path.join(import.meta.dirname, "../../../sample-plugins");
  const result = await loadConfig(path.join(samples, "bulkhead.toml"), linux);
  const config = result.ok ? result.config : undefined;
  expect(config).toMatchObject({ broken: [], problems: [] });
  expect(config?.plugins.map(({ id, command }) => [id, path.relative(samples, command)])).toEqual([
    ["chaos", "target/release/chaos"],
    ["journal-source", "journal-source/build/journal-source"],
    ["metronome", "metronome/build/metronome"],
    ["min", "target/release/min"],
    ["outdated", "target/release/min"],
    ["reverse", "reverse/reverse.py"],
    ["todo-command", "target/release/todo-command"],
    ["todo-scan", "target/release/todo-scan"],
    ["todo-tasks", "target/release/todo-tasks"],
    ["view-stats", "../node_modules/node/bin/node"],
    ["wordcount", "wordcount/build/wordcount"],
  ]);
});
