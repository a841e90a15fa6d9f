/** Makes the directory of a new plugin: a template with a name filled in, and a copy of the SDK that needs nothing of us. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Stats } from "node:fs";
import { findPackageJSON } from "node:module";
import path from "node:path";
import { pluginId } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { messageOf } from "../../text/message.ts";
import { languageOf } from "./languages.ts";
import type { LanguageName } from "./languages.ts";

export interface Scaffold {
  readonly name: string;
  readonly language: LanguageName;
  /** Absolute. */
  readonly directory: string;
  /** Paths from there, with `/`, sorted. */
  readonly files: readonly string[];
  readonly executable: string;
  /** Command lines to go on with, in the directory: each a list of words. */
  readonly build: readonly (readonly string[])[];
  readonly test: readonly string[];
}

const placeholder = "{{name}}";
/** What building and trying leaves in the folders that are copied from. */
const outputs = new Set(["target", "build", "dist", "node_modules", "__pycache__"]);

/**
 * @param parent where the directory is made; it need not be there
 * @throws BulkheadError `usage`: the name is not fit for a plugin, or something is in the way
 */
export function makeScaffold(name: string, language: LanguageName, parent: string): Scaffold {
  const { title, sdk, gitignore, prepare = [], build, test, executable, taken } = languageOf(language);
  const id = pluginId.safeParse(name);
  if (!id.success) throw usage(`the name ${JSON.stringify(name)} ${id.error.issues[0]?.message}`);
  if (taken.includes(name))
    throw usage(`${name} means something else in ${title} already: choose another name`);
  const directory = path.resolve(parent, name);
  refuseOccupied(directory);

  const source = path.join(sdkFolder(), language);
  const template = path.join(source, "template");
  const fill = (text: string): string => text.replaceAll(placeholder, name);
  const files = new Map<string, string>([
    [".gitignore", gitignore.map((line) => `${line}\n`).join("")],
    ...filesBelow(template).map((file) => [file, fill(read(template, file))] as const),
    ...filesBelow(source)
      .filter((file) => sdk.test(file))
      .map((file) => [`sdk/${file}`, read(source, file)] as const),
    ["sdk/LICENSE", read(packageFolder(), "LICENSE")],
  ]);
  try {
    for (const [file, text] of files) write(path.join(directory, file), text);
  } catch (error) {
    throw usage(`${directory} can't be made: ${messageOf(error)}`);
  }
  return {
    name,
    language,
    directory,
    files: [...files.keys()].sort(),
    executable: executable(name),
    build: [prepare, build.map(fill)].filter((words) => words.length > 0),
    test: test.map(fill),
  };
}

function read(...file: readonly string[]): string {
  return readFileSync(path.join(...file), "utf8");
}

function refuseOccupied(directory: string): void {
  const found = lookAt(directory);
  if (found === undefined) return;
  if (!found.isDirectory()) throw usage(`${directory} is there already, and is no directory`);
  if (readdirSync(directory).length > 0) throw usage(`${directory} is there already, and is not empty`);
}

/** Undefined: nothing is there. */
function lookAt(directory: string): Stats | undefined {
  try {
    return lstatSync(directory, { throwIfNoEntry: false });
  } catch (error) {
    throw usage(`${directory} can't be made: ${messageOf(error)}`);
  }
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  // A package registry need not keep the mode of a script.
  writeFileSync(file, text, { mode: text.startsWith("#!") ? 0o755 : 0o644, flag: "wx" });
}

/** Paths from the folder, with `/`; none of what was built there. */
function filesBelow(folder: string, prefix = ""): string[] {
  return readdirSync(path.join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const file = `${prefix}${entry.name}`;
    if (entry.isDirectory()) return outputs.has(entry.name) ? [] : filesBelow(folder, `${file}/`);
    return entry.isFile() ? [file] : [];
  });
}

/** The SDKs are shipped as they are, beside what was compiled. */
function sdkFolder(): string {
  return path.join(packageFolder(), "protocol", "sdk");
}

function packageFolder(): string {
  return path.dirname(findPackageJSON("..", import.meta.url) ?? "");
}

function usage(message: string): BulkheadError {
  return BulkheadError.of("usage", message);
}
