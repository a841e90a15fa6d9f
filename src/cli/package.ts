/** The package that this file belongs to, run from src/cli or, compiled, from dist/src/cli. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

function packageRoot(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, "package.json")) && dirname(directory) !== directory) {
    directory = dirname(directory);
  }
  return directory;
}

/** What to run for another `bulkhead` like this one: the program and its script, as they are and not as links to them. */
export function thisProgram(): [node: string, ...args: string[]] {
  return [process.execPath, ...process.execArgv, realpathSync(process.argv[1] ?? "")];
}

export function packageVersion(): string {
  const text = readFileSync(join(packageRoot(), "package.json"), "utf8");
  const { version }: { version: string } = JSON.parse(text);
  return version;
}
