import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** The version of a package that is installed, for what is shown beside a figure. */
export function versionOf(name: string, from: string = import.meta.url): string {
  const file = findPackageJSON(name, from);
  if (file === undefined) throw new Error(`the package ${name} is not installed`);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return `${name} ${version}`;
}
