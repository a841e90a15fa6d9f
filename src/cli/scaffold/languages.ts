/** The languages of `bulkhead new`: what to copy, what it takes to build it, and what comes out. Data only. */

/** A program, or a library that a program knows of, that has to be there. */
export interface Tool {
  readonly name: string;
  /** Prints its version. */
  readonly probe: readonly [program: string, ...args: string[]];
  readonly oldest?: readonly [major: number, minor: number];
  /** What to do when it is not there. */
  readonly advice: string;
}

export interface Language {
  readonly title: string;
  readonly tools: readonly Tool[];
  /** Of the SDK's folder, what a plugin needs: paths from there, with `/`. */
  readonly sdk: RegExp;
  /** Not left to the template alone: `npm pack` drops files of this name. */
  readonly gitignore: readonly string[];
  /** Empty: there is nothing to build. */
  readonly build: readonly string[];
  readonly test: readonly string[];
  /** Before anything else, where something has to be fetched. */
  readonly prepare?: readonly string[];
  readonly executable: (name: string) => string;
  /** Where an author begins to write. */
  readonly source: string;
  /** Names that the language's own tools refuse, or that the template has taken. */
  readonly taken: readonly string[];
}

const rustNames =
  "abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if " +
  "impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try " +
  "type typeof unsafe unsized use virtual where while yield " +
  "test core std alloc build deps examples incremental bulkhead-plugin schemars serde";

export const languages = {
  rust: {
    title: "Rust",
    tools: [
      {
        name: "cargo",
        probe: ["cargo", "--version"],
        oldest: [1, 85],
        advice: "install Rust, with rustup or from the system's packages",
      },
    ],
    sdk: /^(Cargo\.toml|build\.rs|README\.md|rustfmt\.toml|src\/.*\.rs)$/,
    gitignore: ["target/"],
    build: ["cargo", "build", "--release"],
    test: ["cargo", "test"],
    executable: (name) => `target/release/${name}`,
    source: "src/main.rs",
    taken: rustNames.split(" "),
  },
  c: {
    title: "C",
    tools: [
      { name: "cc", probe: ["cc", "--version"], advice: "install a C compiler" },
      { name: "make", probe: ["make", "--version"], advice: "install make" },
      { name: "pkg-config", probe: ["pkg-config", "--version"], advice: "install pkg-config" },
      {
        name: "jansson",
        probe: ["pkg-config", "--modversion", "jansson"],
        advice: "apt install libjansson-dev, or brew install jansson",
      },
    ],
    sdk: /^(bulkhead_plugin\.[ch]|bulkhead_test\.h|README\.md)$/,
    gitignore: ["build/"],
    build: ["make"],
    test: ["make", "test"],
    executable: (name) => `build/${name}`,
    source: "plugin.c",
    taken: ["test"],
  },
  go: {
    title: "Go",
    tools: [{ name: "go", probe: ["go", "version"], oldest: [1, 22], advice: "install Go" }],
    sdk: /^(go\.mod|README\.md|[^/]+(?<!_test)\.go)$/,
    gitignore: ["build/"],
    build: ["go", "build", "-o", "build/{{name}}", "."],
    test: ["go", "test", "./..."],
    executable: (name) => `build/${name}`,
    source: "main.go",
    taken: [],
  },
  python: {
    title: "Python",
    tools: [
      {
        name: "python3",
        probe: ["python3", "--version"],
        oldest: [3, 10],
        advice: "install Python 3.10 or newer",
      },
    ],
    sdk: /^(README\.md|bulkhead_plugin\/.+\.(py|typed))$/,
    gitignore: ["__pycache__/"],
    build: [],
    test: ["python3", "-m", "unittest"],
    executable: () => "plugin.py",
    source: "plugin.py",
    taken: [],
  },
  typescript: {
    title: "TypeScript",
    tools: [
      {
        name: "node",
        probe: ["node", "--version"],
        oldest: [24, 0],
        advice: "install Node 24 or newer, first on the PATH",
      },
      { name: "npm", probe: ["npm", "--version"], advice: "install npm; it comes with Node" },
    ],
    sdk: /^([^/]+\.ts|README\.md)$/,
    gitignore: ["node_modules/"],
    prepare: ["npm", "install"],
    build: [],
    test: ["npm", "test"],
    executable: () => "main.ts",
    source: "greet.ts",
    taken: ["zod", "vscode-jsonrpc"],
  },
} as const satisfies Record<string, Language>;

export type LanguageName = keyof typeof languages;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table's own keys
export const languageNames = Object.keys(languages) as LanguageName[];

/** Seen as any language: the table's own types are too narrow to be treated alike. */
export function languageOf(name: LanguageName): Language {
  return languages[name];
}
