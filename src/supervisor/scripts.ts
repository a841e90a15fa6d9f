/** The programs that an interpreter is given, so that another script is another plugin to the quarantine. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import type { PluginSpec } from "../../protocol/config.ts";
import { looks } from "../io/looks.ts";
import type { Session } from "./session.ts";

/** Of a larger one only size and time of its last change count. Bytes. */
const largestRead = 4 * 1024 * 1024;

const names =
  /\.(?:[cm]?[jt]sx?|pyc?|pyz|rb|pl|php|lua|tcl|sh|bash|ps1|bat|cmd|jar|class|dll|exe|wasm|jl|r|exs?|scm|clj|groovy|kts)$/i;
/** `#!`, and what executables begin with on Linux: a wrapper is given the real one. */
const beginnings = ["#!", "\u007fELF"];

/** Of all lives of one plugin, as far as they have been read. */
export class Scripts {
  readonly #known = new Map<number, string>();

  /** A life begins: what it is going to run is looked at before it can change. */
  begin(generation: number, spec: Pick<PluginSpec, "args" | "cwd">): void {
    this.#known.set(generation, spec.args.length === 0 ? "" : unread);
    if (spec.args.length === 0) return;
    void scriptsOf(spec).then((scripts) => {
      if (this.#known.has(generation)) this.#known.set(generation, scripts);
    });
  }

  forget(generation: number): void {
    this.#known.delete(generation);
  }

  /** A name for all that it runs, which another program does not have; null: it is not known (yet). */
  program({ generation, sha256 }: Session): string | null {
    const scripts = this.#known.get(generation) ?? unread;
    if (scripts === unread) return null;
    return scripts === "" ? sha256 : `${sha256} ${scripts}`;
  }
}

const unread = "unread";

/**
 * A hash of the arguments and of those files among them that look like programs, by their names or by how they begin. Not of
 * others: a plugin may write to a file that it is given, and is the same plugin after that.
 */
async function scriptsOf({ args, cwd }: Pick<PluginSpec, "args" | "cwd">): Promise<string> {
  const files: (string | null)[] = [];
  for (const arg of args) files.push(arg.startsWith("-") ? null : await script(path.resolve(cwd, arg)));
  return createHash("sha256")
    .update(JSON.stringify([args, files]))
    .digest("hex");
}

/** Null: it is no program, or none that can be read. */
function script(file: string): Promise<string | null> {
  return looks.at(file, () => hashOf(file)).catch(() => null);
}

async function hashOf(file: string): Promise<string | null> {
  // Not blocking: opening a FIFO would wait for its writer.
  await using opened = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await opened.stat();
  if (!stats.isFile()) return null;
  const { buffer, bytesRead } = await opened.read(Buffer.alloc(4), 0, 4, 0);
  const beginning = buffer.toString("latin1", 0, bytesRead);
  if (!names.test(file) && !beginnings.some((each) => beginning.startsWith(each))) return null;
  if (stats.size > largestRead) return `${stats.size}:${stats.mtimeMs}`;
  const content = Buffer.alloc(stats.size);
  const read = await opened.read(content, 0, content.length, 0);
  return createHash("sha256").update(content.subarray(0, read.bytesRead)).digest("hex");
}
