/** Who may import whom: ARCHITECTURE.md in a form that fails. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..");

interface Layer {
  /** Folders, or single files where only they are allowed; a layer may always import itself. */
  readonly own: readonly string[];
  /** Packages and `node:` modules, `*` for any `node:` module. */
  readonly outside: readonly string[];
  /** Outside modules of which only types may be taken. */
  readonly typesOnly?: readonly string[];
  /** Folders that are loaded when they are needed: by `import()`, or by files that are themselves loaded like that. */
  readonly lazy?: readonly string[];
}

const layers: Readonly<Record<string, Layer>> = {
  protocol: { own: [], outside: ["zod", "semver", "@cfworker/json-schema"] },
  "src/text": { own: ["protocol"], outside: [], typesOnly: ["node:util"] },
  "src/core": { own: ["protocol"], outside: [] },
  "src/wire": { own: ["protocol"], outside: ["node:buffer"], typesOnly: ["node:stream"] },
  "src/io": {
    own: ["protocol"],
    outside: ["node:*", "zod", "semver", "smol-toml", "execa", "pino"],
  },
  "src/supervisor": {
    own: ["protocol", "src/core", "src/wire", "src/io"],
    outside: ["node:*", "zod", "semver"],
  },
  "src/daemon": {
    own: ["protocol", "src/core", "src/wire", "src/io", "src/supervisor"],
    outside: ["node:*", "zod", "semver", "pino"],
  },
  "src/client": {
    own: ["protocol", "src/core", "src/wire", "src/io/socket.ts", "src/io/paths.ts"],
    outside: ["node:*", "zod", "semver", "vscode-jsonrpc"],
  },
  "src/check": { own: ["protocol", "src/core", "src/wire", "src/io"], outside: ["node:*"] },
  "src/todo": { own: ["protocol", "src/client"], outside: ["node:*", "zod"] },
  "src/cli": {
    own: ["protocol", "src/text", "src/client", "src/io/paths.ts"],
    outside: ["node:*", "commander"],
    lazy: [
      "src/check",
      "src/daemon",
      "src/supervisor",
      "src/io",
      "src/core",
      "src/wire",
      "src/todo",
      "src/tui",
    ],
  },
  "src/tui": {
    own: ["protocol", "src/text", "src/client", "src/todo", "src/io/in-time.ts"],
    outside: ["node:*", "ink", "react", "string-width", "fuzzysort"],
  },
  // The public API: what a host program embeds. It brings neither the daemon nor a user interface along.
  "src/index.ts": {
    own: ["protocol", "src/core", "src/wire", "src/io", "src/supervisor", "src/client", "src/todo"],
    outside: [],
  },
};

interface Import {
  readonly what: string;
  readonly kind: "value" | "type" | "lazy";
}

