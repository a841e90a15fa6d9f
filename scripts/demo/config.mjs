// The tour's configuration: the sample one without what was not built, and a plugin of the tour's own.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Entries whose executable is that of another one. */
const partOf = { outdated: "min" };

/**
 * @param {string} file the sample configuration
 * @param {(part: string) => boolean} built
 */
export function configuration(file, built) {
  const directory = path.dirname(file);
  const [head, ...entries] = readFileSync(file, "utf8").split(/^(?=\[plugins\.)/m);
  const kept = entries.filter((entry) => {
    const [, id] = /^\[plugins\.([\w-]+)\]/.exec(entry);
    return built(partOf[id] ?? id);
  });
  return [head, ...kept.map((entry) => fromAnywhere(entry, directory)), notes()].join("\n");
}

/** Relative paths are relative to the file that they stand in, which will be another one. */
function fromAnywhere(entry, directory) {
  return entry
    .replace(/^\[.*\]$/m, (table) => `${table}\ncwd = ${quoted(directory)}`)
    .replaceAll(/^command = .*$/gm, (line) =>
      line.replaceAll(/(["'])([^"']*)\1/g, (_, __, command) => quoted(path.resolve(directory, command))),
    );
}

/** One plugin twice: one is granted the storage that it asks for, and the other is not. */
function notes() {
  const command = quoted(path.join(here, "notes.ts"));
  return `
[plugins.notes]
command = ${command}
services = ["host.storage"]

[plugins.ungranted]
command = ${command}
start = "lazy"
`;
}

const quoted = (text) => JSON.stringify(text);
