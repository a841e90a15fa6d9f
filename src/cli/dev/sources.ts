/** The sources of a script: its executable is only one of them, and nothing is built when another changes. */
import { open, readdir } from "node:fs/promises";
import path from "node:path";
import { fingerprint } from "../../io/watch.ts";

/** Not an author's own, or not read by the plugin. */
const foreign = /^(\..*|node_modules|__pycache__|target|build|dist|venv)$/;
/** Of a larger tree only so many are watched. */
const mostFiles = 2000;
/** Milliseconds. */
const interval = 1000;

/** What each file was like. */
type Look = ReadonlyMap<string, string>;

/**
 * Calls `onChange` with the files beside and below the script that have its extension and changed, once they have looked
 * the same twice. The script itself is not among them; what is no script has no sources here.
 *
 * @param root the directory of the plugin
 * @param scriptNow asked at each look: it may come later, and be another one then
 */
export function watchSources(
  root: string,
  scriptNow: () => string | undefined,
  onChange: (files: readonly string[]) => void,
): { close(): void } {
  let known: Look | undefined;
  let seen: Look | undefined;
  let looking = false;
  const tick = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    const now = await look(root, scriptNow() ?? "");
    looking = false;
    if (now === undefined) return;
    known ??= now;
    const isStill = seen === undefined || changed(seen, now).length === 0;
    seen = now;
    const files = changed(known, now);
    if (!isStill || files.length === 0) return;
    known = now;
    onChange(files);
  };
  void tick();
  const timer = setInterval(() => void tick(), interval).unref();
  return { close: () => clearInterval(timer) };
}

/** Undefined: there is no script to have sources; perhaps it is being written. */
async function look(root: string, script: string): Promise<Look | undefined> {
  const extension = path.extname(script);
  if (extension === "" || !(await isScript(script))) return undefined;
  const files: string[] = [];
  const visit = async (directory: string): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
      const file = path.join(directory, entry.name);
      if (foreign.test(entry.name) || files.length >= mostFiles) continue;
      if (entry.isDirectory()) await visit(file);
      else if (path.extname(file) === extension && file !== script) files.push(file);
    }
  };
  await visit(root);
  return new Map(await Promise.all(files.map(async (file) => [file, await fingerprint(file)] as const)));
}

async function isScript(file: string): Promise<boolean> {
  try {
    await using opened = await open(file);
    const { buffer } = await opened.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString("latin1") === "#!";
  } catch {
    return false;
  }
}

/** Files that came, went or are another. */
function changed(before: Look, now: Look): string[] {
  const all = new Set([...before.keys(), ...now.keys()]);
  return [...all].filter((file) => before.get(file) !== now.get(file)).sort();
}
