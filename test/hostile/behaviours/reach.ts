/**
 * What a plugin of the same user can reach without a sandbox. Most of it succeeds, and the table says so: what must hold
 * is that nobody who is called meanwhile notices.
 */
import { act, answered, succeeded } from "../behaviour.ts";
import type { Behaviour, Sees } from "../behaviour.ts";
import { frameOf, hello } from "../frame.ts";

const reaches = (name: string, deeds: readonly string[], sees: Sees = succeeded): Behaviour => ({
  name,
  does: act(...deeds, "answer"),
  sees,
  report: null,
  state: "serving",
});

/** In the notation of the plugin's arguments. */
const greeting = frameOf(hello(1)).replaceAll("\r\n", "\\r\\n");

export const reach: readonly Behaviour[] = [
  reaches("writes into its neighbour's directory", ["write", "{state}/data/neighbour/precious", "gone"]),
  reaches("writes over its neighbour's log", ["write", "{state}/logs/neighbour.log", "gone\\n\\x1b[2J\\n"]),
  reaches("removes its neighbour's log", ["remove", "{state}/logs/neighbour.log"]),
  reaches("writes into its neighbour's program", ["write", "{programs}/neighbour", "gone"], answered),
  reaches("connects to the control socket and greets", ["connect", "{socket}", greeting]),
  reaches(
    "connects to the control socket with rubbish",
    ["connect", "{socket}", "rubbish\\r\\n\\r\\n"],
    answered,
  ),
  reaches("writes over the lock file", ["write", "{state}/lock", "{}"]),
  reaches("removes the control socket", ["remove", "{socket}"]),
];