function importsOf(source: string): Import[] {
  const fixed = /^(?:import|export)\s+(type\s+)?(?:[\w$*\s,{}]+?\s+from\s+)?["']([^"'\n]+)["']/gm;
  const lazy = /\bimport\(\s*["'`]([^"'`]+)["'`]/g;
  return [
    ...[...source.matchAll(fixed)].map(([, type, what = ""]): Import => ({
      what,
      kind: type === undefined ? "value" : "type",
    })),
    ...[...source.matchAll(lazy)].map(([, what = ""]): Import => ({ what, kind: "lazy" })),
  ];
}

/** Paths from the repository's root, with `/`. */
function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    // SDKs are programs of their own and import nothing of this.
    if (entry.isDirectory()) return name === "protocol/sdk" ? [] : sources(name);
    return /\.tsx?$/.test(entry.name) ? [name] : [];
  });
}

const isWithin = (file: string, place: string): boolean => file === place || file.startsWith(`${place}/`);

function layerOf(file: string): string | undefined {
  return Object.keys(layers).find((layer) => isWithin(file, layer));
}

/** Why a file of a layer may not import this; undefined: it may. */
function objection(file: string, { what, kind }: Import, isLoadedAtStart = true): string | undefined {
  const name = layerOf(file);
  const layer = name === undefined ? undefined : layers[name];
  if (name === undefined || layer === undefined) return `${file} is in a folder that no rule covers`;
  if (!what.startsWith(".")) {
    const matches = (list: readonly string[] = []) =>
      list.some(
        (each) =>
          each === what || (each === "node:*" && what.startsWith("node:")) || what.startsWith(`${each}/`),
      );
    if (matches(layer.outside) || (kind === "type" && matches(layer.typesOnly))) return undefined;
    return `${file} imports ${what}`;
  }
  const target = path.posix.join(path.posix.dirname(file), what);
  const allowed = [name, ...layer.own, ...(kind === "lazy" || !isLoadedAtStart ? (layer.lazy ?? []) : [])];
  return allowed.some((place) => isWithin(target, place)) ? undefined : `${file} imports ${target}`;
}

const files = [...sources("protocol"), ...sources("src")];
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

/** All that the command line loads before it knows which command it is. */
const loadedAtStart = new Set<string>(["src/cli/bin.ts"]);
for (const file of loadedAtStart) {
  for (const { what, kind } of importsOf(read(file))) {
    const target = path.posix.join(path.posix.dirname(file), what);
    if (kind === "value" && files.includes(target)) loadedAtStart.add(target);
  }
}

describe("the layers", () => {
  test("every file imports only what its layer may", () => {
    const objections = files.flatMap((file) =>
      importsOf(read(file)).map((each) => objection(file, each, loadedAtStart.has(file))),
    );
    expect(objections.filter((each) => each !== undefined)).toEqual([]);
  });

  test("every file is in a layer", () => {
    expect(files.filter((file) => layerOf(file) === undefined)).toEqual([]);
  });

  test("nothing is loaded by a computed name, so that the rules see all of it", () => {
    expect(files.filter((file) => /\bimport\(\s*[^"'`\s]/.test(withoutComments(read(file))))).toEqual([]);
  });

  test("nothing imports what was built", () => {
    const built = files.filter((file) =>
      importsOf(read(file)).some(({ what }) => /(^|\/)dist(\/|$)/.test(what)),
    );
    expect(built).toEqual([]);
  });
});

test("the core has no clock, no randomness and no process", () => {
  const impure =
    /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.|process\.|setTimeout|setInterval|setImmediate|crypto\.|fetch\()/;
  const core = files.filter((file) => file.startsWith("src/core/"));
  expect(core.length).toBeGreaterThan(0);
  expect(core.filter((file) => impure.test(withoutComments(read(file))))).toEqual([]);
});

test("no file is longer than 400 lines", () => {
  expect(files.filter((file) => read(file).split("\n").length > 400)).toEqual([]);
});

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
}

describe("the rules themselves", () => {
  test.each<[file: string, source: string]>([
    ["src/core/a.ts", 'import fs from "node:fs";'],
    ["src/core/a.ts", 'import { x } from "../wire/x.ts";'],
    ["src/core/a.ts", 'export * from "../io/x.ts";'],
    ["src/wire/a.ts", 'import { Readable } from "node:stream";'],
    ["src/wire/a.ts", 'import net from "node:net";'],
    ["src/io/a.ts", 'import type {\n  A,\n  B,\n} from "../supervisor/x.ts";'],
    ["src/supervisor/a.ts", 'import "../daemon/x.ts";'],
    ["src/daemon/a.ts", 'const app = await import("react");'],
    ["src/client/a.ts", 'import { x } from "../io/journal.ts";'],
    ["src/cli/commands/a.ts", 'import { Supervisor } from "../../supervisor/supervisor.ts";'],
    ["src/new/a.ts", 'import { z } from "zod";'],
    ["protocol/a.ts", 'import { x } from "../src/core/x.ts";'],
  ])("object: %s, %s", (file, source) => {
    const [found] = importsOf(source);
    expect(found && objection(file, found)).toEqual(expect.any(String));
  });

  test.each<[file: string, source: string]>([
    ["src/core/a.ts", 'import type { x } from "../../protocol/state.ts";'],
    ["src/wire/a.ts", 'import type { Readable } from "node:stream";'],
    ["src/io/a.ts", 'import { DatabaseSync } from "node:sqlite";'],
    ["src/client/a.ts", 'import { x } from "../io/socket.ts";'],
    ["src/cli/commands/a.ts", 'const { x } = await import("../../daemon/x.ts");'],
    ["src/tui/app.tsx", 'import { Box } from "ink";'],
  ])("accept: %s, %s", (file, source) => {
    const [found] = importsOf(source);
    expect(found).toBeDefined();
    expect(found && objection(file, found)).toBeUndefined();
  });
});
