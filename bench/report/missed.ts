/** What is missed: where the time goes, as profiles have shown it, and what could be tried next. */
import type { Goal } from "../results.ts";

/** For the goals whose names begin like this; the first that does. */
const reasons: readonly (readonly [goal: string, why: string])[] = [
  [
    "library / raw ping-pong",
    "Beside what the floor costs too, a call is 4 to 5 µs of JavaScript on caches that the switch to the plugin has just emptied: JSON both ways, one frame, one scan, two promises. No function has more than a tenth of it. Handing the kernel a string in place of a buffer was tried and saved nothing. Next: two views of a buffer less for each message.",
  ],
  [
    "library / vscode-jsonrpc",
    "The same 4 to 5 µs, beside a peer that pays them as well. With calls in flight what counts is the work for each of them: a promise, a frame, a scan.",
  ],
  [
    "library / go-plugin gRPC",
    "What is left of a call with others in flight is JSON, the strict scan and the promise of its caller.",
  ],
  [
    "library / fork",
    "fork serializes natively, without a scan, deadlines, a bound, a recorder or statistics; what it gains there it loses in one write for each message.",
  ],
  [
    "daemon / raw two-hop",
    "The daemon scans both messages and keeps a deadline, a slot and a record for each call, on emptied caches: some 9 µs of the way. Next: fewer closures for a relayed call.",
  ],
  [
    "daemon / vscode-jsonrpc twice",
    "In the middle a relayed call takes about 2 µs of CPU: a sixth of it is the write, a tenth Node's way in from libuv, a fifth the strict scan of two messages, the rest is flat: frames, buffer views, 4 % garbage collection, 3 % the clock, everything else below 1.5 %. Names and targets that are remembered were tried and saved nothing that could be measured. Next: to read and write without Node's streams.",
  ],
  [
    "daemon / fast peers",
    "The peers are Bulkhead's own, without what makes it a product: deadlines, slots, statistics, the recorder. The profile of the daemon is the one above.",
  ],
  [
    "daemon / library, 1 MiB",
    "Twice the hops is twice the copies, in pieces of what a socket holds; the strict scan of both messages is a small part since it reads four bytes at a time.",
  ],
  [
    "library, 4096 / 256",
    "With 4,096 calls open more of what they hold outlives a young collection, on the one core that the collector then shares with them.",
  ],
  [
    "daemon / library",
    "A call through the daemon is two hops: twice the reads, the writes and the copies, and a client that does as much as the library does.",
  ],
  [
    "library with bulk data",
    "What is left is memory: V8 looks through its heap for each 64 MB that is allocated outside of it, and the floor keeps nothing of what it reads. Next: a pool for large bodies.",
  ],
  [
    "spawn to ready",
    "The guard is a process more (its start, and that of the plugin by it), the executable is looked at before, and the handshake is two round trips; execa has 0.2 ms of it. Next: a guard that is started before it is needed.",
  ],
];

/** Of those that were measured and not met. */
export function missed(goals: readonly Goal[]): string[] {
  const open = goals.filter(({ met }) => met === false);
  return reasons.flatMap(([name, why]) => {
    const own = open.filter((goal) => reasons.find(([each]) => goal.name.startsWith(each))?.[0] === name);
    return own.length === 0 ? [] : [`- ${own.map((goal) => goal.name).join("; ")}: ${why}`];
  });
}
