/** A text in the person's pager. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** Resolves when the pager is closed. @throws Error when there is none, or it has failed */
export async function page(text: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const [command = "less", ...args] = (env["PAGER"] || "less").split(/\s+/).filter(Boolean);
  const folder = await mkdtemp(path.join(tmpdir(), "bulkhead-"));
  // ctrl+c in a pager is meant for the pager, but comes to every process of the terminal.
  for (const signal of fromKeys) process.on(signal, ignored);
  try {
    // A file and not a pipe: its keys come from the terminal, and it may go to the end and back.
    const file = path.join(folder, "text");
    await writeFile(file, text, { mode: 0o600 });
    const child = spawn(command, [...args, file], { stdio: "inherit", env: { LESS: "-R", ...env } });
    const [status, signal] = await ended(child, command);
    if (status !== 0) throw new Error(`the pager ${command} left with ${signal ?? `exit status ${status}`}`);
  } finally {
    for (const signal of fromKeys) process.off(signal, ignored);
    await rm(folder, { recursive: true, force: true });
  }
}

const fromKeys = ["SIGINT", "SIGQUIT"] as const;

const ignored = (): void => undefined;

async function ended(child: ChildProcess, command: string): Promise<[number | null, NodeJS.Signals | null]> {
  try {
    const [status, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return [status, signal];
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw isMissing ? new Error(`there is no pager ${command}: set PAGER to one`, { cause: error }) : error;
  }
}
