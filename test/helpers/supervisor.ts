/** Supervisors over the fixture plugin, closed after each test. */
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { BulkheadError } from "../../protocol/error.ts";
import type { SupervisorEvent } from "../../protocol/state.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import type { SupervisorOptions } from "../../src/supervisor/options.ts";

const fixturePlugin = fileURLToPath(new URL("../fixtures/plugin/plugin.mjs", import.meta.url));

type Entry = NonNullable<SupervisorOptions["plugins"]>[string];

/** An entry that runs the fixture plugin with these modes. */
export function fixture(modes: Record<string, string> = {}, more: Partial<Entry> = {}): Entry {
  const args = Object.entries(modes).flatMap(([name, value]) => [`--${name}=${value}`]);
  return { command: process.execPath, args: [fixturePlugin, ...args], ...more };
}

const opened: Supervisor[] = [];

export async function supervise(
  plugins: Record<string, Entry>,
  options: Omit<SupervisorOptions, "plugins"> = {},
): Promise<Supervisor> {
  const supervisor = await Supervisor.open({ plugins, ...options });
  opened.push(supervisor);
  return supervisor;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((supervisor) => supervisor.close()));
});

/** The first event that fits, from now on. */
export function event<T extends SupervisorEvent["type"]>(
  supervisor: Supervisor,
  type: T,
  fits: (event: Extract<SupervisorEvent, { type: T }>) => boolean = () => true,
): Promise<Extract<SupervisorEvent, { type: T }>> {
  return new Promise((resolve) => {
    const unsubscribe = supervisor.subscribe((each) => {
      if (each.type !== type || !fits(each as Extract<SupervisorEvent, { type: T }>)) return;
      unsubscribe();
      resolve(each as Extract<SupervisorEvent, { type: T }>);
    });
  });
}

/** The error of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<BulkheadError> {
  const result = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in result && result.error instanceof BulkheadError) return result.error;
  throw new Error(`expected a BulkheadError, got ${JSON.stringify(result)}`);
}
