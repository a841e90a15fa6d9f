/** start, stop, restart, enable, disable: one daemon method each, alike in everything else. */
import { about, examples } from "../context.ts";
import type { Define } from "../context.ts";
import { terminalLine } from "../../text/sanitize.ts";
import { oneStatus } from "../../text/status-words.ts";

const actions = {
  start: { method: "plugin.start", what: "start it, also after it was stopped or given up on" },
  stop: { method: "plugin.stop", what: "let it finish its calls, then stop it; calls do not start it again" },
  restart: { method: "plugin.restart", what: "stop it and start it anew" },
  enable: { method: "plugin.enable", what: "allow it to start again" },
  disable: { method: "plugin.disable", what: "stop it and keep it from starting" },
} as const;

const isAction = (name: string): name is keyof typeof actions => Object.hasOwn(actions, name);

export const define: Define = (command, context) => {
  const name = command.name();
  if (!isAction(name)) throw new Error(`${name} is no action`);
  const { method, what } = actions[name];
  const rolling = [
    `bulkhead ${name} min --rolling`,
    "the old process serves until the new one is ready",
  ] as const;
  examples(command, [
    [`bulkhead ${name} min`, what],
    ...(name === "restart" ? [rolling] : []),
    [`bulkhead ${name} min --json`, "its status afterwards as JSON"],
  ]).argument("<plugin>");
  if (name === "restart") {
    command.option(
      "--rolling",
      "turn no call away; if the new process does not get ready, the old one stays",
    );
  }
  command.action(async (plugin: string, options: { readonly rolling?: boolean }) => {
    const open = context();
    const status = await about(open, plugin, (daemon) => daemon.control(method, { plugin, ...options }));
    if (open.out.json) open.out.value(status);
    else open.out.line(terminalLine(oneStatus(status)));
  });
};
