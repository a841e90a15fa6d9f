/** The configuration: `bulkhead.toml`, a plugin's settings, `bulkhead.lock` and a manifest, whatever they say. */
import * as fc from "fast-check";
import { formatProblem, loadConfig } from "../../../src/io/config/config.ts";
import type { ConfigProblem, ConfigResult } from "../../../src/io/config/config.ts";
import { must } from "../target.ts";
import type { Target, Trials } from "../target.ts";
import { filesOf, Folder } from "./folder.ts";

/** Names of files, in the order in which an input has them. */
const names = ["bulkhead.toml", "config/p.toml", "bulkhead.lock", "plugins/m/plugin.toml"] as const;

/** Node's timers fire at once beyond this. */
const LONGEST_TIMER = 2 ** 31 - 1;

function start(): Trials {
  const folder = new Folder();
  const main = folder.write(names[0], Buffer.alloc(0));
  return {
    async run(input) {
      const files = filesOf(input, names.length);
      for (const [index, name] of names.entries()) folder.write(name, files[index] ?? Buffer.alloc(0));
      const options = { env: { PATH: "/usr/bin", TOKEN: "t" }, platform: "linux" } as const;
      const result = await loadConfig(main, options);
      check(
        result,
        files.map((file) => file.toString()),
      );
      const again = await loadConfig(main, options);
      must(JSON.stringify(again) === JSON.stringify(result), "the same files are read alike");
    },
    close: () => folder.remove(),
  };
}

function check(result: ConfigResult, texts: readonly string[]): void {
  if (!result.ok) {
    must(result.problems.length > 0, "what is refused has a reason");
    for (const problem of result.problems) checkProblem(problem, texts);
    return;
  }
  const { config } = result;
  for (const problem of config.problems) checkProblem(problem, texts);
  for (const { id, problems } of config.broken) {
    must(problems.length <= 100, "a broken plugin has a bounded number of problems", problems.length);
    must(problems.length > 0, "a broken plugin has a reason", id);
    for (const problem of problems) checkProblem(problem, texts);
  }
  const ids = [...config.plugins, ...config.broken].map(({ id }) => id);
  must(new Set(ids).size === ids.length, "no plugin is there twice", ids);
  for (const spec of config.plugins) {
    must(/^[a-z][a-z0-9-]*$/.test(spec.id), "what runs has a sound name", spec.id);
    must(spec.command.startsWith("/") && spec.cwd.startsWith("/"), "paths are absolute");
    for (const each of [spec.command, ...spec.args, ...Object.entries(spec.env).flat()])
      must(!each.includes("\0"), "the system takes no NUL");
    checkNumbers(spec, spec.id);
  }
  JSON.stringify(config.origins);
}

function checkProblem(problem: ConfigProblem, texts: readonly string[]): void {
  const shown = formatProblem(problem);
  must(!/[\n\r\u2028\u2029]/.test(shown), "a problem is one line", shown);
  must(shown.length < 1000, "a problem is short", shown.length);
  const { line } = problem;
  if (line === undefined) return;
  const text = texts[names.findIndex((name) => problem.file.endsWith(name))] ?? "";
  must(line >= 1 && line <= text.split("\n").length, "a problem stands in a line that there is", {
    line,
    shown,
  });
}

/** JSON carries no others, and timers take no others. */
function checkNumbers(value: unknown, key: string): void {
  if (typeof value === "number") {
    must(Number.isFinite(value), "a number is finite", key);
    must(value >= 0 || !key.endsWith("Ms"), "no time is negative", key);
    const isTimer =
      /^(?:min|max)DelayMs$|^resetAfterMs$|^idleStopMs$|^(?:handshake|call|total|drain|terminate)Ms$/.test(
        key,
      );
    must(!isTimer || value <= LONGEST_TIMER, "a timer can wait for so long", key);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) if (name !== "config") checkNumbers(member, name);
}

