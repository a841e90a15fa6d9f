/** Coming and going in ways that were not agreed on: exits, closed pipes, signals, descendants, its own file. */
import { constants } from "node:os";
import { act, answered, lost, refused, succeeded, timedOut, violation } from "../behaviour.ts";
import type { Behaviour, Reported, Sees } from "../behaviour.ts";

const signal = (name: NodeJS.Signals): string[] => ["raise", String(constants.signals[name])];
const transient = (reason: string): Reported => ({ class: "transient", reason });
const failing = (
  name: string,
  does: string[],
  sees: Sees,
  report: Reported,
  more: Partial<Behaviour> = {},
): Behaviour => ({
  name,
  does,
  sees,
  report,
  state: "failed",
  ...more,
});
const quick = { timeouts: { handshake: "300ms" } };

/** It has been asked to leave; what it does about it is no crash. */
const leaving = (name: string, does: string[], sees: Sees = answered): Behaviour => ({
  name,
  does,
  sees,
  report: null,
  state: "serving",
});

export const lifecycle: readonly Behaviour[] = [
  failing(
    "leaves with status 0 before it is asked anything",
    ["start", "exit", "0"],
    refused,
    transient("start_failure exited_in_handshake"),
  ),
  failing(
    "leaves with status 0 instead of describing itself",
    ["initialize", "exit", "0"],
    refused,
    transient("start_failure exited_in_handshake"),
  ),
  failing(
    "crashes instead of describing itself",
    ["initialize", ...signal("SIGSEGV")],
    refused,
    transient("start_failure exited_in_handshake"),
  ),
  failing(
    "describes itself and leaves",
    ["activate", "exit", "3"],
    refused,
    transient("start_failure exited_in_handshake"),
  ),
  failing(
    "never describes itself",
    ["initialize", "deaf"],
    refused,
    transient("start_failure handshake_timeout"),
    quick,
  ),
  failing(
    "never gets ready",
    ["activate", "deaf"],
    refused,
    transient("start_failure handshake_timeout"),
    quick,
  ),
  failing(
    "closes its stdout in the handshake",
    ["initialize", "close", "1"],
    refused,
    violation("stdout_closed"),
  ),
  failing(
    "stops itself in the handshake",
    ["initialize", ...signal("SIGSTOP")],
    refused,
    transient("start_failure handshake_timeout"),
    quick,
  ),
  failing(
    "forks in the handshake and leaves the child with the pipes",
    ["initialize", "leave-child", "exit", "0"],
    refused,
    transient("start_failure exited_in_handshake"),
  ),

  {
    name: "leaves with status 0 in the middle of a call",
    does: act("exit", "0"),
    sees: lost,
    report: transient("exit 0"),
    state: "idle",
  },
  {
    name: "answers and leaves with status 0",
    does: act("answer", "exit", "0"),
    sees: answered,
    report: transient("exit 0"),
    state: "idle",
  },
  failing(
    "answers and crashes at once",
    act("answer", ...signal("SIGSEGV")),
    answered,
    transient("exit SIGSEGV"),
  ),
  failing("leaves with status 3", act("exit", "3"), lost, transient("exit 3")),
  failing("crashes", act(...signal("SIGSEGV")), lost, transient("exit SIGSEGV")),
  failing("kills itself, as the out-of-memory killer would", act(...signal("SIGKILL")), lost, {
    class: "resource",
    reason: "exit SIGKILL",
  }),
  failing(
    "forges the last words of another",
    act("cry", "thread 'main' panicked at /etc/passwd:1:1:\\n\\x1b[31mowned\\n", ...signal("SIGABRT")),
    lost,
    transient("exit SIGABRT"),
  ),
  failing("closes its stdout and lives on", act("close", "1"), lost, violation("stdout_closed")),
  {
    ...failing(
      "closes its stdin and lives on",
      act("close", "0", "answer", "flush", "deaf"),
      answered,
      violation("stdin_closed"),
    ),
    asked: { kind: "again" },
  },
  {
    name: "closes its stderr",
    does: act("close", "2", "answer"),
    sees: answered,
    report: null,
    state: "serving",
  },
  failing(
    "closes all of its pipes and lives on",
    act("close", "2", "close", "0", "close", "1", "deaf"),
    lost,
    violation("stdout_closed"),
  ),
  {
    name: "stops itself",
    does: act(...signal("SIGSTOP")),
    timeouts: { call: "100ms" },
    sees: timedOut,
    report: null,
    state: "serving",
  },

  leaving("ignores SIGTERM and the end of its stdin", act("ignore-term", "answer", "flush", "deaf")),
  leaving("does not answer shutdown", ["shutdown", "deaf"]),
  leaving("stops itself when it is to leave", ["shutdown", ...signal("SIGSTOP")]),
  leaving("crashes when it is to leave", ["shutdown", "answer", "flush", ...signal("SIGSEGV")]),
  leaving("floods when it is to leave", [
    "shutdown",
    "repeat",
    "0",
    "frame",
    '{"jsonrpc":"2.0","method":"news"}',
  ]),
  leaving("breaks the wire's rules when it is to leave", [
    "shutdown",
    "say",
    "Content-Length: -1\\r\\n\\r\\n",
  ]),

  leaving("leaves a child in its group, holding the pipes", act("leave-child", "answer")),
  leaving("leaves a process in a session of its own, deaf to SIGTERM", act("escape", "answer")),
  leaving("leaves a hundred processes in sessions of their own", act("repeat", "100", "escape", "answer")),
  leaving("leaves two hundred children", act("repeat", "200", "leave-child", "answer")),
  leaving("leaves a process that is never the same for long", act("hydra", "answer")),
  {
    name: "leaves a child that holds the pipes, and leaves itself",
    does: act("leave-child", "exit", "0"),
    sees: lost,
    report: transient("exit 0"),
    state: "idle",
  },
  failing(
    "leaves a process in a session of its own, and crashes",
    act("escape", ...signal("SIGSEGV")),
    lost,
    transient("exit SIGSEGV"),
  ),
  failing(
    "leaves a process that is never the same for long, and crashes",
    act("hydra", ...signal("SIGSEGV")),
    lost,
    transient("exit SIGSEGV"),
  ),

  failing("kills its guard", act("kill-guard", "deaf"), lost, transient("exit SIGKILL (guard lost)")),
  {
    name: "stops its guard",
    does: act("stop-guard", "answer"),
    sees: answered,
    report: null,
    state: "serving",
  },
  failing(
    "stops its guard and crashes",
    act("stop-guard", ...signal("SIGSEGV")),
    lost,
    // Nobody is there to tell of the exit.
    violation("stdout_closed"),
  ),

  {
    name: "replaces its own file and goes on",
    does: act("replace-itself", "no program", "answer"),
    sees: succeeded,
    report: null,
    state: "serving",
  },
  failing(
    "replaces its own file by what is no program, and crashes",
    act("replace-itself", "no program", ...signal("SIGSEGV")),
    lost,
    transient("exit SIGSEGV"),
    { afterwards: { class: "permanent", reason: "start_failure not_executable" } },
  ),
  failing(
    "replaces its own file, which is pinned, and crashes",
    act("replace-itself", "#!/bin/sh\\nexec sleep 1000\\n", ...signal("SIGSEGV")),
    lost,
    transient("exit SIGSEGV"),
    {
      entry: ['sha256 = "{sha256}"'],
      afterwards: { class: "permanent", reason: "start_failure checksum_mismatch" },
    },
  ),
  {
    name: "writes into the file that it runs from",
    does: act("write", "{programs}/{id}", "no program", "answer"),
    sees: answered,
    report: null,
    state: "serving",
  },
  failing(
    "removes its own file, and crashes",
    act("remove", "{programs}/{id}", ...signal("SIGSEGV")),
    lost,
    transient("exit SIGSEGV"),
  ),
];
