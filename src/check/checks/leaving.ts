/** How a process of the plugin ends. */
import { specFrom } from "../../io/config/spec.ts";
import { spawnProcess } from "../../io/process/process.ts";
import type { Bench } from "../bench.ts";
import { succeeded } from "../bench.ts";
import { fail, skip } from "../check.ts";
import type { Check } from "../check.ts";
import type { Conversation } from "../conversation.ts";
import { occupy } from "../occupy.ts";
import { cut, show, showExit } from "../show.ts";

const group = "Leaving";
const severity = "error";
const needs = "activate";
/** Then the supervisor terminates it. */
const graceMs = 3000;
const usage = 64;

const onEnd = "Exit when stdin ends, whatever is in flight: the supervisor is gone.";

export const leaving: readonly Check[] = [
  {
    id: "shutdown",
    title: "answers shutdown with {}",
    group,
    severity,
    needs,
    fix: "Answer shutdown with {} when nothing is in flight any more, at once if nothing is.",
    async run(bench) {
      await shutDown(await bench.ready());
    },
  },
  {
    id: "shutdown-drains",
    title: "answers shutdown after what was in flight",
    group,
    severity,
    needs,
    fix: "Hold back the answer to shutdown until every open call is answered, and go on reading meanwhile: calls may be cancelled.",
    async run(bench) {
      const conversation = await bench.ready();
      const busy = occupy(bench.subject, conversation);
      const shutdown = conversation.call("shutdown", { ms: 5000 });
      let early = false;
      const watched = conversation.becomes(() => {
        early ||= shutdown.answer !== undefined && busy.calls.some(({ answer }) => answer === undefined);
        return shutdown.answer !== undefined;
      }, bench.patienceMs);
      if (bench.subject.canPing) await conversation.request("ping");
      await busy.release();
      await watched;
      succeeded("shutdown", await conversation.answerTo(shutdown));
      if (early) fail("shutdown was answered while calls were open");
    },
  },
  {
    id: "exit",
    title: "leaves with status 0 after shutdown and exit",
    group,
    severity,
    needs,
    fix: "On the notification exit, and when stdin ends, leave with status 0 within 3 s.",
    async run(bench) {
      const conversation = await bench.ready();
      await shutDown(conversation);
      conversation.notify("exit");
      conversation.endInput();
      const exit = await conversation.left(graceMs);
      if (exit.code !== 0) fail(`it left with ${showExit(exit)}`);
    },
  },
  {
    id: "end-at-once",
    title: "leaves when stdin ends before anything was said",
    group,
    severity,
    needs: "initialize",
    fix: onEnd,
    async run(bench) {
      await leavesAtEnd(await bench.start());
    },
  },
  {
    id: "end-described",
    title: "leaves when stdin ends after initialize",
    group,
    severity,
    needs: "initialize",
    fix: onEnd,
    async run(bench) {
      await leavesAtEnd(await bench.described());
    },
  },
  {
    id: "end-ready",
    title: "leaves when stdin ends without shutdown",
    group,
    severity,
    needs,
    fix: onEnd,
    async run(bench) {
      await leavesAtEnd(await bench.ready());
    },
  },
  {
    id: "end-busy",
    title: "leaves when stdin ends while calls are open",
    group,
    severity,
    needs,
    fix: onEnd,
    async run(bench) {
      const conversation = await bench.ready();
      occupy(bench.subject, conversation);
      await leavesAtEnd(conversation);
    },
  },
  {
    id: "end-in-frame",
    title: "leaves when stdin ends in the middle of a frame",
    group,
    severity,
    needs,
    fix: onEnd,
    async run(bench) {
      const conversation = await bench.ready();
      conversation.write('Content-Length: 100\r\n\r\n{"jsonrpc":');
      await leavesAtEnd(conversation);
    },
  },
  {
    id: "stdout-closed",
    title: "leaves when nobody reads its stdout any more",
    group,
    severity: "warning",
    needs,
    fix: "Exit when writing to stdout fails (EPIPE): nobody can be answered any more.",
    async run(bench) {
      const conversation = await bench.ready();
      conversation.process.stdout.destroy();
      for (let n = 0; n < 4; n++) {
        const { name, params } = bench.harmless();
        conversation.call(name, params);
      }
      await conversation.left(bench.patienceMs);
    },
  },
  {
    id: "terminal",
    title: "says what it is when it is started in a terminal",
    group,
    severity: "warning",
    needs: "initialize",
    fix: "When stdin is a terminal, say on stderr that this is a Bulkhead plugin and how to run it, and leave with status 64.",
    async run(bench) {
      const { text, code } = await inTerminal(bench);
      if (code !== usage) fail(`it left with status ${code}, not with 64`);
      if (!/bulkhead/i.test(text))
        fail(`it does not say that it is a Bulkhead plugin: ${show(cut(text.trim()))}`);
    },
  },
];

async function shutDown(conversation: Conversation): Promise<void> {
  succeeded("shutdown", await conversation.request("shutdown", { ms: 5000 }));
}

async function leavesAtEnd(conversation: Conversation): Promise<void> {
  conversation.endInput();
  const exit = await conversation.left(graceMs);
  if (exit.signal !== null) fail(`it crashed (${showExit(exit)})`);
}

/** All that it says, and its exit status. `script` gives it a terminal. */
async function inTerminal(bench: Bench): Promise<{ text: string; code: number | null }> {
  if (process.platform !== "linux") skip("only looked at on Linux");
  const { spec } = bench.subject;
  const { cwd } = spec;
  const line = [spec.command, ...spec.args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const { command, args } = specFrom(
    "script",
    { command: "script", args: ["--quiet", "--return", "--command", `exec ${line}`, "/dev/null"] },
    { dir: "/", env: process.env, platform: process.platform },
  );
  const spawned = await spawnProcess({
    command,
    args,
    cwd,
    env: { ...spec.env, SHELL: "/bin/sh" },
    guard: undefined,
  });
  if (!spawned.ok) return skip("there is no command script, which would give it a terminal");
  const started = spawned.process;
  const { stdout, stderr } = started;
  let text = "";
  for (const stream of [stdout, stderr])
    stream.setEncoding("utf8").on("data", (more: string) => (text += more));
  const read = new Promise<void>((resolve) => stdout.once("close", resolve));
  const late = setTimeout(() => started.kill(), bench.patienceMs);
  const exit = await started.exited;
  clearTimeout(late);
  started.kill();
  await started.gone;
  await read;
  if (exit.signal !== null) fail(`it was still running after ${bench.patienceMs / 1000} s`);
  return { text, code: exit.code };
}
