/** What is missed: where the time goes, as profiles have shown it, and what could be tried next. */
import type { Goal } from "../results.ts";

/** For the goals whose names begin like this; the first that does. */
const reasons: readonly (readonly [goal: string, why: string])[] = [
  [
    "library / raw ping-pong",
    "In a profile 85 % of a call is the write, in which the one core goes over to the plugin, as it does in the floor. The rest is JavaScript on caches that this has just emptied, and none of its functions has more than 2 %. Beside raw bytes alone, in place of all contestants in turns, the ratio was 1.36. Handing the kernel a string in place of a buffer was tried and saved nothing. Next: two views of a buffer less for each message.",
  ],
  [
    "library / vscode-jsonrpc",
    "One after another the write is most of the call here too. With 256 in flight a quarter is the write; microtasks, JSON both ways, the clock and the garbage collector have some 5 % each, and nothing else has more than 4 %. Targets that are remembered and options that are not copied brought a tenth. One promise for a call in place of two, and a join in place of a text that grows, were tried and saved nothing. Next: one look at the clock in place of two.",
  ],
  ["library / go-plugin gRPC", "As beside vscode-jsonrpc."],
  [
    "library / fork",
    "fork serializes natively, without a scan, deadlines, a bound, a recorder or statistics; what it gains there it loses in one write for each message.",
  ],
  [
    "daemon / raw two-hop",
    "In a profile 60 % of the daemon's time are its two writes, in which the one core goes over to the plugin and to the client, as it does in the floor. The rest is flat: the collector has 2 %, and no function more than 1 %; it scans both messages and keeps a deadline, a slot and a record for each call, on emptied caches. With the client that comes to some 7 µs. Next: as with 256 in flight.",
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
    "Twice the hops is twice the copies, in pieces of what a socket holds. Of the 0.85 ms of CPU in the middle more than a third is the strict scan of both messages; the rest is reading in pieces of 64 KiB, and copying them. The garbage collector, which looked through the heap for each 64 MB of bodies, had half of it before memory was given back by hand; with nobody else in turns the ratio is 1.33, and was 1.84. Next: read into the body itself, which Node's streams do not offer.",
  ],
  [
    "library, 4096 / 256",
    "The profile is as flat as with 256 in flight, and the garbage collector has no larger part in it (3 %); so it is not known why. A call keeps some 2 KB until it is answered, 8 MB for all, which is more than the caches hold: every allocation that was taken away moved this figure more than the one for 256. With nobody else in turns it is 0.76. Next: fewer closures for a call, two of which only count and look up.",
  ],
  [
    "daemon / library",
    "A call through the daemon is two hops: twice the reads, the writes and the copies, and a client that does as much as the library does.",
  ],
  [
    "client of the daemon",
    "The client does what the library does, with the recorder and the statistics left to the daemon. One after another it is a difference of two differences, which was 0.8 to 1.45 from run to run; with 256 in flight it is 0.85 to 1.03.",
  ],
  [
    "daemon with bulk data",
    "The daemon copies 16 MiB there and 16 MiB back into memory that is new each time: 8,170 page faults a call were counted, one for each 4 KiB. Next: pages that stay, or bodies that are passed on while they come in.",
  ],
  [
    "library with bulk data",
    "What is left is memory: V8 looks through its heap for each 64 MB that is allocated outside of it, the result is the program's to keep, and the floor keeps nothing of what it reads.",
  ],
  [
    "spawn to ready",
    "The guard is a process more (its start, and that of the plugin by it), the executable is looked at before, and the handshake is two round trips; execa has 0.2 ms of it. From day to day the ratio was 2.5 to 3.1 with the same code. Next: a guard that is started before it is needed.",
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
