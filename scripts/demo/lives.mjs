// Stops: what becomes of processes, and of the calls that they had.
import { chapter, dim, fail, print } from "./tour.mjs";

export const newLife = {
  title: "A restart is a new life",
  needs: ["min"],
  run(tour) {
    chapter(this.title, "min counts its calls. The count lives in its process, and ends with it.");
    for (let n = 0; n < 2; n++) tour.bulkhead(["call", "min.counter"]);
    tour.bulkhead(["restart", "min"]);
    const counter = tour.bulkhead(["call", "min.peek"]).trim();
    if (counter !== "0") fail(`the counter is ${counter}`);
  },
};

const reloads = 3;

export const reload = {
  title: "Replace a plugin under load",
  needs: ["wordcount"],
  async run(tour) {
    chapter(
      this.title,
      `A program keeps 32 calls in flight while wordcount is replaced ${reloads} times. The new process takes over when it is ready,
the old one finishes what it has. No call may fail.`,
    );
    const load = tour.begin("load.ts", [], "pipe");
    await Promise.race([load.ended, new Promise((resolve) => load.child.stdout.once("data", resolve))]);
    for (let n = 0; n < reloads; n++) tour.bulkhead(["restart", "wordcount", "--rolling"]);
    load.child.stdin.end();
    const { output, status } = await load.ended;
    print(`\n${output.replace("under load\n", "").trimEnd()}`);
    if (status !== 0) fail("not every call was answered");
  },
};

export const panic = {
  title: "A plugin panics",
  needs: ["chaos"],
  async run(tour) {
    chapter(this.title, "One call to chaos is in flight while another one makes it panic.");
    const lost = tour.callInFlight("chaos", ["chaos.sleep", "ms=60000"]);
    tour.bulkhead(["call", "chaos.panic", "message=the hull is breached"], { expect: 6 });
    await tellEnd(tour, "chaos", lost);
  },
};

/** For a machine without Rust: the same story with a signal. */
export const signal = {
  title: "A plugin is killed",
  needs: ["wordcount"],
  async run(tour) {
    chapter(this.title, "One call is in flight when wordcount gets a SIGSEGV.");
    const lost = tour.callInFlight("wordcount", ["wordcount.sleep", "ms=60000"]);
    tour.kill("wordcount", "SIGSEGV");
    await tellEnd(tour, "wordcount", lost);
  },
};

/** What the call that was in flight gets, that the plugin comes back, and the report. */
async function tellEnd(tour, id, lost) {
  const { output, status } = await lost.ended;
  print(dim("\nThe call that was in flight has ended too, and says what is known about it:"));
  process.stdout.write(output);
  print(dim(`(exit status ${status})`));
  if (status !== 6) fail(`the lost call ended with ${status}`);
  tour.ready(id);
  tour.bulkhead(["ps"]);
  chapter("Read what happened", "The report was on disk before any caller heard of the crash.");
  tour.bulkhead(["crashes"]);
  tour.bulkhead(["crashes", tour.plugin(id).lastCrash.id]);
}

export const outdated = {
  title: "A wrong version is refused at the handshake",
  needs: ["min"],
  run(tour) {
    chapter(this.title, "Both versions are named, and nobody tries again in a loop.");
    tour.bulkhead(["start", "outdated"], { expect: 7 });
    const { state, restarts, retryAt } = tour.plugin("outdated");
    print(
      `\noutdated is ${state}, with ${restarts} restarts and ${retryAt === null ? "none" : "one"} planned`,
    );
  },
};
