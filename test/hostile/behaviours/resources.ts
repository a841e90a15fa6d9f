/** Taking more than its share, within limits that the configuration sets. */
import { act, answered, lost, succeeded } from "../behaviour.ts";
import type { Behaviour } from "../behaviour.ts";

export const resources: readonly Behaviour[] = [
  {
    name: "more memory than limits.memory",
    does: act("eat-memory"),
    limits: { memory: "64MiB" },
    sees: lost,
    report: { class: "resource", reason: "exit SIGABRT" },
    state: "failed",
  },
  {
    name: "more processor time than limits.cpu",
    does: act("spin"),
    limits: { cpu: "1s" },
    sees: lost,
    report: { class: "resource", reason: "exit SIGXCPU" },
    state: "failed",
  },
  {
    name: "a larger file than limits.file_size",
    does: act("fill-disk", "{programs}/large"),
    limits: { file_size: "1MiB" },
    sees: lost,
    report: { class: "resource", reason: "exit SIGXFSZ" },
    state: "failed",
  },
  {
    name: "more descriptors than limits.files",
    does: act("eat-descriptors", "answer"),
    limits: { files: 32 },
    sees: succeeded,
    report: null,
    state: "serving",
  },
  {
    name: "64 MiB of disk, without a limit",
    does: act("fill-disk", "{programs}/large-too", "remove", "{programs}/large-too", "answer"),
    sees: succeeded,
    report: null,
    state: "serving",
  },
  {
    name: "a processor, while others are called",
    does: act("answer", "flush", "spin"),
    sees: answered,
    report: null,
    state: "serving",
  },
];