const durations = fc.constantFrom(
  '"500ms"',
  '"10d"',
  '"3650d"',
  '"0.0001ms"',
  '"1e3s"',
  '"-1s"',
  '"99999999999999999999d"',
  "5",
  '"1.5s"',
);
const sizes = fc.constantFrom(
  '"64KiB"',
  '"2GiB"',
  "65536",
  "0",
  "-1",
  '"0.5B"',
  '"999999999999GiB"',
  "1e3",
  "inf",
  "nan",
);
const texts = fc.oneof(
  fc.constantFrom('"x"', "'./a'", '""', '"a\\u0000b"', '"""a\nb"""', "'''x'''", '"\\u001b[31m"'),
  fc.string({ maxLength: 6 }).map((each) => JSON.stringify(each)),
);
const anything = fc.oneof(
  durations,
  sizes,
  texts,
  fc.constantFrom(
    "true",
    "[1, [2]]",
    "1979-05-27",
    "{ a = 1, b.c = 2 }",
    "[]",
    "9007199254740993",
    "0x1F",
    "{}",
  ),
);
const line = fc.oneof(
  fc.constantFrom(
    "[plugins.p]",
    "[plugins.q]",
    "[daemon]",
    "[trust]",
    "[plugins.p.limits]",
    "[plugins.p.timeouts]",
    "[plugins.p.restart]",
    "[plugins.p.config]",
    "[plugins.p.env]",
    '[plugins."P x"]',
    "[[plugins.p]]",
    "[plugins.__proto__]",
    "[plugins.constructor]",
    'plugin_dirs = ["plugins"]',
  ),
  texts.map((value) => `command = ${value}`),
  fc
    .tuple(fc.constantFrom("args", "pass_env", "services", "calls", "contracts", "signed_by", "keys"), texts)
    .map(([key, value]) => `${key} = [${value}]`),
  fc
    .tuple(
      fc.constantFrom(
        "idle_stop",
        "handshake",
        "call",
        "total",
        "drain",
        "terminate",
        "min_delay",
        "max_delay",
        "reset_after",
        "window",
        "cpu",
        "keep",
      ),
      durations,
    )
    .map(([key, value]) => `${key} = ${value}`),
  fc
    .tuple(
      fc.constantFrom(
        "frame",
        "memory",
        "core",
        "file_size",
        "keep_size",
        "log_size",
        "in_flight",
        "depth",
        "jitter",
        "max_failures",
      ),
      sizes,
    )
    .map(([key, value]) => `${key} = ${value}`),
  fc
    .tuple(
      fc.constantFrom(
        "cwd",
        "sha256",
        "start",
        "validate",
        "watch",
        "in_place",
        "required",
        "signature",
        "when",
        "log_level",
        "read_only_socket",
        "a",
        '"a b"',
        "a.b",
        "__proto__",
        "config.x",
      ),
      anything,
    )
    .map(([key, value]) => `${key} = ${value}`),
  fc.constantFrom(
    "# comment",
    "",
    'apis = { text = "^1.0.0" }',
    'aliases = { words = "text" }',
    'env = { A = "b", "C=D" = "e" }',
    'restart = { when = "always" }',
  ),
);
const toml = fc.array(line, { maxLength: 8 }).map((lines) => lines.join("\n"));
const main = toml.map((rest) => `[plugins.p]\ncommand = "p"\n${rest}`);
const lock = fc.constantFrom(
  "",
  `lock = 1\n[plugins.p]\nsha256 = "${"ab".repeat(32)}"\ntrusted = 2026-01-01T00:00:00Z\n`,
);

export const config: Target = {
  name: "config",
  inputs: fc
    .tuple(fc.oneof(main, toml), fc.oneof(fc.constant(""), toml), lock, fc.oneof(fc.constant(""), toml))
    .map((files) => Buffer.from(files.join("\0"))),
  words: [
    "[plugins.p]\n",
    "command = ",
    '"""',
    "'''",
    "[[",
    "]]",
    "\\u0000",
    "\\U0010FFFF",
    "= {",
    " }",
    "\n",
    "#",
    "__proto__",
    "1979-05-27T00:00:00Z",
    "inf",
    '"1e9d"',
    "\x1b[31m",
    "\xe2\x80\xae",
    "\xef\xbb\xbf",
    'plugin_dirs = ["plugins"]\n',
    "\0",
  ],
  covers: [
    "src/io/config/",
    "src/io/trust/lock-file.ts",
    "protocol/config.ts",
    "protocol/nearest.ts",
    "node_modules/smol-toml/dist/",
  ],
  tried: 150,
  start,
};
