/** A text in the person's pager. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Resolves when the pager is closed. @throws Error when there is none, or it has failed */
export async function page(text: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const [command = "less", ...args] = (env["PAGER"] || "less").split(/\s+/).filter(Boolean);
  const folder = await mkdtemp(path.join(tmpdir(), "bulkhead-"));
  // ctrl+c in a pager is meant for the pager, but comes to every process of the terminal.
  for (const signal of fromKeys) process.on(signal, ignored);
  let child: ChildProcess | undefined;
  let end: NodeJS.Signals | undefined;
  // Who is to end does not leave a pager behind: that has the terminal.
  const leave = (signal: NodeJS.Signals): void => {
    end = signal;
    child?.kill(signal);
  };
  for (const signal of toEnd) process.on(signal, leave);
  try {
    // A file and not a pipe: its keys come from the terminal, and it may go to the end and back.
    const file = path.join(folder, "text");
    await writeFile(file, text, { mode: 0o600 });
    child = spawn(command, [...args, file], { stdio: "inherit", env: { LESS: "-R", ...env } });
    await ended(child, command);
    const { exitCode, signalCode } = child;
    if (exitCode !== 0)
      throw new Error(`the pager ${command} left: ${signalCode ?? `exit status ${exitCode}`}`);
  } finally {
    // The key that ended the pager is on its way to us as well, and may come later than the news of that.
    await pause(straggling);
    for (const signal of fromKeys) process.off(signal, ignored);
    for (const signal of toEnd) process.off(signal, leave);
    await rm(folder, { recursive: true, force: true });
    if (end !== undefined) process.kill(process.pid, end);
  }
}

/** Milliseconds. */
const straggling = 50;

const fromKeys = ["SIGINT", "SIGQUIT"] as const;
const toEnd = ["SIGTERM", "SIGHUP"] as const;

const ignored = (): void => undefined;

async function ended(child: ChildProcess, command: string): Promise<void> {
  try {
    await once(child, "exit");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw isMissing ? new Error(`there is no pager ${command}: set PAGER to one`, { cause: error }) : error;
  }
}
