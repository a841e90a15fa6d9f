/** A text in the person's pager. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** Resolves when the pager is closed. @throws Error when there is none */
export async function page(text: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const [command = "less", ...args] = (env["PAGER"] || "less").split(/\s+/).filter(Boolean);
  const folder = await mkdtemp(path.join(tmpdir(), "bulkhead-"));
  try {
    // A file and not a pipe: its keys come from the terminal, and it may go to the end and back.
    const file = path.join(folder, "text");
    await writeFile(file, text, { mode: 0o600 });
    const child = spawn(command, [...args, file], { stdio: "inherit", env: { LESS: "-R", ...env } });
    await once(child, "exit");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
