/** A todo host over a real supervisor, and the sample plugins that were built for it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import { TodoHost } from "../../src/todo/host.ts";
import { walk } from "../../src/todo/list.ts";
import type { TodoList } from "../../src/todo/list.ts";

const release = path.join(import.meta.dirname, "../../sample-plugins/target/release");

export function built(name: string): string {
  return path.join(release, name);
}

/** In CI nothing is skipped. */
export function isMissing(name: string): boolean {
  return !existsSync(built(name)) && process.env["CI"] === undefined;
}

export async function hostOver(supervisor: Supervisor, list?: TodoList) {
  const problems: string[] = [];
  const host = new TodoHost({
    caller: supervisor,
    publish: (event, params) => supervisor.publish(event, params),
    onProblem: (plugin, error) => void problems.push(`${plugin ?? "host"}: ${error.message}`),
    ...(list === undefined ? {} : { list }),
  });
  const unsubscribe = supervisor.subscribe((event) => host.receive(event));
  onTestFinished(async () => {
    unsubscribe();
    await host[Symbol.asyncDispose]();
  });
  await host.open();
  return { host, problems };
}

/** `"open one"`, and two spaces for each level. */
export function shown(list: TodoList): string[] {
  return Array.from(walk(list), ({ depth, state, title }) => `${"  ".repeat(depth)}${state} ${title}`);
}

/** Resolves when the list looks like this. */
export function until(host: TodoHost, expected: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (JSON.stringify(shown(host.list)) === JSON.stringify(expected)) resolve();
    };
    host.subscribe(look);
    look();
  });
}

export function folder(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-todo-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The first line of a log from now on that has this in it. */
export function logged(supervisor: Supervisor, part: string): Promise<string> {
  return new Promise((resolve) => {
    const unsubscribe = supervisor.onLog(({ text }) => {
      if (!text.includes(part)) return;
      unsubscribe();
      resolve(text);
    });
  });
}
