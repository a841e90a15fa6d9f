/** Files for readers that read files, in a folder of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export class Folder {
  readonly path = mkdtempSync(path.join(tmpdir(), "bulkhead-fuzz-"));
  readonly #contents = new Map<string, string>();

  /** The absolute path of a file with this content. */
  write(name: string, content: Buffer): string {
    const file = path.join(this.path, name);
    const text = content.toString("latin1");
    if (this.#contents.get(name) === text) return file;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, "latin1");
    this.#contents.set(name, text);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** An input that is several files: what stands between its NULs. */
export function filesOf(input: Buffer, count: number): Buffer[] {
  const files: Buffer[] = [];
  let rest = input;
  while (files.length < count - 1) {
    const end = rest.indexOf(0);
    if (end < 0) break;
    files.push(rest.subarray(0, end));
    rest = rest.subarray(end + 1);
  }
  files.push(rest);
  return files;
}
