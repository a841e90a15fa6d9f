/**
 * Loaded into the daemon with --import. What it holds can not be seen from outside: resident memory is mostly garbage that
 * waits to be collected. So once a second it is collected, and what is left is written down.
 */
import { appendFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";
import type { MemorySample } from "./records.ts";

const everyMs = 1000;
const file = process.env["BULKHEAD_CHAOS_GAUGE"];

// The journal's thread loads it as well.
if (isMainThread && file !== undefined) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setInterval(() => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const sample: MemorySample = { at: Date.now(), pid: process.pid, bytes: heapUsed + arrayBuffers };
    appendFileSync(file, `${JSON.stringify(sample)}\n`);
  }, everyMs).unref();
}
