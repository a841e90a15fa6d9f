/** The product as it was built, in a terminal of its own. */
import path from "node:path";
import { onTestFinished } from "vitest";
import { Terminal } from "./terminal.ts";
import type { TerminalOptions } from "./terminal.ts";

const command = path.join(import.meta.dirname, "../../scripts/bulkhead.cjs");

/** `bulkhead tui` for the daemon in this state directory, whether it is there or not; closed after the test. */
export async function openTui(
  daemon: { readonly stateDir: string; readonly directory: string },
  { env = {}, ...options }: TerminalOptions = {},
  ...args: readonly string[]
): Promise<Terminal> {
  const terminal = await Terminal.open(
    [process.execPath, command, "tui", "--state-dir", daemon.stateDir, ...args],
    { ...options, env: { HOME: daemon.directory, ...env } },
  );
  onTestFinished(() => terminal[Symbol.asyncDispose]());
  return terminal;
}
